"""A person asks for what is new: at once, as one who is there, not too often, and told honestly what came of it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hub.connections.circuit import LeftAlone
from hub.connections.sealed import seal_access
from hub.ids import new_id
from hub.models.connection import Connection
from hub.models.quota import QuotaUse
from hub.sync import first, refresh
from hub.sync.run import sync_connection
from providers.errors import Transient
from providers.model import Page
from providers.port import Access
from tests.connections.scripted import ScriptedBank, movement
from tests.web.pages.world import Browser, World

BUTTON = "Refresh now"


@pytest.fixture
def path(world: World, bank: ScriptedBank) -> str:
    """The page of Lorelei Bank, which can be read; three rows of its first account are new."""
    access = Access("bank-consent", None, world.clock() + timedelta(days=90), {"token": "token-0"})
    with world.hub.db.write() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == world.lorelei)
            .values(access_sealed=seal_access(world.hub.sealer, world.lorelei, access))
        )
    today = world.clock().date()
    bank.pages["resource-1"] = [Page(tuple(movement(number, today) for number in range(3)), None)]
    return f"/connections/{world.lorelei}"


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first.start_attended, "__kwdefaults__", {"wait_s": 20.0})


def ask(browser: Browser, path: str) -> str:
    """The page after the button was pressed."""
    browser.get(path)
    answer = browser.post(f"{path}/refresh")
    assert (answer.status_code, answer.headers.get("Location")) == (303, path), answer.text
    return browser.get(path).text


def counted(world: World) -> int:
    with world.hub.db.read() as session:
        return sum(session.scalars(select(QuotaUse.used)))


@pytest.mark.usefixtures("waiting")
def test_the_bank_is_read_at_once_as_for_one_who_is_there_and_the_day_s_calls_stay(
    world: World, bank: ScriptedBank, path: str
) -> None:
    alice = world.browser()
    assert BUTTON in alice.get(path).text
    assert "3 new entries" in ask(alice, path)
    (psu,) = bank.presence
    assert psu is not None
    assert psu.ip_address == "127.0.0.1"
    assert counted(world) == 0
    world.clock.advance(days=1)
    sync_connection(world.hub, world.lorelei, owner=new_id(), psu=None)
    assert bank.presence[1:] == [None], "the address goes with what the person waits for, and with nothing else"
    assert counted(world) > 0


@pytest.mark.usefixtures("waiting")
def test_it_is_not_read_again_at_once_and_the_page_says_when(world: World, bank: ScriptedBank, path: str) -> None:
    alice = world.browser()
    ask(alice, path)
    page = alice.get(path).text
    assert BUTTON not in page
    assert "You can ask for news again at" in page
    assert alice.post(f"{path}/refresh").status_code == 303
    assert len(bank.presence) == 1
    world.clock.advance(seconds=refresh.REST.total_seconds())
    assert BUTTON in alice.get(path).text
    assert "nothing is new" in ask(alice, path)
    assert len(bank.presence) == 2


@pytest.mark.usefixtures("waiting")
def test_a_bank_that_asks_to_wait_is_left_alone_so_long(world: World, bank: ScriptedBank, path: str) -> None:
    alice = world.browser()
    bank.errors["accounts"] = Transient("HTTP 429", retry_after_s=3600)
    page = ask(alice, path)
    assert "Lorelei Bank asks us to wait until" in page
    assert BUTTON not in page
    assert "new entries" not in page
    world.clock.advance(seconds=1800)
    alice.post(f"{path}/refresh")
    assert len(bank.presence) == 1
    world.clock.advance(seconds=1800)
    bank.errors.clear()
    assert "3 new entries" in ask(alice, path)


@pytest.mark.usefixtures("waiting")
def test_that_we_leave_a_bank_alone_is_not_put_into_its_mouth(world: World, bank: ScriptedBank, path: str) -> None:
    alice = world.browser()
    bank.errors["accounts"] = LeftAlone("left alone for a moment", retry_after_s=3600)
    page = ask(alice, path)
    assert "asks us to wait" not in page
    assert "You can ask for news again at" in page
    assert "did not answer" in page


def test_while_it_goes_on_the_page_says_so_and_another_one_begins_nothing(
    world: World, bank: ScriptedBank, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first.start_attended, "__kwdefaults__", {"wait_s": 0.01})
    may_go_on, entered = threading.Event(), threading.Event()

    def slow(step: str, _key: str) -> None:
        if step == "accounts":
            entered.set()
            assert may_go_on.wait(20)

    bank.hook = slow
    alice = world.browser()
    alice.get(path)
    alice.post(f"{path}/refresh")
    assert entered.wait(10)
    page = alice.get(path).text
    assert "We are fetching" in page
    assert BUTTON not in page
    alice.get("/import")
    assert alice.post(f"{path}/refresh").status_code == 303
    may_go_on.set()
    _eventually(lambda: "3 new entries" in alice.get(path).text)
    assert len(bank.presence) == 1


def test_a_process_that_reads_for_too_many_says_so_and_takes_nothing_from_the_person(
    world: World, bank: ScriptedBank, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first, "_places", threading.BoundedSemaphore(1))
    alice = world.browser()
    alice.get(path)
    with first._places:
        assert alice.post(f"{path}/refresh").status_code == 429
    assert BUTTON in alice.get(path).text
    assert bank.presence == []


def test_a_stranger_and_a_forged_form_read_nothing(world: World, bank: ScriptedBank, path: str) -> None:
    charlie, alice = world.browser(world.charlie), world.browser()
    charlie.get("/import")
    assert charlie.post(f"{path}/refresh").status_code == 404
    alice.get(path)
    assert alice.post(f"{path}/refresh", token="forged").status_code == 400
    assert alice.get(f"{path}/refresh").status_code == 405
    assert bank.presence == []


@pytest.mark.parametrize("status", ["needs_psu", "revoked"])
def test_what_cannot_be_read_has_no_button_and_is_not_read(
    world: World, bank: ScriptedBank, path: str, status: str
) -> None:
    with world.hub.db.write() as session:
        session.execute(update(Connection).where(Connection.id == world.lorelei).values(status=status))
    alice = world.browser()
    alice.get("/import")
    assert alice.post(f"{path}/refresh").status_code == 303
    assert BUTTON not in alice.get(path).text
    assert bank.presence == []


def _eventually(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came to hold")
