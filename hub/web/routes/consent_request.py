"""The consent screen. An app asks; the person ticks, allows or denies; the browser goes back to the app."""

from urllib.parse import quote

from flask import Blueprint, Response, request

from consent.decide import for_owner
from hub import rim
from hub.access import signed_in
from hub.connections import service
from hub.consents import service as consents
from hub.context import Hub, hub_of_request
from hub.errors import BadInput
from hub.gate import person
from hub.identity.sessions import Person
from hub.oauth import interaction
from hub.oauth.interaction import Ask, NeedsLogin, Redirect
from hub.web.present import asking, banks, ledger
from hub.web.present.asking import Group, Offer, Picks, Unclear
from hub.web.present.targets import csp_source
from hub.web.routes import fields, respond

blueprint = Blueprint("consent_request", __name__)


@blueprint.get("/consent/<handle>")
@signed_in
def ask(handle: str) -> Response:
    hub, who = hub_of_request(), person()
    opened = interaction.open_request(hub, handle, who)
    if not isinstance(opened, Ask):
        return _elsewhere(handle, opened)
    offer, groups = _offer(hub, who, opened)
    return _page(handle, offer, groups, Picks())


@blueprint.post("/consent/<handle>")
@signed_in
def answer(handle: str) -> Response:
    hub, who = hub_of_request(), person()
    decision = fields.single(request.form, "decision")
    if decision == "deny":  # before anything else: no earlier yes, given in another window, may turn this into one
        return _deny(hub, handle, who)
    opened = interaction.open_request(hub, handle, who, answer_standing=False)
    if not isinstance(opened, Ask):
        return _elsewhere(handle, opened)
    offer, groups = _offer(hub, who, opened)
    picks = Picks()
    try:
        picks = asking.read(request.form)
        if decision != "approve":
            raise Unclear("Choose Allow or Deny.")
        chosen = asking.choice(offer, picks, hub.clock())
        delivery = interaction.approve(hub, handle, who, chosen, origin=respond.origin())
    except (Unclear, BadInput) as error:
        return _page(handle, offer, groups, picks, str(error))
    return respond.deliver(delivery)


def _deny(hub: Hub, handle: str, who: Person) -> Response:
    return respond.deliver(interaction.deny(hub, handle, who, origin=respond.origin()))


def _elsewhere(handle: str, opened: Redirect | NeedsLogin) -> Response:
    if isinstance(opened, Redirect):
        return respond.deliver(opened.delivery)
    stronger = "" if opened.acr is None else f"&acr={quote(opened.acr, safe='')}"
    return respond.see_other(f"/login?next=/consent/{handle}&fresh=1{stronger}")


def _offer(hub: Hub, who: Person, asked: Ask) -> tuple[Offer, list[Group]]:
    """What can be answered, with the person's accounts of linked banks, grouped by bank."""
    with hub.db.read() as session:
        linked = [one for one in service.list_for(session, who.psu_id) if one.revoked_at is None]
        mine = [one for one in ledger.owned(session, who.psu_id) if not one.is_gone]
        allowed = for_owner(
            who.psu_id, [one.account_id for one in mine if one.connection_id in {bank.id for bank in linked}]
        )
        rows = ledger.account_rows(hub, session, allowed)
    groups: list[Group] = [
        (
            banks.bank_of(hub, connection.institution_id),
            [rows[one.account_id] for one in mine if one.connection_id == connection.id],
        )
        for connection in linked
    ]
    return Offer(asked, frozenset(rows)), groups


def _page(handle: str, offer: Offer, groups: list[Group], picks: Picks, error: str = "") -> Response:
    if (source := csp_source(offer.ask.redirect_uri or "")) is not None:
        rim.allow_form_to(source)
    shown = consents.screen(
        offer.ask.client.name,
        offer.ask.permissions,
        purpose=offer.ask.wish.purpose,
        history_from=offer.ask.history_from,
        valid_until=offer.ask.wish.valid_until,
        details=offer.ask.wish.details,
        older=offer.ask.older,
    )
    page = asking.page(handle, offer, shown, groups, picks, error=error)
    return respond.page("consent_request.html", page, status=respond.INVALID if error else 200)
