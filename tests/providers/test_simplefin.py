"""SimpleFIN: a token is claimed once and only where it may lead; what a bridge says comes out exact and plain."""

import contextlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.outbound.door import Door
from hub.outbound.fetch import Limits, Outbound
from hub.settings import Settings
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, BalanceType, Money, Page, Status
from providers.port import Access, Ask, AskingAdapter, LinkStart, Psu, Rereads
from providers.registry import CatalogueError, Institution
from providers.rows import BrokenRow
from providers.simplefin import adapter as simplefin
from providers.simplefin import client, normalize
from providers.simplefin.adapter import SimpleFinAdapter
from tests.providers import tpp
from tests.providers.files.specs import SPECS
from tests.sandbox.processes import RunningBank, start

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PSU = Psu("192.0.2.7", "Firefox")
PUBLIC = Settings(base_url="https://hub.example")
LOCAL = Settings()
INSTITUTION = Institution(
    id="simplefin",
    name="SimpleFIN Bridge",
    standard="simplefin",
    version="1.0",
    country="US",
    api={"create_url": "https://bridge.example/simplefin/create"},
)


def adapter(settings: Settings = LOCAL, **api: Any) -> SimpleFinAdapter:
    door = Door(Outbound(settings, limits=Limits(connect_s=2.0, total_s=5.0)))
    institution = Institution(
        id="simplefin",
        name="SimpleFIN Bridge",
        standard="simplefin",
        version="1.0",
        country="US",
        api={**INSTITUTION.api, **api},
    )
    return SimpleFinAdapter(institution, replace(tpp.tpp(), door=door))


@pytest.fixture(scope="module")
def bridge() -> Iterator[RunningBank]:
    running = start("sandbox.simplefin", "--control", "--today", "2026-11-23")
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def quiet(bridge: RunningBank) -> Iterator[None]:
    yield
    bridge.control("DELETE")
    bridge.control("POST", "/errors", {"errors": []})


def token(bridge: RunningBank, username: str = "alice") -> str:
    form = {"username": username, "password": f"{username}-at-albion"}
    page = requests.post(f"{bridge.url}/simplefin/create", data=form, timeout=5).text
    return page.split("readonly>")[1].split("<")[0]


def answered(one: SimpleFinAdapter, given: str) -> Access | LinkStart:
    state = one.start(tpp.link_request()).state
    return one.advance(state, {simplefin.TOKEN: given}, now=NOW, psu=PSU)


def linked(one: SimpleFinAdapter, bridge: RunningBank, username: str = "alice") -> Access:
    found = answered(one, token(bridge, username))
    assert isinstance(found, Access)
    return found


def asked_again(found: Access | LinkStart) -> str:
    assert isinstance(found, LinkStart)
    assert isinstance(found.step, Ask)
    return found.step.error


def pages(one: SimpleFinAdapter, access: Access, account: Account, days: tuple[date, date]) -> list[Page]:
    return list(one.transactions(access, account, date_from=days[0], date_to=days[1], psu=PSU))


def test_the_person_is_asked_for_a_token_and_told_where_to_get_one() -> None:
    one = adapter()
    assert isinstance(one, AskingAdapter)
    step = one.start(tpp.link_request()).step
    assert isinstance(step, Ask)
    assert [(field.name, field.kind) for field in step.fields] == [("setup_token", "secret")]
    assert step.help_url == "https://bridge.example/simplefin/create"


def test_accounts_balances_and_rows_come_from_a_bridge(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge)
    accounts = {account.name: account for account in one.accounts(access, psu=PSU)}
    current = accounts["Everyday Account (2017)"]
    assert current.currency == "GBP"
    assert current.identifiers[0].value == "albion.example Everyday Account (2017)"
    booked, available = one.balances(access, current, psu=PSU)
    assert (booked.type, available.type) == (BalanceType.INTERIM_BOOKED, BalanceType.INTERIM_AVAILABLE)
    rows = [
        row for page in pages(one, access, current, (date(2026, 6, 1), date(2026, 11, 23))) for row in page.transactions
    ]
    pending = [row for row in rows if row.status is Status.PENDING]
    assert len(rows) > 50
    assert pending
    assert all(row.transaction_datetime and row.booking_date == row.transaction_datetime.date() for row in pending)
    assert len({row.bank_ids["transactionId"] for row in rows}) == len(rows)
    assert {row.money.number > 0 for row in rows} == {True, False}
    assert {row.money.currency for row in rows} == {"GBP"}
    assert any(row.counterparty.name for row in rows)


def test_a_long_time_is_asked_for_in_pieces_of_sixty_days(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge)
    account = one.accounts(access, psu=PSU)[0]
    found = pages(one, access, account, (date(2026, 6, 1), date(2026, 11, 23)))
    assert [page.next for page in found] == ["1", "2", None]
    assert not [notice for page in found for notice in page.notices]
    assert [any(row.status is Status.PENDING for row in page.transactions) for page in found] == [False, False, True]
    too_long = pages(adapter(window_days=200), access, account, (date(2026, 6, 1), date(2026, 11, 23)))
    assert "60 days" in too_long[0].notices[0]


def test_a_custom_currency_has_its_name_and_no_code(bridge: RunningBank) -> None:
    one = adapter()
    miles = next(account for account in one.accounts(linked(one, bridge), psu=PSU) if account.name == "Lagoon miles")
    assert miles.currency == "XXX"
    (balance,) = normalize.balances(miles.raw)
    assert balance.money == Money(Decimal("1270"), "XXX")


def test_a_custom_currencys_url_is_only_called_where_it_may_lead() -> None:
    body = json.dumps({"accounts": [account("https://127.0.0.1:1/miles")], "errors": []}).encode()
    assert normalize.custom_currencies(body) == ("https://127.0.0.1:1/miles",)
    with pytest.raises(Refused):
        client.Client(Door(Outbound(PUBLIC))).currency("https://127.0.0.1:1/miles")
    (one,) = normalize.accounts(body, {"https://127.0.0.1:1/miles": "Miles (mi)"}).values
    assert (one.currency, one.product) == ("XXX", "Miles (mi)")
    assert normalize.currency_name(b'{"name":"Example\\u0000Miles","abbr":"mi"}') == "Example  Miles (mi)".replace(
        "  ", " "
    )


def test_a_token_works_once_and_a_second_use_warns_the_person(bridge: RunningBank) -> None:
    one, given = adapter(), token(bridge)
    assert isinstance(answered(one, given), Access)
    assert asked_again(answered(one, given)) == simplefin.SPENT
    assert "somebody else may see your accounts" in simplefin.SPENT


@pytest.mark.parametrize(
    "untidy",
    [lambda t: f"  {t}\n", lambda t: "\n".join(t[i : i + 20] for i in range(0, len(t), 20)), lambda t: t.rstrip("=")],
)
def test_a_token_is_read_however_it_was_pasted(bridge: RunningBank, untidy: Callable[[str], str]) -> None:
    assert isinstance(answered(adapter(), untidy(token(bridge))), Access)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "hello",
        "%%%%",
        "aGVsbG8=",
        b64encode(b"ftp://bridge.example/claim/x").decode(),
        b64encode(b"https://x\r\nHost: y/").decode(),
        "A" * 4000,
    ],
)
def test_what_is_no_token_is_asked_for_again(given: str) -> None:
    assert asked_again(answered(adapter(), given)) == simplefin.NO_TOKEN


@pytest.mark.parametrize(
    "url",
    [
        "http://bridge.example/claim/x",
        "https://127.0.0.1/claim/x",
        "https://[::1]/claim/x",
        "https://10.0.0.7/claim/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/claim/x",
        "https://user:pass@bridge.example/claim/x",
        "https://0x7f000001/claim/x",
    ],
)
def test_a_token_never_leads_into_our_own_network(url: str) -> None:
    """Not from a public hub: neither by address, nor by name, nor in the clear."""
    assert asked_again(answered(adapter(PUBLIC), b64encode(url.encode()).decode())) == simplefin.NOT_CALLED


@contextmanager
def answering(status: int, body: str, headers: Mapping[str, str] = {}) -> Iterator[str]:
    """A server that says one thing to everybody; yields its token."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield b64encode(f"http://127.0.0.1:{server.server_port}/claim/1".encode()).decode()
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "https://no-credentials.example/simplefin", simplefin.NO_ACCESS),
        (200, "<html>Welcome</html>", simplefin.NO_ACCESS),
        (200, "https://u:p@bridge.example/simplefin\nhttps://u:p@evil.example/", simplefin.NO_ACCESS),
        (302, "", simplefin.NO_ACCESS),
        (404, "", simplefin.NO_ACCESS),
        (403, "", simplefin.SPENT),
        (200, "x" * 5000, None),
    ],
)
def test_a_claim_that_gives_no_access_url_links_nothing(status: int, body: str, error: str | None) -> None:
    with answering(status, body, {"Location": "http://127.0.0.1:1/"}) as given:
        if error is None:
            with pytest.raises(ContractBroken):
                answered(adapter(), given)
        else:
            assert asked_again(answered(adapter(), given)) == error


def test_a_bridge_that_does_not_answer_is_asked_again_later() -> None:
    given = b64encode(b"http://127.0.0.1:1/claim/1").decode()
    assert asked_again(answered(adapter(), given)) == simplefin.NO_ANSWER


def test_an_access_url_into_our_own_network_reads_nothing() -> None:
    access = Access("x", None, None, {"base": "https://10.0.0.7/simplefin", "username": "u", "password": "p"})
    with pytest.raises(Refused, match="address"):
        adapter(PUBLIC).accounts(access, psu=None)


def test_credentials_stay_out_of_urls_and_reprs(bridge: RunningBank) -> None:
    access = linked(adapter(), bridge)
    for secret in (access.data["username"], access.data["password"]):
        assert secret not in access.data["base"]
        assert secret not in repr(access)
        assert secret not in access.bank_consent_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://u:p@bridge.example/simplefin", ("https://bridge.example/simplefin", "u", "p")),
        ("https://a%40b:p%3Aq@bridge.example:8443/x/ \n", ("https://bridge.example:8443/x", "a@b", "p:q")),
        ("https://u@bridge.example/", None),
        ("https://bridge.example/", None),
        ("file://u:p@/etc/passwd", None),
        ("https://u:p@bridge.example:99999/", None),
        ("https://u:p@/", None),
    ],
)
def test_an_access_url_is_taken_apart_once(text: str, expected: tuple[str, str, str] | None) -> None:
    found = client.access_url(text)
    assert (None if found is None else (found.base, found.username, found.password)) == expected


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("consent_expired", ReconsentRequired),
        ("http_500", Transient),
        ("rate_limited", Transient),
        ("html", ContractBroken),
        ("truncated_json", ContractBroken),
    ],
)
def test_what_a_bridge_refuses_is_one_of_our_errors(
    bridge: RunningBank, fault: str, error: type[ProviderError]
) -> None:
    one = adapter()
    access = linked(one, bridge)
    bridge.control("POST", json={"fault": fault, "on": "accounts"})
    with pytest.raises(error) as caught:
        one.accounts(access, psu=PSU)
    assert (caught.value.institution_id, caught.value.step) == ("simplefin", "accounts")
    assert access.data["password"] not in str(caught.value)


def test_a_bridge_that_wants_to_be_paid_refuses() -> None:
    with answering(402, "") as given:
        base = client.claim_url(given)
        assert base is not None
        access = Access("x", None, None, {"base": base.rpartition("/claim")[0], "username": "u", "password": "p"})
        with pytest.raises(Refused) as caught:
            adapter().accounts(access, psu=None)
    assert caught.value.code == "payment_required"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("http_500", Transient),
        ("http_503", Transient),
        ("rate_limited", Transient),
        ("html", ContractBroken),
        ("truncated_json", ContractBroken),
        ("consent_expired", ReconsentRequired),
        ("hang", Transient),
        ("slow", None),
        ("wrong_content_type", None),
        ("clock_skew", None),
        ("id_churn", None),
        ("vanishing_pending", None),
    ],
)
def test_a_fault_of_the_bridge_is_a_named_error_or_does_no_harm(
    bridge: RunningBank, fault: str, kind: type[ProviderError] | None
) -> None:
    one = adapter()
    access = linked(one, bridge)
    account, days = one.accounts(access, psu=PSU)[0], (date(2026, 10, 1), date(2026, 11, 23))

    def booked() -> list[tuple[date | None, Money]]:
        rows = [row for page in pages(one, access, account, days) for row in page.transactions]
        return [(row.booking_date, row.money) for row in rows if row.status is Status.BOOKED]

    right = booked()
    assert right
    bridge.control("POST", json={"fault": fault, "on": "accounts"})
    if kind is None:
        assert booked() == right
        return
    with pytest.raises(kind) as caught:
        booked()
    assert (caught.value.institution_id, caught.value.step) == ("simplefin", "transactions")


def test_an_access_that_was_disabled_at_the_bridge_needs_the_person(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge, "charlie")
    account = one.accounts(access, psu=PSU)[0]
    one.revoke(access)
    bridge.control("POST", "/revoke")
    with pytest.raises(ReconsentRequired):
        one.accounts(access, psu=PSU)
    with pytest.raises(ReconsentRequired):
        pages(one, access, account, (date(2026, 11, 1), date(2026, 11, 23)))


def test_an_account_that_is_not_shown_any_more_is_refused_and_not_empty(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge)
    account = replace(one.accounts(access, psu=PSU)[0], resource_id="../../admin")
    with pytest.raises(Refused):
        pages(one, access, account, (date(2026, 11, 1), date(2026, 11, 23)))


def test_what_a_bridge_wants_said_is_plain_and_short(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge)
    said = ["You must reauthenticate.", "You must reauthenticate.", "<b>x</b>\u0000\n" + "y" * 900]
    bridge.control("POST", "/errors", {"errors": said})
    (page,) = pages(one, access, one.accounts(access, psu=PSU)[0], (date(2026, 11, 1), date(2026, 11, 23)))
    assert page.notices[0] == "You must reauthenticate."
    assert len(page.notices) == 2
    assert all(len(notice) <= 200 and notice.isprintable() for notice in page.notices)
    body = json.dumps({"accounts": [], "errors": [{"code": "gen.auth", "msg": "Log in"}, 7, None, ["x"]]}).encode()
    assert normalize.notices(body) == ("Log in",)


def account(currency: str = "USD", **changes: Any) -> dict[str, Any]:
    given = {
        "org": {"domain": "bank.example"},
        "id": "1",
        "name": "A",
        "currency": currency,
        "balance": "1.00",
        "balance-date": 1,
    }
    return given | changes


def told(row: Mapping[str, Any], **changes: Any) -> Any:
    body = json.dumps({"errors": [], "accounts": [account(**changes) | {"transactions": [row]}]}).encode()
    (shown,) = normalize.accounts(body).values
    found = normalize.transactions(body, shown)
    assert found is not None
    return found


def cases() -> Mapping[str, Any]:
    path = SPECS / "bank-quirks" / "simplefin-cases.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the collected cases cannot be read")
    found: Mapping[str, Any] = json.loads(path.read_bytes())
    return found


def test_collected_cases_of_pending_rows() -> None:
    for case in cases()["pending"]:
        raw = case["raw"]
        found = told(raw)
        if raw.get("posted") in (None, "unavailable") and "transacted_at" not in raw:
            assert [one.reason for one in found.rejected] == [
                "a settled transaction has neither posted nor transacted_at"
            ]
        else:
            assert (found.values[0].status is Status.PENDING) is case["expected_pending"], raw


def test_collected_cases_of_what_is_owed() -> None:
    for case in cases()["liability_balance_sign"]:
        given = {"balance": case["balance"]} | {k: v for k, v in case.items() if k == "available-balance"}
        body = json.dumps({"errors": [], "accounts": [account(**given)]}).encode()
        (shown,) = normalize.accounts(body).values
        assert -normalize.balances(shown.raw)[0].money.number == Decimal(case["expected_debt"])


def test_another_currency_than_the_accounts_is_told_beside_the_amount() -> None:
    (row,) = told({"id": "t", "posted": 1700000000, "amount": "-1.00", "description": "x", "currency": "EUR"}).values
    assert row.money.currency == "USD"
    assert row.details.exchange.source_currency == "EUR"


@pytest.mark.parametrize(
    "row",
    [
        {"id": "t", "posted": 1700000000, "amount": "1,5,0", "description": "x"},
        {"id": "t", "posted": 1700000000, "amount": "NaN", "description": "x"},
        {"id": "t", "posted": 10**30, "amount": "1", "description": "x"},
        {"id": "t", "amount": "1"},
        {"id": "t", "posted": 1},
        {"id": "t", "posted": 1700000000, "amount": "1 EUR"},
        7,
    ],
)
def test_a_broken_row_costs_itself_alone(row: Any) -> None:
    found = told(row)
    assert (len(found.values), len(found.rejected)) == (0, 1)


def test_an_account_is_known_again_when_a_new_token_gives_it_a_new_id() -> None:
    body = json.dumps({"errors": [], "accounts": [account(id="1"), account(id="2")]}).encode()
    one, two = normalize.accounts(body).values
    assert one.identifiers == two.identifiers
    assert one.resource_id != two.resource_id


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = ["org", "id", "name", "currency", "balance", "available-balance", "balance-date", "transactions", "errors"]


@given(
    st.dictionaries(st.sampled_from(names), anything),
    st.dictionaries(
        st.sampled_from(
            ["id", "posted", "amount", "description", "pending", "transacted_at", "payee", "mcc", "currency"]
        ),
        anything,
    ),
)
@settings(max_examples=200, deadline=None)
def test_bent_answers_give_values_or_errors_of_ours(bent: dict[str, Any], row: dict[str, Any]) -> None:
    body = json.dumps(
        {"errors": bent.get("errors"), "accounts": [account(transactions=[row]), account() | bent]}
    ).encode()
    try:
        normalize.notices(body), normalize.custom_currencies(body)
        shown = normalize.accounts(body).values
        for one in shown:
            normalize.transactions(body, one)
            with contextlib.suppress(BrokenRow):
                normalize.balances(one.raw)
    except ContractBroken:
        pass


def test_a_row_that_was_kept_reads_the_same_again(bridge: RunningBank) -> None:
    one = adapter()
    access = linked(one, bridge)
    shown = one.accounts(access, psu=PSU)[0]
    (page,) = pages(one, access, shown, (date(2026, 11, 1), date(2026, 11, 23)))
    assert isinstance(one, Rereads)
    for row in page.transactions:
        assert one.reread(row.raw, row.status, shown, trace={}) == row


def test_without_a_door_there_is_no_such_adapter() -> None:
    with pytest.raises(CatalogueError, match="door"):
        SimpleFinAdapter(INSTITUTION, replace(tpp.tpp(), door=None))
