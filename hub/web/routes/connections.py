"""One linked bank: how it goes, give access again, leave it."""

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.decide import for_owner
from consent.model import Status as ConsentStatus
from hub.access import signed_in
from hub.connections import service
from hub.connections.state import Status
from hub.context import Hub, hub_of_request
from hub.gate import person
from hub.imports import FILE
from hub.models.client import Client
from hub.models.consent import ConsentAccount, ConsentRow
from hub.models.ledger import Account
from hub.sync import quota, refresh
from hub.sync.bank import budget_of
from hub.sync.progress import progress
from hub.web.flash import Said
from hub.web.present import banks, ledger
from hub.web.present.apps import app_of
from hub.web.routes import respond
from hub.web.routes.banks import allow_forms_to_end_at, send_to_bank
from hub.web.viewmodels import DisconnectPage

blueprint = Blueprint("connections", __name__, url_prefix="/connections/<connection_id>")


@blueprint.get("")
@signed_in
def show(connection_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        connection = service.get(session, who.psu_id, connection_id)
        here = [one for one in ledger.owned(session, who.psu_id) if one.connection_id == connection_id]
        rows = ledger.account_rows(
            hub, session, for_owner(who.psu_id, [one.account_id for one in here if not one.is_gone])
        )
        how_far = progress(session, connection_id, now=hub.clock())
        asked = _unattended(hub, session, connection)
    if connection.status is not Status.REVOKED:
        allow_forms_to_end_at(hub, connection.institution_id)
    accounts = tuple(rows[one.account_id] for one in here if one.account_id in rows)
    page = banks.connection_page(hub, connection, how_far, accounts, hub.clock(), unattended=asked)
    return respond.page("connection.html", page)


def _unattended(hub: Hub, session: Session, connection: service.Overview) -> tuple[quota.Use, ...]:
    if connection.status is Status.REVOKED or connection.institution_id not in hub.institutions:
        return ()
    return quota.uses(session, budget_of(hub, connection.institution_id), connection.id, now=hub.clock())


@blueprint.post("/refresh")
@signed_in
def refresh_now(connection_id: str) -> Response:
    """Whatever comes of it stands on the page."""
    hub = hub_of_request()
    refresh.refresh(hub, person().psu_id, connection_id, psu=respond.psu(), now=hub.clock())
    return respond.see_other(f"/connections/{connection_id}")


@blueprint.post("/renew")
@signed_in
def renew(connection_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        connection = service.get(session, who.psu_id, connection_id)
    return send_to_bank(connection.institution_id, return_to=f"/connections/{connection_id}", renew=connection_id)


@blueprint.get("/disconnect")
@signed_in
def ask_to_disconnect(connection_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        connection = service.get(session, who.psu_id, connection_id)
        count = sum(one.connection_id == connection_id and not one.is_gone for one in ledger.owned(session, who.psu_id))
        seeing = session.scalars(
            select(Client)
            .where(
                Client.client_id.in_(
                    select(ConsentRow.client_id)
                    .join(ConsentAccount, ConsentAccount.consent_id == ConsentRow.id)
                    .join(Account, Account.id == ConsentAccount.account_id)
                    .where(
                        Account.connection_id == connection_id,
                        ConsentRow.psu_id == who.psu_id,
                        ConsentRow.status == ConsentStatus.VALID.value,
                        ConsentRow.valid_until > hub.clock(),
                    )
                )
            )
            .order_by(Client.name, Client.client_id)
        ).all()
    if connection.status is Status.REVOKED:
        return respond.see_other(f"/connections/{connection_id}")
    page = DisconnectPage(
        connection_id=connection_id,
        bank=banks.bank_of(hub, connection.institution_id),
        account_count=count,
        apps=tuple(app_of(client) for client in seeing),
        is_file=connection.institution_id == FILE,
    )
    return respond.page("disconnect.html", page)


@blueprint.post("/disconnect")
@signed_in
def disconnect(connection_id: str) -> Response:
    hub = hub_of_request()
    with hub.bank_slots.taken():
        service.disconnect(hub, person().psu_id, connection_id, now=hub.clock())
    return respond.see_other("/", say=Said.BANK_DISCONNECTED)
