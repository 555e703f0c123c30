"""Each way into a Berlin Group bank, walked on the pages: embedded, decoupled, a login first, a code said back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from demo import story
from demo.browser import Browser
from hub.stack import Stack
from tests.providers.sandbox_banks import bank_process

pytestmark = pytest.mark.timeout(180)

STEP = "/connect/step/"
PASSWORD = "alice-at-lorelei"


@dataclass(frozen=True)
class Town:
    """A hub that knows Lorelei several times: as it is, and as banks that want something else."""

    hub: Stack

    def everything_printed(self) -> str:
        return "".join(self.hub.log(name) for name in ("web", "worker"))


def _bank(folder: Path, bank_id: str, url: str, **api: Any) -> None:
    extended = {"extends": "lorelei", "id": bank_id, "name": bank_id.title(), "api": {"base_url": url, **api}}
    (folder / f"{bank_id}.json").write_text(json.dumps(extended))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("hub")
    today = ["--today", date.today().isoformat()]  # noqa: DTZ011  # the bank's calendar day
    with (
        bank_process("sandbox.berlin", *today) as plain,
        bank_process("sandbox.berlin", "--pre-step", *today) as first,
        bank_process("sandbox.berlin", "--pre-step", "--confirmation-codes", *today) as confirming,
    ):
        (folder / "institutions").mkdir()
        for approach in ("embedded", "decoupled"):
            _bank(folder / "institutions", approach, plain, approach=approach)
        for bank_id, url in (("loginfirst", first), ("confirming", confirming)):
            server = {"metadata_url": f"{url}/.well-known/oauth-authorization-server"}
            how = {"oauth": {"client_id": "PSDDE-BAFIN-1"}, "pre_step": server}
            _bank(folder / "institutions", bank_id, url, **how)
            _bank(folder / "institutions", f"{bank_id}_app", url, approach="decoupled", **how)
        stack = Stack(data_dir=folder, sandbox=("lorelei",), environ={"RIALTO_LOG_LEVEL": "DEBUG"})
        with stack.up():
            yield Town(stack)


def begun(town: Town, bank_id: str, who: str = "") -> Browser:
    """Alice, signed in at the hub and sent on her way to the bank."""
    person = Browser()
    story.sign_up(person, town.hub.url, email=f"{bank_id}{who}@people.example")
    person.open(f"{town.hub.url}/connect/{bank_id}").submit(f"/connect/{bank_id}")
    return person


def step(person: Browser, answers: dict[str, str] | None = None) -> Browser:
    (action,) = [one for one in person.actions if one.startswith(STEP)]
    return person.submit(action, answers)


def consents_at_the_bank(person: Browser) -> None:
    person.submit("submit", {"username": "alice", "password": PASSWORD})
    person.submit("approve", tick={"account": person.boxes("account")})
    person.submit("submit", {"tan": person.value("demo-tan")})


def has_four_accounts(person: Browser, town: Town, bank_id: str) -> None:
    story.wait_for_history(person)
    rows = story.what_alice_sees(person, town.hub.url)
    assert [row["bank"] for row in rows] == [bank_id.title()] * 4


def app_of(person: Browser) -> Browser:
    """The bank's app, at the address that the bank's message names."""
    return Browser().open(next(word for word in person.text.split() if "/sca/" in word))


@pytest.mark.parametrize("method", ["sms", "photo"])
def test_who_types_everything_here_is_linked_and_leaves_no_password_behind(town: Town, method: str) -> None:
    person = begun(town, "embedded", method)
    step(person, {"answer.psu_id": "alice", "answer.password": "wrong-pass-word"})
    assert "did not accept" in person.text
    step(person, {"answer.psu_id": "alice", "answer.password": PASSWORD})
    assert set(person.boxes("answer.method")) == {"sms", "photo"}
    step(person, {"answer.method": method})
    assert person.has_picture is (method == "photo")
    tan = person.text.partition("TAN ist ")[2][:6]
    step(person, {"answer.code": "000000" if tan != "000000" else "111111"})
    assert "did not accept" in person.text
    step(person, {"answer.code": tan})
    has_four_accounts(person, town, "embedded")
    assert PASSWORD not in town.everything_printed()
    assert "wrong-pass-word" not in town.everything_printed()
    for path in town.hub.data_dir.glob("*.db*"):
        assert PASSWORD.encode() not in path.read_bytes()


def test_who_confirms_in_the_app_is_linked_when_the_app_has_heard_it_and_not_before(town: Town) -> None:
    person = begun(town, "decoupled")
    step(person, {"answer.psu_id": "alice"})
    app = app_of(person)
    step(person)
    assert "not heard from you" in person.text
    consents_at_the_bank(app)
    step(person)
    has_four_accounts(person, town, "decoupled")


def test_who_says_no_in_the_app_is_told_so(town: Town) -> None:
    person = begun(town, "decoupled", "-no")
    step(person, {"answer.psu_id": "alice"})
    app = app_of(person)
    app.submit("submit", {"username": "alice", "password": PASSWORD})
    app.submit("deny")
    step(person)
    assert "You said no at the bank" in person.text


@pytest.mark.parametrize("bank_id", ["loginfirst", "confirming"])
def test_a_login_first_and_then_the_consent_make_one_link(town: Town, bank_id: str) -> None:
    person = begun(town, bank_id)
    assert "/oauth/login/" in person.url
    person.submit("submit", {"username": "alice", "password": PASSWORD})
    assert "/sca/" in person.url
    consents_at_the_bank(person)
    has_four_accounts(person, town, bank_id)
    returns = [url for url in person.visited if url.startswith(f"{town.hub.url}/connections/callback")]
    assert len(returns) == 2
    for spent in returns:  # a browser's history opens nothing
        with pytest.raises(RuntimeError, match="used already"):
            person.open(spent)


def test_another_persons_login_at_the_bank_authorises_nothing(town: Town) -> None:
    person = begun(town, "loginfirst", "-other")
    person.submit("submit", {"username": "alice", "password": PASSWORD})
    with pytest.raises(RuntimeError, match="403"):
        person.submit("submit", {"username": "bob", "password": "bob-at-lorelei"})


def test_a_return_that_somebody_else_opens_gives_neither_of_them_the_account(town: Town) -> None:
    alice, charlie = begun(town, "loginfirst", "-lured"), Browser()
    story.sign_up(charlie, town.hub.url, name="Charlie", email="charlie@people.example")
    alice.submit("submit", {"username": "alice", "password": PASSWORD})
    elsewhere = Browser().open(alice.url)  # the bank's page, opened where Charlie sent it
    elsewhere.submit("submit", {"username": "alice", "password": PASSWORD})
    elsewhere.submit("approve", tick={"account": elsewhere.boxes("account")})
    with pytest.raises(RuntimeError, match="begun in another browser"):
        elsewhere.submit("submit", {"tan": elsewhere.value("demo-tan")})
    (used,) = [url for url in elsewhere.visited if url.startswith(f"{town.hub.url}/connections/callback")]
    for browser in (alice, charlie):
        with pytest.raises(RuntimeError):
            browser.open(used)
    assert story.what_alice_sees(alice, town.hub.url) == []


def test_a_code_that_the_app_shows_is_typed_here(town: Town) -> None:
    person = begun(town, "confirming_app")
    person.submit("submit", {"username": "alice", "password": PASSWORD})
    step(person, {"answer.psu_id": "alice"})
    app = app_of(person)
    consents_at_the_bank(app)
    code = app.text.partition("Bestätigungscode ein: ")[2].split()[0]
    step(person)
    assert "confirmation code" in person.text
    step(person, {"answer.code": f"not-{code}"})
    assert "did not accept" in person.text
    step(person, {"answer.code": code})
    has_four_accounts(person, town, "confirming_app")
