"""The adapter, found as the hub finds it, against its bank: what every adapter must hold, and what this one reads."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import kiosk_bank
import pytest

from providers import conformance
from providers.driving import FaultKind, linked
from providers.model import Money, Status
from providers.port import Adapter, Ask, LinkRequest, LinkStart
from providers.registry import adapter_for, load_institutions
from providers.tpp import Tpp

FILE = Path(__file__).parents[1] / "kiosk.json"
US = Tpp("Test hub", b"", "kid")


class Driver:
    """providers.driving.Answers and Faulty: the person at the keyboard, and the bank on a bad day."""

    period = (date(2026, 1, 1), date(2026, 3, 31))
    known_amounts: Mapping[str, Money] = {
        "m1": Money(Decimal("-9.99"), "EUR"),
        "m2": Money(Decimal("1500.00"), "EUR"),
    }

    def __init__(self, bank: kiosk_bank.Kiosk, adapter: Adapter) -> None:
        self.bank, self.adapter = bank, adapter

    def start(self) -> LinkStart:
        now = datetime.now(UTC)
        until = now.date() + timedelta(days=90)
        return self.adapter.start(LinkRequest("https://hub.example/callback", "state", "nonce", now, until))

    def answers(self, ask: Ask) -> Mapping[str, str]:
        return {"key": self.bank.new_key()}

    def wrong_answers(self, ask: Ask) -> Mapping[str, str]:
        return {"key": "nobodyskey"}

    @contextmanager
    def fault(self, kind: FaultKind) -> Iterator[None]:
        self.bank.fault = kind
        try:
            yield
        finally:
            self.bank.fault = ""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with kiosk_bank.running() as bank:
        file = json.loads(FILE.read_text()) | {"api": {"base_url": bank.url}}
        (tmp_path / "kiosk.json").write_text(json.dumps(file))
        yield Driver(bank, adapter_for(load_institutions([tmp_path])["kiosk"], US))


@pytest.mark.parametrize("check", conformance.checks_for(Driver), ids=lambda check: check.__name__)
def test_it_conforms(driver: Driver, check: conformance.Check) -> None:
    check(driver)


def test_what_it_reads(driver: Driver) -> None:
    access = linked(driver)
    jar = driver.adapter.accounts(access, psu=None)[0]
    pages = driver.adapter.transactions(access, jar, date_from=date(2026, 3, 2), date_to=date(2026, 3, 31), psu=None)
    rows = [row for page in pages for row in page.transactions]
    assert [row.bank_ids["id"] for row in rows] == ["m4", "m3", "m2"]
    assert [row.status for row in rows] == [Status.PENDING, Status.BOOKED, Status.BOOKED]
    assert (rows[1].counterparty.name, rows[1].remittance) == ("Grocer", ("Card 1234",))
