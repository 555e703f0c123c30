"""However a bank's page is bent, only our own errors leave the normalisers, and what they give is sound."""

import copy
import json
from contextlib import suppress
from datetime import UTC
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.au_cdr import normalize as au
from providers.berlin_group import normalize as berlin
from providers.br_openfinance import normalize as br
from providers.errors import ContractBroken
from providers.model import Page
from providers.stet import normalize as stet
from providers.transport import Answer, retry_after_s, seconds_to_next_day
from providers.uk_obie import normalize as uk
from providers.uk_obie import resources
from tests.providers import pages
from tests.providers.test_uk_resources import DEBIT_4, ORDER_3, ORDER_4, PARTY, STATEMENT

FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["", "NaN", "1e999", "9999-12-31", "0001-01-01T00:00:00+14:00", "\x00", "-0.0", "NOTPROVIDED"]),
)
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            found += places(inner, (*path, at))
    return found


@st.composite
def bent(draw: st.DrawFn, page: Any) -> bytes:
    """``page`` with up to three places dropped, retyped or nested; now and then cut short or with a byte changed."""
    value = copy.deepcopy(page)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(value)))
        if not path:
            continue
        parent = value
        for step in path[:-1]:
            parent = parent[step]
        how = draw(st.sampled_from(["drop", "retype", "nest", "list"]))
        if how == "drop":
            del parent[path[-1]]
        else:
            old = parent[path[-1]]
            parent[path[-1]] = {"retype": draw(JUNK), "nest": {"x": old}, "list": [old, old]}[how]
    body = json.dumps(value).encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body)))
        body = draw(st.sampled_from([body[:at], body[:at] + b"\xff" + body[at + 1 :]]))
    return body


def sound(page: Page) -> None:
    for row in page.transactions:
        assert row.money.number.is_finite()
        assert len(row.money.currency) == 3
        assert "\x00" not in f"{row.counterparty.name}{row.remittance}{row.bank_ids}"
        assert json.loads(row.raw)
    for broken in page.rejected:
        assert broken.reason


UK_PAGE = json.loads(pages.uk("Transaction", pages.UK_TRANSACTION, pages.UK_TRANSACTION, following="/p2"))
STET_PAGE = json.loads(pages.stet("transactions", pages.STET_TRANSACTION, pages.STET_TRANSACTION, following="/p2"))
BERLIN_PAGE = json.loads(pages.berlin(pages.BERLIN_TRANSACTION, pending=(pages.BERLIN_TRANSACTION,), following="/p2"))


UK_RESOURCES = [
    ("StandingOrder", resources.standing_orders, ORDER_3),
    ("StandingOrder", resources.standing_orders, ORDER_4),
    ("DirectDebit", resources.direct_debits, DEBIT_4),
    ("Statement", resources.statements, STATEMENT),
    ("Party", resources.parties, PARTY),
]


def uk_page(name: str, _: Any, row: dict[str, Any]) -> bytes:
    return pages.uk(name, row, row, following="/p2")


@FEW
@given(bent(UK_PAGE))
def test_bent_uk_transactions(body: bytes) -> None:
    with suppress(ContractBroken):
        sound(uk.transactions(body))


@FEW
@given(bent(BERLIN_PAGE))
def test_bent_berlin_transactions(body: bytes) -> None:
    with suppress(ContractBroken):
        sound(berlin.transactions(body))


AU_PAGE = json.loads(pages.au("transactions", pages.AU_TRANSACTION, pages.AU_TRANSACTION, following="/p2"))
BR_PAGE = json.loads(pages.br(pages.BR_TRANSACTION, pages.BR_TRANSACTION, following="/p2"))


@FEW
@given(bent(AU_PAGE), bent(BR_PAGE))
def test_bent_australian_and_brazilian_transactions(australian: bytes, brazilian: bytes) -> None:
    with suppress(ContractBroken):
        sound(au.transactions(australian))
    with suppress(ContractBroken):
        sound(br.transactions(brazilian))


@FEW
@given(
    bent(json.loads(pages.au("accounts", pages.AU_ACCOUNT))),
    bent({"data": pages.AU_BALANCE}),
    bent(json.loads(pages.br(pages.BR_ACCOUNT))),
    bent({"data": pages.BR_BALANCE}),
)
def test_bent_australian_and_brazilian_accounts_and_balances(
    au_accounts: bytes, au_balances: bytes, br_accounts: bytes, br_balances: bytes
) -> None:
    for read, body in ((au.accounts, au_accounts), (br.accounts, br_accounts)):
        with suppress(ContractBroken):
            assert all(one.currency and one.identifiers for one in read(body).values)
    for weigh, body in ((au.balances, au_balances), (br.balances, br_balances)):
        with suppress(ContractBroken):
            assert all(one.money.currency and one.source_label for one in weigh(body).values)


@FEW
@given(bent(STET_PAGE))
def test_bent_stet_transactions(body: bytes) -> None:
    with suppress(ContractBroken):
        sound(stet.transactions(body))


@FEW
@given(
    bent(json.loads(pages.stet("accounts", pages.STET_ACCOUNT, pages.STET_CARD))),
    bent(json.loads(pages.stet("balances", pages.STET_BALANCE))),
)
def test_bent_stet_accounts_and_balances(accounts: bytes, balances: bytes) -> None:
    with suppress(ContractBroken):
        assert all(one.currency and one.identifiers for one in stet.accounts(accounts).values)
    with suppress(ContractBroken):
        assert all(one.money.currency and one.source_label for one in stet.balances(balances).values)


STET_PAYEES = json.loads(
    pages.stet(
        "beneficiaries",
        {
            "id": "B1",
            "isTrusted": True,
            "creditor": {"name": "Bob"},
            "creditorAccount": {"iban": "FR7630004028379876543210943"},
            "creditorAgent": {"bicFi": "BNPAFRPPXXX"},
        },
    )
)
STET_OWNERS = {
    "identities": [{"fullName": "Alice"}],
    "identity": {"firstName": "A"},
    "company": {"identification": "1"},
}


@FEW
@given(bent(STET_PAYEES), bent(STET_OWNERS))
def test_bent_stet_payees_and_owners(payees: bytes, owners: bytes) -> None:
    for read, body in ((stet.beneficiaries, payees), (stet.parties, owners)):
        with suppress(ContractBroken):
            assert all(isinstance(json.loads(one.raw), dict) for one in read(body).values)


@FEW
@given(bent(json.loads(pages.uk("Account", pages.UK_ACCOUNT))), bent(json.loads(pages.uk("Balance", pages.UK_BALANCE))))
def test_bent_uk_accounts_and_balances(accounts: bytes, balances: bytes) -> None:
    with suppress(ContractBroken):
        assert all(one.currency for one in uk.accounts(accounts).values)
    with suppress(ContractBroken):
        assert all(one.money.currency for one in uk.balances(balances, account_id="22289").values)


@FEW
@given(bent({"accounts": [pages.BERLIN_ACCOUNT]}), bent({"balances": [pages.BERLIN_BALANCE]}))
def test_bent_berlin_accounts_and_balances(accounts: bytes, balances: bytes) -> None:
    with suppress(ContractBroken):
        assert all(one.currency for one in berlin.accounts(accounts).values)
    with suppress(ContractBroken):
        assert all(one.money.currency for one in berlin.balances(balances).values)


@FEW
@given(st.sampled_from(UK_RESOURCES).flatmap(lambda one: st.tuples(st.just(one[1]), bent(json.loads(uk_page(*one))))))
def test_bent_uk_resources(case: tuple[Any, bytes]) -> None:
    read, body = case
    with suppress(ContractBroken):
        found = read(body, "GBP", UTC)
        assert all(json.loads(one.raw) is not None for one in found.values)
        assert all(one.reason for one in found.rejected)


DATES = st.sampled_from(["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"])


@FEW
@given(st.text(max_size=40), st.text(max_size=40) | DATES)
def test_bent_headers(retry_after: str, date: str) -> None:
    answer = Answer(429, {"retry-after": retry_after, "date": date}, b"")
    assert 0 <= (retry_after_s(answer) or 0) <= 7 * 24 * 3600
    assert 0 < seconds_to_next_day(answer) <= 24 * 3600 + 1


@FEW
@given(st.binary(max_size=200))
def test_noise(body: bytes) -> None:
    for read in (
        uk.transactions,
        uk.accounts,
        stet.transactions,
        stet.accounts,
        stet.balances,
        berlin.transactions,
        berlin.accounts,
        berlin.balances,
    ):
        with suppress(ContractBroken):
            read(body)
