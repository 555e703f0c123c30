"""The control page: what a developer sees of each bank, and what its forms do. No script is needed."""

import re
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.processes import TODAY, RunningBank, start

BANKS = {
    "Albion Bank": ("sandbox.uk", "albion.alice.current"),
    "Cambria Bank": ("sandbox.uk --bank cambria", "cambria.alice.current"),
    "Lorelei Bank": ("sandbox.berlin", "lorelei.alice.giro"),
    "Banque Mélusine": ("sandbox.stet", "melusine.alice.courant"),
    "Bunyip Bank": ("sandbox.au", "bunyip.alice.everyday"),
    "Banco Iara": ("sandbox.br", "iara.alice.corrente"),
    "Lagoon Bridge": ("sandbox.simplefin", "albion.alice.current"),
}


@pytest.fixture(scope="module", params=BANKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def desk(name: str) -> Iterator[RunningBank]:
    module, *flags = BANKS[name][0].split()
    bank = start(module, *flags, "--control", "--today", TODAY)
    yield bank
    bank.stop()


def page(desk: RunningBank) -> str:
    answer = requests.get(f"{desk.url}/_control", timeout=10)
    assert answer.status_code == 200
    return answer.text


def send(desk: RunningBank, form: str, **fields: str) -> requests.Response:
    return requests.post(f"{desk.url}/_control/page/{form}", data=fields, timeout=10)


def test_the_page_shows_the_bank_and_needs_no_script(desk: RunningBank, name: str) -> None:
    shown = page(desk)
    assert f"<h1>{name}: control</h1>" in shown
    assert TODAY in shown
    assert BANKS[name][1] in shown
    assert "Alice O&#39;Connor" in shown
    assert "<script" not in shown
    style = re.search(r'rel="stylesheet" href="([^"]+)"', shown)
    assert style is not None
    assert requests.get(desk.url + style[1], timeout=5).headers["Content-Type"].startswith("text/css")


def test_a_browser_may_send_the_pages_forms(desk: RunningBank) -> None:
    """Under no-referrer it would say "Origin: null" even to where the page came from (Fetch, "append a request Origin
    header"), and a form with that is refused."""
    assert requests.get(f"{desk.url}/_control", timeout=5).headers["Referrer-Policy"] == "same-origin"
    form = {"fault": "http_500", "on": "accounts", "times": "1"}
    for origin, status in ((desk.url, 200), ("null", 403)):
        headers = {"Origin": origin}
        answer = requests.post(f"{desk.url}/_control/page/fault", data=form, headers=headers, timeout=5)
        assert answer.status_code == status, origin
    send(desk, "clear")


def test_a_fault_is_armed_shown_and_cleared(desk: RunningBank) -> None:
    assert "None is armed" in page(desk)
    shown = send(desk, "fault", fault="http_500", on="accounts", times="3")
    assert (shown.status_code, "3 times more" in shown.text) == (200, True)
    assert "None is armed" in send(desk, "clear").text


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("fault", {"fault": "fire", "on": "accounts"}),
        ("fault", {"fault": "http_500", "on": "moon"}),
        ("fault", {"fault": "http_500", "on": "accounts", "times": "-1"}),
        ("fault", {"fault": "http_500", "on": "accounts", "times": "9" * 5000}),
        ("advance", {"days": "0"}),
        ("advance", {"days": "soon"}),
        ("transaction", {"amount": "much", "counterparty": "Shop"}),
        ("transaction", {"amount": "NaN", "counterparty": "Shop"}),
        ("transaction", {"amount": "1e99", "counterparty": "Shop"}),
        ("transaction", {"amount": "1.005", "counterparty": "Shop"}),
        ("transaction", {"amount": "0", "counterparty": "Shop"}),
        ("transaction", {"amount": "1.00", "counterparty": " "}),
        ("transaction", {"amount": "1.00", "counterparty": "Shop", "account": "somebody-elses"}),
    ],
)
def test_what_a_form_cannot_mean_is_said_and_changes_nothing(
    desk: RunningBank, name: str, form: str, fields: dict[str, str]
) -> None:
    before = page(desk)
    answer = send(desk, form, **{"account": BANKS[name][1], **fields})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert page(desk) == before


def test_a_transaction_is_added_booked_and_time_goes_on(desk: RunningBank, name: str) -> None:
    def row(shown: str) -> tuple[float, int]:
        found = re.search(rf"{re.escape(BANKS[name][1])}</span>.*?(-?[\d.]+) [A-Z]{{3}}</td><td>(\d+)</td>", shown)
        assert found is not None
        return float(found[1]), int(found[2])

    booked, pending = row(page(desk))
    fields = {"account": BANKS[name][1], "counterparty": "<b>Shop</b>"}
    assert row(send(desk, "transaction", amount="-12.50", pending="on", **fields).text) == (booked, pending + 1)
    assert row(send(desk, "transaction", amount="2.25", **fields).text) == (booked + 2.25, pending + 1)
    assert row(send(desk, "book-pending").text)[1] == 0
    assert "2026-11-24" in send(desk, "advance", days="1").text
