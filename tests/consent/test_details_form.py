"""authorization_details as JSON: nothing is read that is not in the table, and everything read is written again."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme
from consent.details import (
    AccountId,
    AccountInformation,
    Detail,
    DetailType,
    PaymentInitiation,
    payment_in,
    permissions_asked,
)
from consent.details_form import ACCOUNT_INFORMATION, PAYMENT_INITIATION, parse, read, restore, to_json
from consent.details_members import Bounds, Problem
from consent.permission import READ_PERMISSIONS, Permission
from tests.consent.people import BALANCES, PAYMENT, SHOP

TODAY = date(2026, 2, 23)
API = "https://hub.example/v1"
BOUNDS = Bounds(TODAY, {API})

INFORMATION_JSON: Mapping[str, Any] = {
    "type": "account_information",
    "permissions": ["balances:read", "transactions:read"],
    "accounts": [
        {"iban": "DE89370400440532013000"},
        {"scheme": "UK.SCAN", "identification": "20000012345678"},
        {"id": "acc-joint"},
    ],
    "historyFrom": "2026-01-01",
    "validUntil": "2026-12-31T23:00:00.000000Z",
    "purpose": "See where the money goes",
    "locations": [API],
}
PAYMENT_JSON: Mapping[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Merchant A",
    "creditorAccount": {"iban": "DE02100100109307118603"},
    "debtorAccount": {"id": "acc-joint"},
    "remittanceInformationUnstructured": "Ref Number Merchant",
    "requestedExecutionDate": "2026-03-01",
    "locations": [API],
}


def parsed(*objects: Any) -> tuple[Detail, ...]:
    result = parse(list(objects), BOUNDS)
    assert not isinstance(result, Problem), result.description
    return result


def refusal(value: Any) -> str:
    result = parse(value, BOUNDS)
    assert isinstance(result, Problem), result
    return result.description


def test_account_information_with_everything_in_it() -> None:
    assert parsed(INFORMATION_JSON) == (
        AccountInformation(
            permissions=frozenset({Permission.BALANCES_READ, Permission.TRANSACTIONS_READ}),
            accounts=(
                AccountNumber(Scheme.IBAN, "DE89370400440532013000"),
                AccountNumber(Scheme.UK_SORT_CODE_ACCOUNT, "20000012345678"),
                AccountId("acc-joint"),
            ),
            history_from=date(2026, 1, 1),
            valid_until=datetime(2026, 12, 31, 23, tzinfo=UTC),
            purpose="See where the money goes",
            locations=(API,),
        ),
    )


def test_payment_initiation_with_everything_in_it() -> None:
    assert parsed(PAYMENT_JSON) == (
        PaymentInitiation(
            amount=Decimal("123.50"),
            currency="EUR",
            creditor_name="Merchant A",
            creditor_account=SHOP,
            debtor_account=AccountId("acc-joint"),
            remittance="Ref Number Merchant",
            requested_date=date(2026, 3, 1),
            locations=(API,),
        ),
    )


def test_only_what_makes_the_type_is_required() -> None:
    least = {"type": "payment_initiation", **{name: PAYMENT_JSON[name] for name in REQUIRED["payment_initiation"]}}
    assert parsed({"type": "account_information", "permissions": ["balances:read"]}, least) == (
        BALANCES,
        PaymentInitiation(amount=Decimal("123.5"), currency="EUR", creditor_name="Merchant A", creditor_account=SHOP),
    )


REQUIRED = {
    "account_information": {"permissions"},
    "payment_initiation": {"instructedAmount", "creditorName", "creditorAccount"},
}


@pytest.mark.parametrize("whole", [INFORMATION_JSON, PAYMENT_JSON])
def test_each_member_may_be_left_out_unless_the_type_is_nothing_without_it(whole: Mapping[str, Any]) -> None:
    for name in whole:
        rest = {key: value for key, value in whole.items() if key != name}
        if name == "type" or name in REQUIRED[whole["type"]]:
            assert refusal([rest]).startswith(f"authorization_details[0].{name} ")
        else:
            parsed(rest)


@pytest.mark.parametrize(
    ("whole", "table"), [(INFORMATION_JSON, ACCOUNT_INFORMATION), (PAYMENT_JSON, PAYMENT_INITIATION)]
)
def test_the_examples_of_this_file_hold_every_member_there_is(
    whole: Mapping[str, Any], table: Mapping[str, Any]
) -> None:
    assert set(whole) == {"type", *table}


@pytest.mark.parametrize("whole", [INFORMATION_JSON, PAYMENT_JSON])
def test_what_was_read_is_written_again(whole: Mapping[str, Any]) -> None:
    (detail,) = parsed(whole)
    assert to_json(detail) == whole
    assert restore([json.loads(json.dumps(to_json(detail)))]) == (detail,)


def test_the_zeros_of_an_amount_stay() -> None:
    assert to_json(PAYMENT)["instructedAmount"] == {"currency": "EUR", "amount": "12.50"}


def with_(whole: Mapping[str, Any], **changed: Any) -> list[dict[str, Any]]:
    return [{**whole, **changed}]


def info(**changed: Any) -> list[dict[str, Any]]:
    return with_(INFORMATION_JSON, **changed)


def pay(**changed: Any) -> list[dict[str, Any]]:
    return with_(PAYMENT_JSON, **changed)


def amount(text: Any, currency: Any = "EUR") -> list[dict[str, Any]]:
    return pay(instructedAmount={"currency": currency, "amount": text})


HERE = "authorization_details[0]"
REFUSED: list[tuple[Any, str]] = [
    ({}, "authorization_details must be an array"),
    ("[]", "authorization_details must be an array"),
    ([], "authorization_details is empty"),
    ([dict(PAYMENT_JSON)] * 11, "authorization_details has more than 10 elements"),
    ([None], f"{HERE} must be an object"),
    ([[]], f"{HERE} must be an object"),
    ([{}], f"{HERE}.type must be one of account_information, payment_initiation"),
    ([{"type": "customer_information"}], f"{HERE}.type must be one of"),
    ([{"type": ["account_information"]}], f"{HERE}.type must be one of"),
    ([dict(INFORMATION_JSON), {"type": None}], "authorization_details[1].type must be one of"),
    (info(recurringIndicator=True), f"{HERE}.recurringIndicator is not known"),
    (info(instructedAmount={}), f"{HERE}.instructedAmount is not known"),
    (info(**{'a"b\\c é\n': 1}), f"{HERE}.a?b?c??? is not known"),
    (info(**{"x" * 99: 1}), f"{HERE}.{'x' * 40} is not known"),
    (info(permissions="balances:read"), f"{HERE}.permissions must be an array"),
    (info(permissions=[]), f"{HERE}.permissions is empty"),
    (info(permissions=["balances:read"] * 10), f"{HERE}.permissions has more than 9 elements"),
    (info(permissions=["payments:write"]), f"{HERE}.permissions[0] must be one of accounts:read, balances:read"),
    (info(permissions=["balances:read", "openid"]), f"{HERE}.permissions[1] must be one of"),
    (info(permissions=[{}]), f"{HERE}.permissions[0] must be one of"),
    (
        info(permissions=["balances:read"]),
        f"{HERE}.historyFrom means nothing without statements:read or transactions:read",
    ),
    (info(accounts={"iban": "DE89370400440532013000"}), f"{HERE}.accounts must be an array"),
    (info(accounts=[{"id": str(one)} for one in range(21)]), f"{HERE}.accounts has more than 20 elements"),
    (info(accounts=["DE89370400440532013000"]), f"{HERE}.accounts[0] must be an object"),
    (info(accounts=[{}]), f"{HERE}.accounts[0].identification is missing"),
    (info(accounts=[{"iban": "DE88370400440532013000"}]), f"{HERE}.accounts[0].iban has wrong check digits"),
    (info(accounts=[{"iban": 1}]), f"{HERE}.accounts[0].iban must be text"),
    (info(accounts=[{"iban": "DE89370400440532013000", "bic": "X"}]), f"{HERE}.accounts[0].bic is not known"),
    (info(accounts=[{"id": "a", "iban": "DE89370400440532013000"}]), f"{HERE}.accounts[0].iban is not known"),
    (info(accounts=[{"id": "x" * 37}]), f"{HERE}.accounts[0].id is longer than 36"),
    (
        info(accounts=[{"scheme": "BBAN", "identification": "1"}]),
        f"{HERE}.accounts[0].scheme must be one of IBAN, UK.SCAN",
    ),
    (info(accounts=[{"scheme": [], "identification": "1"}]), f"{HERE}.accounts[0].scheme must be one of"),
    (
        info(accounts=[{"scheme": "UK.SCAN", "identification": "1"}]),
        f"{HERE}.accounts[0].identification is no sort",
    ),
    (info(historyFrom="2026-02-24"), f"{HERE}.historyFrom lies in the future"),
    (info(historyFrom="2026-2-3"), f"{HERE}.historyFrom must be a day"),
    (info(historyFrom="20260203"), f"{HERE}.historyFrom must be a day"),
    (info(historyFrom="2026-02-30"), f"{HERE}.historyFrom must be a day"),
    (info(historyFrom=20260203), f"{HERE}.historyFrom must be a day"),
    (info(historyFrom=None), f"{HERE}.historyFrom must be a day"),
    (info(validUntil="2026-12-31"), f"{HERE}.validUntil must be a moment with its zone"),
    (info(validUntil="2026-12-31T23:00:00"), f"{HERE}.validUntil must be a moment with its zone"),
    (info(validUntil="2026-12-31 23:00:00Z"), f"{HERE}.validUntil must be a moment"),
    (info(validUntil="2026-02-22T23:00:00Z"), f"{HERE}.validUntil lies in the past"),
    (info(validUntil="2027-02-24T00:00:00Z"), f"{HERE}.validUntil lies more than 365 days ahead"),
    (info(validUntil="9999-12-31T23:59:59-14:00"), f"{HERE}.validUntil lies more than 365 days ahead"),
    (info(validUntil="0001-01-01T00:00:00+14:00"), f"{HERE}.validUntil lies in the past"),
    (info(purpose=""), f"{HERE}.purpose must be text"),
    (info(purpose="x" * 201), f"{HERE}.purpose is longer than 200 characters"),
    (info(purpose="one\ntwo"), f"{HERE}.purpose holds a character that cannot be shown"),
    (info(locations=["https://elsewhere.example/"]), f"{HERE}.locations[0] is no resource of this server"),
    (info(locations=API), f"{HERE}.locations must be an array"),
    (info(locations=[API] * 6), f"{HERE}.locations has more than 5 elements"),
    (pay(permissions=["payments:write"]), f"{HERE}.permissions is not known"),
    (pay(actions=["initiate"]), f"{HERE}.actions is not known"),
    (pay(instructedAmount="12.50 EUR"), f"{HERE}.instructedAmount must be an object"),
    (pay(instructedAmount={"amount": "1"}), f"{HERE}.instructedAmount.currency is missing"),
    (pay(instructedAmount={"currency": "EUR"}), f"{HERE}.instructedAmount.amount is missing"),
    (amount(12.5), f"{HERE}.instructedAmount.amount must be text: a JSON number is not exact"),
    (amount(12), f"{HERE}.instructedAmount.amount must be text"),
    *(
        (amount(wrong), f"{HERE}.instructedAmount.amount must be a positive amount")
        for wrong in (
            "",
            "0",
            "0.00",
            "-1",
            "+1",
            "1e3",
            "1E3",
            ".5",
            "5.",
            "1,5",
            "1 000",
            " 1",
            "1\n",
            "01",
            "0x1",
            "NaN",
            "Infinity",
            "١",
            "1_0",
            "12345678901234",
            "1.0000",
        )
    ),
    (amount("12.505"), f"{HERE}.instructedAmount.amount has more places than EUR has: 2"),
    (amount("100.0", "JPY"), f"{HERE}.instructedAmount.amount has more places than JPY has: 0"),
    *(
        (amount("1", wrong), f"{HERE}.instructedAmount.currency must be three capitals")
        for wrong in ("eur", "EURO", "EU", "E1R", "ÉUR", "EUR\n", 978, None)
    ),
    (pay(creditorName=7), f"{HERE}.creditorName must be text"),
    (pay(creditorName="x" * 71), f"{HERE}.creditorName is longer than 70 characters"),
    (pay(creditorName="Merchant\u202eA"), f"{HERE}.creditorName holds a character that cannot be shown"),
    (pay(creditorName="Mer\u200bchant"), f"{HERE}.creditorName holds a character that cannot be shown"),
    (pay(creditorName="\u3164"), f"{HERE}.creditorName holds a character that cannot be shown"),
    (pay(creditorName="\ud800"), f"{HERE}.creditorName holds a character that cannot be shown"),
    (pay(creditorName=" Merchant"), f"{HERE}.creditorName begins, ends or is broken by more than a space"),
    (pay(creditorName="Merchant\u00a0A"), f"{HERE}.creditorName begins, ends or is broken by more than a space"),
    (pay(creditorName="Merchant\u2028A"), f"{HERE}.creditorName begins, ends or is broken"),
    (pay(creditorAccount={"id": "acc-joint"}), f"{HERE}.creditorAccount.id is not known"),
    (pay(creditorAccount="DE02100100109307118603"), f"{HERE}.creditorAccount must be an object"),
    (pay(debtorAccount={"iban": "DE02"}), f"{HERE}.debtorAccount.iban is no IBAN"),
    (pay(remittanceInformationUnstructured="x" * 141), f"{HERE}.remittanceInformationUnstructured is longer than 140"),
    (pay(remittanceInformationUnstructured=["x"]), f"{HERE}.remittanceInformationUnstructured must be text"),
    (pay(requestedExecutionDate="2026-02-22"), f"{HERE}.requestedExecutionDate lies in the past"),
    (pay(requestedExecutionDate="2027-02-24"), f"{HERE}.requestedExecutionDate lies more than 365 days ahead"),
]


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_breaks_the_type_is_refused_where_it_breaks_it(value: Any, why: str) -> None:
    description = refusal(value)
    assert description.startswith(why)
    # RFC 6749 5.2: the characters that error_description may hold.
    assert all(" " <= sign <= "~" and sign not in '"\\' for sign in description)


EDGES: list[Any] = [
    amount("0.01"),
    amount("9999999999999.99"),
    amount("12.5"),
    amount("100", "JPY"),
    amount("0.001", "KWD"),
    info(historyFrom="2026-02-23"),
    info(historyFrom="1999-01-01"),
    info(validUntil="2026-02-23T00:00:00Z"),
    info(validUntil="2027-02-23T00:00:00+01:00"),
    pay(requestedExecutionDate="2026-02-23"),
    pay(requestedExecutionDate="2027-02-23"),
    pay(creditorName='Bäckerei "Zur Post" & Söhne'),
    pay(creditorName="商店"),
    info(permissions=sorted(READ_PERMISSIONS)),
]


@pytest.mark.parametrize("value", EDGES)
def test_what_stands_on_the_edge_is_taken(value: Any) -> None:
    assert len(parsed(*value)) == 1


def test_a_moment_is_kept_in_utc() -> None:
    (detail,) = parsed(*info(validUntil="2026-12-31T23:00:00.5+02:00"))
    assert to_json(detail)["validUntil"] == "2026-12-31T21:00:00.500000Z"


def test_what_is_said_twice_is_said_once() -> None:
    assert len(parsed(PAYMENT_JSON, {**PAYMENT_JSON, "instructedAmount": {"currency": "EUR", "amount": "123.5"}})) == 1
    (detail,) = parsed(*info(accounts=[{"id": "a"}, {"id": "a"}], locations=[API, API]))
    assert to_json(detail)["accounts"] == [{"id": "a"}]
    assert to_json(detail)["locations"] == [API]


# ---- as text

NOT_JSON = ["", "{", "[1,]", "'[]'", "[" * 4000, "[" + "1" * 5000 + "]"]


@pytest.mark.parametrize("text", NOT_JSON, ids=range(len(NOT_JSON)))
def test_text_that_is_no_json_is_refused(text: str) -> None:
    assert read(text, BOUNDS) == Problem("authorization_details", "is not JSON")


def test_text_is_bounded_in_bytes_not_in_characters() -> None:
    text = json.dumps([dict(PAYMENT_JSON)])
    assert read(text + " " * (8192 - len(text)), BOUNDS) == parsed(PAYMENT_JSON)
    for long in (text + " " * (8193 - len(text)), '["' + "é" * 4095 + '"]', '["' + "\ud800" * 8192 + '"]'):
        assert read(long, BOUNDS) == Problem("authorization_details", "is longer than 8192 bytes")


def test_a_member_that_is_said_twice_is_refused() -> None:
    text = json.dumps([dict(PAYMENT_JSON)]).replace('"amount": "123.50"', '"amount": "1.00", "amount": "999.00"')
    assert read(text, BOUNDS) == Problem("authorization_details", "says a member twice")


def test_no_number_stands_for_text_even_where_json_has_no_such_number() -> None:
    assert isinstance(read('[{"type": NaN}]', BOUNDS), Problem)


def test_what_is_stored_reads_back_long_after_its_days_are_past_and_its_address_has_moved() -> None:
    later = Bounds(date(2036, 1, 1))
    assert isinstance(parse([dict(PAYMENT_JSON)], later), Problem)
    assert restore([dict(PAYMENT_JSON)]) == parsed(PAYMENT_JSON)
    assert restore([]) == ()
    many = [{"type": "account_information", "permissions": ["balances:read"], "purpose": f"{n}"} for n in range(30)]
    assert len(restore(many)) == 30


@pytest.mark.parametrize("broken", [None, {}, [{}], [{"type": "payment_initiation"}]])
def test_what_was_not_written_here_does_not_read_back(broken: Any) -> None:
    with pytest.raises(ValueError):
        restore(broken)


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ACCOUNT_INFORMATION, *PAYMENT_INITIATION, "type", "iban", "id"]), inner)
    ),
    max_leaves=12,
)


@given(json_trees, st.sampled_from(DetailType))
def test_whatever_json_comes_is_read_or_refused_and_never_fails(tree: Any, kind: DetailType) -> None:
    for value in (tree, [tree], [{"type": kind, **tree}] if isinstance(tree, dict) else []):
        result = parse(value, BOUNDS)
        if not isinstance(result, Problem):
            assert restore([to_json(detail) for detail in result]) == result


# ---- what details ask for


def test_what_details_ask_for() -> None:
    assert permissions_asked(()) == frozenset()
    assert permissions_asked((BALANCES, *parsed(INFORMATION_JSON))) == {
        Permission.BALANCES_READ,
        Permission.TRANSACTIONS_READ,
    }
    assert permissions_asked((PAYMENT,)) == {Permission.PAYMENTS_WRITE}
    assert payment_in((BALANCES, PAYMENT)) is PAYMENT
    assert payment_in((BALANCES,)) is None


def test_every_detail_says_its_type() -> None:
    for made in (BALANCES, PAYMENT):
        assert next(iter(fields(made))).name == "type"
        assert to_json(made)["type"] == made.type
