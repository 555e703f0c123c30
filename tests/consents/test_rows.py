"""Consents between their rows and their values: nothing of them is lost on the way, on either store."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from consent.details import AccountId, AccountInformation, Detail, PaymentInitiation
from consent.details_form import to_json
from consent.model import PAYMENT_LIFE, READ_PERMISSIONS, Consent, Permission, Status
from hub.consents import rows
from hub.context import Hub
from hub.ids import new_id, new_secret
from hub.models.consent import ConsentRow
from tests.consent.people import PAYMENT
from tests.consents.test_service import a_client, an_account
from tests.people import alice

WISH = AccountInformation(
    permissions=frozenset({Permission.BALANCES_READ}), accounts=(AccountId("acc"),), purpose="See the month"
)


def stored(hub: Hub, details: Iterable[Detail], requested: Iterable[Permission]) -> tuple[str, str]:
    """A consent that waits for its answer, and an account of the person's."""
    consent_id, psu_id, now = new_id(), alice(hub), hub.clock()
    client_id, account_id = a_client(hub), an_account(hub, psu_id)
    with hub.db.write() as session:
        session.add(
            ConsentRow(
                grant_id=new_secret(),
                id=consent_id,
                psu_id=psu_id,
                client_id=client_id,
                status=Status.RECEIVED.value,
                requested=sorted(requested),
                personal=[],
                valid_until=now + PAYMENT_LIFE,
                created_at=now,
                status_changed_at=now,
                receipt_head="0" * 64,
                details=[to_json(detail) for detail in details],
            )
        )
    return consent_id, account_id


def moved(hub: Hub, consent_id: str, **changed: Any) -> Consent:
    """Write the change, read it back by itself, and hold the two together."""
    with hub.db.write() as session:
        row = session.get_one(ConsentRow, consent_id)
        written = replace(rows.to_model(row), **changed)
        rows.write_back(row, written)
    with hub.db.read() as session:
        back = rows.to_model(session.get_one(ConsentRow, consent_id))
    assert back == written
    return back


def test_a_payment_is_kept_to_the_last_zero_of_its_amount(hub: Hub) -> None:
    consent_id, account_id = stored(hub, [PAYMENT], {Permission.PAYMENTS_WRITE})
    back = moved(hub, consent_id, status=Status.VALID, accounts={account_id: frozenset({Permission.PAYMENTS_WRITE})})
    assert isinstance(back.payment, PaymentInitiation)
    assert str(back.payment.amount) == "12.50"
    assert moved(hub, consent_id, status=Status.CONSUMED).status is Status.CONSUMED


@pytest.mark.parametrize("details", [(), (WISH,), (WISH, replace(WISH, purpose=None))])
def test_wishes_are_kept_in_their_order(hub: Hub, details: tuple[Detail, ...]) -> None:
    consent_id, account_id = stored(hub, details, READ_PERMISSIONS)
    back = moved(hub, consent_id, status=Status.VALID, accounts={account_id: READ_PERMISSIONS})
    assert back.details == details


def test_what_a_merger_adds_and_whose_place_it_took_are_kept(hub: Hub) -> None:
    consent_id, account_id = stored(hub, [], {Permission.BALANCES_READ})
    newer = moved(
        hub,
        consent_id,
        status=Status.VALID,
        accounts={account_id: READ_PERMISSIONS},
        requested=READ_PERMISSIONS,
        purpose="See the month",
        details=(WISH,),
        replaces=new_id(),
    )
    assert (newer.requested, newer.purpose) == (READ_PERMISSIONS, "See the month")
    assert moved(hub, consent_id, status=Status.REPLACED, replaced_by=new_id()).replaced_by
