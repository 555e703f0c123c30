"""Choosing a bank, going there, and coming back; and how the banks are doing."""

from collections.abc import Sequence

from babel import Locale
from flask import Blueprint, Response, request

from hub import rim
from hub.access import public, signed_in
from hub.connections import health, link, steps
from hub.connections.attempts import STALE, Linked, LinkFailed
from hub.connections.circuit import Family
from hub.connections.state import FailureKind
from hub.context import Hub, hub_of_request
from hub.errors import BadInput
from hub.gate import person, someone
from hub.observability import levels
from hub.sync.first import start_first_sync
from hub.web.flash import Said
from hub.web.format import LOCALE
from hub.web.present import banks, service
from hub.web.present.targets import bank_sources
from hub.web.routes import fields, respond
from hub.web.viewmodels import (
    BankHealth,
    Choice,
    ConnectConfirmPage,
    ConnectPage,
    ErrorPage,
    StatusPage,
)
from providers.registry import Institution

blueprint = Blueprint("banks", __name__)
NO_LEVELS = levels.Levels(levels.Level(), levels.Level(), levels.Level())
MOST_SHOWN = 60
BY_TOKEN = frozenset({"simplefin"})
"""Standards of services that people choose themselves: no login of theirs, and no end by itself."""
_TERRITORIES = Locale.parse(LOCALE).territories


@blueprint.get("/connect")
@signed_in
def connect() -> Response:
    hub = hub_of_request()
    words, country = request.args.get("q", "").strip(), request.args.get("country", "")
    known = hub.enabled_institutions
    found = [one for one in known if _matches(one, words, country)]
    page = ConnectPage(
        banks=tuple(banks.bank_of(hub, one.id) for one in found[:MOST_SHOWN]),
        q=words,
        countries=_countries(known, country),
        next=fields.next_of_query(),
        is_truncated=len(found) > MOST_SHOWN,
    )
    return respond.page("connect.html", page)


@blueprint.get("/connect/<institution_id>")
@signed_in
def confirm(institution_id: str) -> Response:
    return _confirm_page(hub_of_request(), institution_id, fields.next_of_query())


@blueprint.post("/connect/<institution_id>")
@signed_in
def go_to_bank(institution_id: str) -> Response:
    return send_to_bank(institution_id, return_to=fields.next_of_form())


@blueprint.get(link.CALLBACK_PATH)
@public
def callback() -> Response:
    """The bank sends the browser back here. Whatever it says is checked by the link that began in this session; a
    browser where nobody is signed in is answered too, since its state must be burnt (see hub.connections.link).

    An answer behind the # reaches no server: without any parameter the page sends on what it finds there.
    """
    if not request.query_string:
        return respond.page("bank_return.html")
    hub, who = hub_of_request(), someone()
    params = {name: values[0] for name, values in request.args.lists() if len(values) == 1}
    with hub.bank_slots.taken():
        outcome = link.callback(
            hub,
            params=params,
            session_hash=None if who is None else who.session_hash,
            psu_id=None if who is None else who.psu_id,
            psu=respond.psu(),
            now=hub.clock(),
        )
    return _gone_on(hub, outcome)


@blueprint.get(f"{link.STEP_PATH}/<state>")
@signed_in
def step(state: str) -> Response:
    """What a bank asks on a page of ours."""
    hub, who = hub_of_request(), person()
    asked = steps.waiting(hub, state, psu_id=who.psu_id, session_hash=who.session_hash, now=hub.clock())
    if asked is None:
        return _not_linked(LinkFailed(None, STALE))
    allow_forms_to_end_at(hub, asked.institution_id)
    return respond.page("connect_step.html", banks.step_page(hub, state, asked))


@blueprint.post(f"{link.STEP_PATH}/<state>")
@signed_in
def answer_step(state: str) -> Response:
    hub, who = hub_of_request(), person()
    number = fields.single(request.form, "number")
    with hub.bank_slots.taken():
        outcome = steps.answer(
            hub,
            state,
            fields.with_prefix(request.form, "answer."),
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0,
            psu_id=who.psu_id,
            session_hash=who.session_hash,
            psu=respond.psu(),
            now=hub.clock(),
        )
    return _gone_on(hub, outcome)


@blueprint.get("/status")
@public
def status() -> Response:
    hub, now = hub_of_request(), hub_of_request().clock()
    with hub.db.read() as session:
        states, served = health.health(session, now=now), levels.of_all(session, now)
    unwell = hub.circuits.not_closed(Family.READ) | hub.circuits.not_closed(Family.LINK)
    rows = []
    for one in hub.enabled_institutions:
        seen, bank = states.get(one.id), banks.bank_of(hub, one.id)
        measured = served.get(one.id, NO_LEVELS)
        asked = 0 if seen is None else seen.ready + seen.failing
        rows.append(
            BankHealth(
                bank=bank,
                state="unknown" if seen is None else seen.state,
                success_share=seen.ready / asked if seen is not None and asked else None,
                last_success_at=None if seen is None else seen.last_success_at,
                note="Does not answer just now: we leave it alone and try again soon." if one.id in unwell else "",
                hour=service.level(measured.hour),
                day=service.level(measured.day),
                month=service.level(measured.month),
                days=service.days(served.get(one.id), now),
            )
        )
    return respond.page("status.html", StatusPage(tuple(rows)))


def send_to_bank(institution_id: str, *, return_to: str, renew: str | None = None) -> Response:
    """303 to the bank, or the page that says why not. Raises what ``link.start`` raises."""
    hub, who = hub_of_request(), person()
    with hub.bank_slots.taken():
        answer = link.start(
            hub,
            psu_id=who.psu_id,
            session_hash=who.session_hash,
            institution_id=institution_id,
            return_to=return_to or None,
            psu=respond.psu(),
            now=hub.clock(),
            renew=renew,
        )
    if isinstance(answer, str):
        return respond.see_other(answer)
    if renew is not None:
        return _not_linked(answer)
    return _confirm_page(hub, institution_id, return_to, answer.why)


def _gone_on(hub: Hub, outcome: str | Linked | LinkFailed) -> Response:
    """To the next step, if there is one."""
    if isinstance(outcome, str):
        return respond.see_other(outcome)
    if isinstance(outcome, LinkFailed):
        return _not_linked(outcome)
    start_first_sync(hub, outcome.connection_id, psu=respond.psu())
    return respond.see_other(outcome.return_to or f"/connections/{outcome.connection_id}", say=Said.BANK_LINKED)


def allow_forms_to_end_at(hub: Hub, institution_id: str) -> None:
    """The page has a form whose answer sends the browser to this bank."""
    if (known := hub.institutions.get(institution_id)) is not None:
        for source in bank_sources(known.api):
            rim.allow_form_to(source)


def _confirm_page(hub: Hub, institution_id: str, next_path: str, error: str = "") -> Response:
    """Raises NotFound for a bank that cannot be linked here."""
    institution = hub.linkable(institution_id)
    allow_forms_to_end_at(hub, institution_id)
    page = ConnectConfirmPage(
        bank=banks.bank_of(hub, institution_id),
        next=next_path,
        access_days=None if institution.standard in BY_TOKEN else hub.settings.bank_consent_days,
        by_token=institution.standard in BY_TOKEN,
        note=institution.description,
        error=error,
    )
    return respond.page("connect_confirm.html", page, status=respond.INVALID if error else 200)


def _not_linked(failed: LinkFailed) -> Response:
    """Back without access. What the person chose themselves is no error; what was not theirs is."""
    is_theirs = failed.connection_id is not None
    advice, label, path = "Your other banks are as they were.", "Choose a bank", "/connect"
    if failed.return_to:
        label, path = "Go on without it", failed.return_to
    elif is_theirs:
        label, path = "See this bank", f"/connections/{failed.connection_id}"
    page = ErrorPage(
        status=200 if failed.kind is FailureKind.ACCESS_DENIED else BadInput.kind.status,
        title="The bank is not linked" if failed.kind is not FailureKind.ACCESS_DENIED else "You said no at the bank",
        happened=failed.why,
        advice=advice,
        action_label=label,
        action_path=path,
    )
    return respond.page("error.html", page, status=page.status)


def _matches(institution: Institution, words: str, country: str) -> bool:
    if country and institution.country != country:
        return False
    name = f"{institution.name} {institution.id}".casefold()
    return all(word in name for word in words.casefold().split())


def _countries(known: Sequence[Institution], chosen: str) -> tuple[Choice, ...]:
    codes = {one.country for one in known}
    named = sorted((_TERRITORIES.get(code, code), code) for code in codes)
    return tuple(Choice(code, name, checked=code == chosen) for name, code in named)
