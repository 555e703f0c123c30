"""Transactions as camt, MT940, or a report that is fetched: the same rows as in JSON, and nothing of anybody else's."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.db import scaled
from providers.berlin_group import normalize
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, Transient
from providers.model import Account, Identifier, Money, Page, Scheme, Status, Transaction
from providers.port import Access
from providers.registry import BUILT_IN_INSTITUTIONS, load_institutions
from providers.rules.profile import Amounts, Rules
from tests.providers import tpp
from tests.providers.files import test_camt, test_mt940
from tests.providers.files.test_read import zipped
from tests.providers.pages import BERLIN_TRANSACTION, berlin
from tests.providers.sandbox_banks import SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, link, moved, read_all

ACCESS = Access("consent-1", None, None)
V1 = f"{tpp.BERLIN}/v1"
URL = f"{V1}/accounts/acc-1/transactions"
DAYS = {"date_from": date(2024, 1, 1), "date_to": date(2024, 4, 1)}
OURS = Account("acc-1", "EUR", identifiers=(Identifier(Scheme.IBAN, test_camt.IBAN),))
DOLLARS_TOO = replace(OURS, currency="XXX")

CAMT = test_camt.statement(test_camt.entry(test_camt.payment("<RmtInf><Ustrd>Müllabfuhr</Ustrd></RmtInf>")))
PREFIXED = CAMT.replace(b"<Ntry>", b"<c:Ntry>").replace(b"</Ntry>", b"</c:Ntry>")
LATIN = CAMT.decode().replace("UTF-8", "ISO-8859-1").encode("iso-8859-1")
WIDE = CAMT.decode().replace("UTF-8", "UTF-16").encode("utf-16")
MT940 = test_mt940.statement(":61:2403150315D12,50NDDTNONREF//B-1", ":86:166?00LASTSCHRIFT?20Muellabfuhr?32Stadt")
MT942 = (
    b":20:X\r\n:25:DE89370400440532013000\r\n:28C:1\r\n:34F:USD0,\r\n:61:240315D12,50NTRFNONREF\r\n:86:Hotel\r\n-\r\n"
)
REPORTS = [
    ("camt", CAMT, OURS),
    ("any prefix", PREFIXED, OURS),
    ("ISO-8859-1", LATIN, OURS),
    ("UTF-16", WIDE, OURS),
    ("zipped", zipped(CAMT), OURS),
    ("pending", CAMT.replace(b"BOOK", b"PDNG"), OURS),
    ("MT940", MT940, OURS),
    ("MT940 of several currencies", MT940, DOLLARS_TOO),
    ("MT942", MT942, DOLLARS_TOO),
]


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def pages(**api: Any) -> list[Page]:
    adapter = BerlinGroupAdapter(tpp.lorelei(**api), tpp.tpp(), limits=QUICK)
    return list(adapter.transactions(ACCESS, OURS, psu=None, **DAYS))


@pytest.mark.parametrize(("raw", "account"), [one[1:] for one in REPORTS], ids=[one[0] for one in REPORTS])
def test_a_row_of_a_report_is_kept_so_that_it_can_be_read_again(raw: bytes, account: Account) -> None:
    (was,) = normalize.transactions(raw, account=account).transactions
    assert abs(was.money.number) == Decimal("12.50")
    adapter = BerlinGroupAdapter(tpp.lorelei(time_zone="UTC"), tpp.tpp())
    assert adapter.reread(was.raw, was.status, account, trace=was.provenance) == was


def test_the_sign_is_the_reports_own_where_the_banks_json_turns_it() -> None:
    rules = Rules(amounts=Amounts(inverted=True))
    (row,) = normalize.transactions(CAMT, account=OURS, rules=rules).transactions
    assert row.money == Money(Decimal("-12.50"), "EUR")
    assert row.remittance == ("Müllabfuhr",)


@pytest.mark.parametrize("raw", [CAMT, MT940, zipped(CAMT, CAMT.replace(b"2024-03-15", b"2024-03-14"))])
def test_a_report_about_another_account_is_none_of_ours(raw: bytes) -> None:
    other = replace(OURS, identifiers=(Identifier(Scheme.IBAN, test_camt.OTHER),))
    with pytest.raises(ContractBroken, match="another account"):
        normalize.transactions(raw, account=other)


def test_an_advice_beside_its_statement_does_not_book_twice() -> None:
    advice = CAMT.replace(b"camt.053", b"camt.054").replace(b"Stmt>", b"Ntfctn>")
    assert len(normalize.transactions(zipped(CAMT, advice), account=OURS).transactions) == 1
    assert len(normalize.transactions(zipped(advice), account=OURS).transactions) == 1


@pytest.mark.parametrize(
    ("report", "accept"), [("json", "application/json"), ("camt", "application/xml"), ("mt940", "text/plain")]
)
@pytest.mark.parametrize("body", [CAMT, MT940, berlin(BERLIN_TRANSACTION)])
def test_one_format_is_asked_for_and_whichever_comes_is_read(
    bank: responses.RequestsMock, report: str, accept: str, body: bytes
) -> None:
    bank.get(URL, body=body, content_type="text/html", match=[responses.matchers.header_matcher({"Accept": accept})])
    (page,) = pages(report=report)
    assert len(page.transactions) == 1


def download(href: str, **more: Any) -> dict[str, Any]:
    return {"_links": {"download": {"href": href}}, **more}


@pytest.mark.parametrize(
    "answer",
    [
        download("/v1/reports/1"),
        download(f"{V1}/reports/1#x"),
        download("/v1/reports/1", transactions={"booked": [], "_links": {}}),
        {"transactions": download("/v1/reports/1")},
        {"_links": {"download": "/v1/reports/1"}},
    ],
)
def test_a_large_report_is_waited_for_and_fetched(
    bank: responses.RequestsMock, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr("providers.transport.Transport.pause", lambda _self, seconds: paused.append(seconds))
    bank.get(URL, json=answer)
    bank.get(f"{V1}/reports/1", status=202, headers={"Retry-After": "2"})
    bank.get(f"{V1}/reports/1", body=zipped(CAMT), content_type="application/zip")
    empty, page = pages()
    assert (len(empty.transactions), len(page.transactions)) == (0, 1)
    assert paused == [2]
    assert "application/zip" in bank.calls[-1].request.headers["Accept"]
    assert bank.calls[-1].request.headers["Consent-ID"] == "consent-1"


def test_what_has_rows_is_not_fetched_a_second_time(bank: responses.RequestsMock) -> None:
    body = msgspec.json.decode(berlin(BERLIN_TRANSACTION))
    bank.get(URL, json=body | download("/v1/reports/1"))
    assert len(pages()) == 1


def test_a_report_that_is_never_ready_is_for_later(bank: responses.RequestsMock) -> None:
    bank.get(URL, json=download("/v1/reports/1"))
    bank.get(f"{V1}/reports/1", status=202, headers={"Retry-After": "60"})
    with pytest.raises(Transient, match="not ready") as told:
        pages()
    assert told.value.retry_after_s == 60
    bank.upsert("GET", URL, status=202)
    with pytest.raises(Transient, match="not ready"):
        pages()


@pytest.mark.parametrize("href", ["https://evil.example/report", "//evil.example/report", "http://127.0.0.1:1/r"])
def test_a_report_is_fetched_from_the_bank_only(bank: responses.RequestsMock, href: str) -> None:
    bank.get(URL, json=download(href))
    with pytest.raises(ContractBroken, match="leads away"):
        pages()
    assert len(bank.calls) == 1


def test_a_report_may_be_larger_than_an_answer_and_not_endless(
    bank: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = test_camt.statement(*[test_camt.entry()] * 20)
    monkeypatch.setattr("providers.berlin_group.client._LARGEST_REPORT_BYTES", len(many))
    bank.get(URL, json=download("/v1/reports/1"))
    bank.get(f"{V1}/reports/1", body=many)
    bank.get(f"{V1}/reports/1", body=many + b" ")
    adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp(), limits=replace(QUICK, body_bytes=1000))
    assert sum(len(page.transactions) for page in adapter.transactions(ACCESS, OURS, psu=None, **DAYS)) == 20
    with pytest.raises(ContractBroken, match="more than"):
        list(adapter.transactions(ACCESS, OURS, psu=None, **DAYS))


@pytest.mark.parametrize(
    "next_link", ["/v1/accounts/acc-1/transactions?page=2", "/gw/v1/accounts/acc-1/transactions?page=2"]
)
def test_a_next_page_may_lack_the_gateways_path(bank: responses.RequestsMock, next_link: str) -> None:
    first = msgspec.json.decode(berlin(BERLIN_TRANSACTION))
    first["transactions"]["_links"] = {"next": {"href": next_link}}
    behind = f"{tpp.BERLIN}/gw/v1/accounts/acc-1/transactions"
    bank.get(
        behind,
        json=first,
        match=[responses.matchers.query_param_matcher({"bookingStatus": "both"}, strict_match=False)],
    )
    bank.get(behind, body=berlin(), match=[responses.matchers.query_param_matcher({"page": "2"})])
    assert len(pages(base_url=f"{tpp.BERLIN}/gw", links_from_base=True)) == 2


def told(row: Transaction) -> tuple[Any, ...]:
    """What a row says in every format. The remittance of JSON is cut into pieces, that of card rows has more."""
    return (row.status, row.money, row.booking_date, row.value_date, row.counterparty.name, row.bank_transaction_code)


@pytest.mark.parametrize("flags", [(), ("--downloads",)])
def test_camt_over_sockets_says_what_json_says(flags: tuple[str, ...]) -> None:
    def rows(url: str, **api: Any) -> list[Transaction]:
        institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"], url)
        institution = msgspec.structs.replace(institution, api={**institution.api, **api})
        adapter = BerlinGroupAdapter(institution, tpp.tpp(), limits=QUICK)
        driver = SandboxDriver(adapter, url, "alice-at-lorelei", True, {})
        return [row for page in read_all(driver, link(driver)) for row in page.transactions]

    with bank_process("sandbox.berlin") as url:
        json_rows = rows(url)
        if not flags:
            camt_rows = rows(url, report="camt")
    if flags:
        with bank_process("sandbox.berlin", *flags) as url:
            camt_rows = rows(url)
    assert camt_rows[0].raw.startswith(b"<Ntry>")
    assert {row.status for row in camt_rows} == {Status.BOOKED, Status.PENDING}
    assert sorted(map(told, camt_rows), key=repr) == sorted(map(told, json_rows), key=repr)


SEEDS = (
    CAMT,
    LATIN,
    WIDE,
    MT940,
    MT942,
    zipped(CAMT, MT940),
    berlin(BERLIN_TRANSACTION),
    b'{"_links":{"download":"/r"}}',
)
PIECES = (b"\x00", b"<", b"]]>", b":61:", b'"', b"9" * 40, b"encoding='utf-7'", b"PK\x03\x04", b"#download", b"{")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 5))):
        first = draw(st.integers(0, len(raw)))
        last = min(len(raw), first + draw(st.integers(0, 60)))
        raw[first:last] = draw(st.sampled_from(PIECES) | st.binary(max_size=30)) * draw(st.integers(0, 3))
    return bytes(raw)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=mutated())
def test_whatever_a_report_holds_only_our_errors_leave(raw: bytes) -> None:
    with suppress(ContractBroken, msgspec.MsgspecError):  # what providers.edge turns into ContractBroken
        page = normalize.transactions(raw, account=OURS, zone=UTC)
        for row in page.transactions:
            scaled(row.money.number)
            assert row.raw


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=mutated(), second=mutated(), status=st.sampled_from([200, 202, 204, 302, 406, 503]))
def test_whatever_two_answers_hold_only_provider_errors_leave(first: bytes, second: bytes, status: int) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(URL, body=first)
        mock.get(f"{tpp.BERLIN}/r", body=second, status=status, headers={"Retry-After": "99"})
        with suppress(ProviderError):
            pages()
