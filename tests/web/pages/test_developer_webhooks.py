"""A developer adds an endpoint, sees its secret once, tries it, and reads what was sent; nobody else can."""

import re
from collections.abc import Iterator

import pytest

from hub.jobs.crew import Crew
from hub.models.client import Client
from hub.webhooks import deliver
from tests.web.pages.world import World
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


def app_of_alice(world: World) -> str:
    client_id = world.client.client.client_id
    with world.hub.db.write() as session:
        session.get_one(Client, client_id).owner_psu_id = world.alice
    return f"/developer/apps/{client_id}/webhooks"


def test_from_the_form_to_the_first_message_and_a_new_secret(world: World, receiver: Receiver) -> None:
    webhooks = app_of_alice(world)
    alice = world.browser()
    alice.get(webhooks)
    page = alice.post(webhooks, {"url": receiver.url, "scheme": "v1"})
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", page.text))
    assert page.headers["Cache-Control"] == "no-store"
    (here,) = set(re.findall(rf'action="({webhooks}/[0-9a-f-]+)/test"', page.text))
    assert secret not in alice.get(here).text
    alice.post(f"{here}/test")
    assert "A test is on its way." in alice.get(here).text
    Crew(world.hub, [deliver.KIND]).run_once()
    (got,) = receiver.got
    assert got.is_signed_by(secret)
    seen = alice.get(here).text
    assert "webhook.test" in seen
    assert "Taken" in seen
    alice.post(f"{here}/again", {"message_id": got.id})
    Crew(world.hub, [deliver.KIND]).run_once()
    assert [one.id for one in receiver.got] == [got.id, got.id]
    alice.get(here)
    assert secret not in alice.post(f"{here}/secret").text
    for step, word in (("off", "Switched off"), ("on", "Called")):
        alice.get(here)
        alice.post(f"{here}/{step}")
        text = alice.get(here).text
        assert word in text
        assert ("Send a test</button>" in text) is (step == "on")  # switched off, it would wait in silence
    alice.post(f"{here}/delete")
    assert alice.get(here).status_code == 404


def test_a_wrong_address_is_told_beside_its_field(world: World) -> None:
    webhooks = app_of_alice(world)
    alice = world.browser()
    alice.get(webhooks)
    answer = alice.post(webhooks, {"url": "ftp://app.example", "scheme": "v1"})
    assert answer.status_code == 422
    assert "The URL must be https" in answer.text or "not an absolute one" in answer.text


def test_the_form_names_the_types_as_they_come_and_the_addresses_that_this_hub_calls(world: World) -> None:
    webhooks, alice = app_of_alice(world), world.browser()
    text = alice.get(webhooks).text
    assert "transactions.updated · Ask transactions/sync" in text
    assert ("http://127.0.0.1 too" in text) is world.hub.settings.local


def test_another_developer_finds_nothing_there(world: World, receiver: Receiver) -> None:
    webhooks = app_of_alice(world)
    alice, charlie = world.browser(), world.browser(world.charlie)
    alice.get(webhooks)
    page = alice.post(webhooks, {"url": receiver.url, "scheme": "v1"})
    (here,) = set(re.findall(rf'action="({webhooks}/[0-9a-f-]+)/test"', page.text))
    assert {charlie.get(one).status_code for one in (webhooks, here)} == {404}
    for step in ("", "/test", "/again", "/off", "/on", "/secret", "/delete"):
        charlie.get("/developer/new")
        charlie.get("/account/password")
        assert charlie.post(f"{here}{step}", {"url": receiver.url}).status_code == 404
    assert receiver.got == []
