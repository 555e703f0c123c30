"""What the person approved is what is paid."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme
from consent.model import Status
from consent.payment import PaymentTerms, approved_terms, digest, matches
from tests.consent.people import JOINT, PAYMENT, SAVINGS, consent, payment_consent

TERMS = PaymentTerms(
    amount=Decimal("12.50"),
    currency="EUR",
    creditor_name="Bob",
    creditor_scheme="IBAN",
    creditor_account="DE89370400440532013000",
    debtor_account_id=JOINT,
    remittance="Dinner",
    requested_date=date(2026, 3, 1),
)

# sha256 of the canonical text, written out by hand and hashed apart from this package
PINNED = "a8c0710dd71f06bf2aea6a8627e40e79d342211e6702eac5de4dffba3590b797"

OTHERWISE: dict[str, list[Any]] = {
    "amount": [Decimal("12.51"), Decimal("125.0"), Decimal("1.25")],
    "currency": ["GBP"],
    "creditor_name": ["Charlie", "bob", "Bob "],
    "creditor_scheme": ["OTHER"],
    "creditor_account": ["DE89370400440532013001", "DE89 3704 0044 0532 0130 00"],
    "debtor_account_id": [SAVINGS],
    "remittance": ["", "Dinner!"],
    "requested_date": [None, date(2026, 3, 2)],
}


def test_the_digest_of_these_terms_never_changes() -> None:
    # Pinned: digests are stored, so a new form needs a new kind, not a new meaning of the old one.
    assert digest(TERMS) == PINNED


def test_every_term_is_bound() -> None:
    assert set(OTHERWISE) == {part.name for part in fields(PaymentTerms)}
    bound = digest(TERMS)
    assert matches(TERMS, bound)
    for name, values in OTHERWISE.items():
        for value in values:
            assert not matches(replace(TERMS, **{name: value}), bound), name


@pytest.mark.parametrize("written", ["12.5", "12.500", "1.25E+1", "0012.50"])
def test_one_amount_is_one_digest_however_it_is_written(written: str) -> None:
    assert digest(replace(TERMS, amount=Decimal(written))) == digest(TERMS)


def test_text_moved_from_one_term_to_another_is_another_payment() -> None:
    one = replace(TERMS, creditor_name="Bob", creditor_scheme="IBANX")
    other = replace(TERMS, creditor_name="BobIBAN", creditor_scheme="X")
    assert digest(one) != digest(other)


@pytest.mark.parametrize("bad", ["", "0" * 64, "é", "\ud800", digest(TERMS).upper(), digest(TERMS) + "0"])
def test_anything_but_the_digest_does_not_match(bad: str) -> None:
    assert not matches(TERMS, bad)


WRONG: list[dict[str, Any]] = [
    {"amount": Decimal(0)},
    {"amount": Decimal("-1")},
    {"amount": Decimal("NaN")},
    {"amount": Decimal("sNaN")},
    {"amount": Decimal("Infinity")},
    {"amount": Decimal("1E+18")},
    {"amount": Decimal("1E+999999")},
    {"amount": Decimal("1E-999999")},
    {"amount": Decimal("0.000001")},
    {"amount": Decimal("1.000001")},
    {"amount": Decimal("12345678901234.56789")},
    {"amount": 12.5},
    {"amount": 12},
    {"currency": "eur"},
    {"currency": "EURO"},
    {"currency": "EU1"},
    {"currency": "ÉUR"},
    {"currency": "EUR\n"},
    {"creditor_name": ""},
    {"creditor_scheme": ""},
    {"creditor_account": ""},
    {"debtor_account_id": ""},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_terms_that_are_no_payment_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(TERMS, **wrong)


@pytest.mark.parametrize("edge", ["0.00001", "999999999999999999", "1234567890123.45678", "1E+17", "1.0000000"])
def test_amounts_up_to_the_edge_of_iso_20022_can_be_made(edge: str) -> None:
    assert replace(TERMS, amount=Decimal(edge)).amount == Decimal(edge)


amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999999"), places=2)


@given(amounts, amounts)
def test_two_amounts_share_a_digest_only_if_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert matches(replace(TERMS, amount=one), digest(replace(TERMS, amount=other))) == (one == other)


# ---- the terms of a consent


def test_the_terms_are_those_of_the_request_with_the_account_the_person_chose() -> None:
    asked = replace(
        PAYMENT,
        creditor_account=AccountNumber(Scheme.UK_SORT_CODE_ACCOUNT, "20000012345678"),
        requested_date=date(2026, 3, 1),
    )
    assert approved_terms(payment_consent(details=(asked,))) == PaymentTerms(
        amount=Decimal("12.50"),
        currency="EUR",
        creditor_name="Merchant A",
        creditor_scheme="UK.SCAN",
        creditor_account="20000012345678",
        debtor_account_id=JOINT,
        remittance="Invoice 7",
        requested_date=date(2026, 3, 1),
    )


def test_two_yeses_to_one_request_from_two_accounts_are_two_payments() -> None:
    other = payment_consent(accounts={SAVINGS: {"payments:write"}})
    assert digest(approved_terms(payment_consent())) != digest(approved_terms(other))


@pytest.mark.parametrize("other", [consent(), payment_consent(Status.RECEIVED), payment_consent(Status.REJECTED)])
def test_no_terms_come_of_what_was_no_yes_to_a_payment(other: Any) -> None:
    with pytest.raises(ValueError, match="no payment was approved"):
        approved_terms(other)
