"""The inbox and the choices, as a person uses them."""

import re

import pytest
from sqlalchemy import select

from hub.context import Hub
from hub.models.notification import NotificationChoice, PushSubscription
from hub.notifications import inbox
from tests.notifications.push_service import device
from tests.notifications.telling import say, told
from tests.statements import statements
from tests.web.pages.world import World

NEEDS = "connection.needs_psu"
SETTINGS = "/account/notifications"


def attention(world: World, count: int = 1) -> None:
    for _ in range(count):
        say(world.hub, NEEDS, world.alice, {"institution_id": "albion"}, subject_id=world.albion)


def test_she_sees_what_is_new_everywhere_opens_it_and_it_is_read(world: World) -> None:
    attention(world)
    alice = world.browser()
    assert '<span class="count">1<' in alice.get("/").text
    text = alice.get("/notifications").text
    assert "Albion Bank wants to see you" in text
    link = re.search(r'href="(/notifications/[^"?]+)"', text)
    assert link
    response = alice.get(link[1])
    assert (response.status_code, response.headers["Location"]) == (303, f"/connections/{world.albion}")
    assert '<span class="count">' not in alice.get("/").text


def test_all_are_read_at_once_and_older_ones_are_on_the_next_page(world: World) -> None:
    attention(world, inbox.PAGE + 5)
    alice = world.browser()
    first = alice.get("/notifications").text
    assert first.count("wants to see you") == inbox.PAGE
    earlier = re.search(r'href="(/notifications\?before=[^"]+)"', first)
    assert earlier
    assert alice.get(earlier[1]).text.count("wants to see you") == 5
    alice.get("/notifications")
    assert alice.post("/notifications/read").status_code == 303
    assert {is_read for _, _, is_read in told(world.hub, world.alice)} == {True}


def test_a_page_that_begins_nowhere_is_refused(world: World) -> None:
    assert world.browser().get("/notifications?before=%00").status_code == 400


def test_an_empty_inbox_says_what_will_stand_there(world: World) -> None:
    assert "Nothing yet" in world.browser().get("/notifications").text


def test_nobody_opens_reads_or_counts_anothers(world: World) -> None:
    attention(world)
    with world.hub.db.read() as session:
        (item,) = inbox.page(world.hub, session, world.alice).items
    charlie = world.browser(world.charlie)
    assert charlie.get(f"/notifications/{item.id}").status_code == 404
    charlie.get("/account")
    charlie.post("/notifications/read")
    assert told(world.hub, world.alice)[0][2] is False
    assert world.stranger().get("/notifications").status_code == 303


def test_a_forged_form_changes_nothing(world: World) -> None:
    alice = world.browser()
    attention(world)
    for path in ("/notifications/read", SETTINGS, f"{SETTINGS}/browsers", f"{SETTINGS}/browsers/x/remove"):
        assert alice.post(path, {"push-money": "1"}, token="forged").status_code == 400
    assert told(world.hub, world.alice)[0][2] is False


def test_what_she_chooses_is_kept_and_a_wrong_day_is_said_with_her_choices_as_they_were(world: World) -> None:
    alice = world.browser()
    alice.get(SETTINGS)
    response = alice.post(SETTINGS, {"mail-money": "1", "day": "31", "month": "2"})
    assert response.status_code == 422
    assert "There is no such day of the year." in response.text
    assert re.search(r'name="mail-money" value="1" checked', response.text)
    with world.hub.db.read() as session:
        assert session.scalars(select(NotificationChoice)).all() == []
    assert alice.post(SETTINGS, {"mail-money": "1", "day": "24", "month": "11"}).status_code == 303
    text = alice.get(SETTINGS).text
    assert re.search(r'name="mail-money" value="1" checked', text)
    assert not re.search(r'name="mail-access" value="1" checked', text)
    assert re.search(r'<option value="11" selected>', text)


def test_a_browser_is_added_listed_and_removed(world: World) -> None:
    alice = world.browser()
    alice.get(SETTINGS)
    with device() as phone:
        given = {"endpoint": phone.address.endpoint, "p256dh": phone.address.p256dh, "auth": phone.address.auth}
        assert alice.post(f"{SETTINGS}/browsers", given).status_code == 303
        text = alice.get(SETTINGS).text
        assert "Firefox on Linux" in text
        assert phone.address.endpoint not in text
        remove = re.search(rf'action="({SETTINGS}/browsers/[^/]+/remove)"', text)
        assert remove
        charlie = world.browser(world.charlie)
        charlie.get(SETTINGS)
        assert charlie.post(remove[1]).status_code == 404
        alice.get(SETTINGS)
        assert alice.post(remove[1]).status_code == 303
    with world.hub.db.read() as session:
        assert session.scalars(select(PushSubscription)).all() == []


@pytest.mark.parametrize("field", ["endpoint", "p256dh", "auth"])
def test_an_address_that_no_browser_gives_is_refused(world: World, field: str) -> None:
    alice = world.browser()
    alice.get(SETTINGS)
    with device() as phone:
        given = {"endpoint": phone.address.endpoint, "p256dh": phone.address.p256dh, "auth": phone.address.auth}
        assert alice.post(f"{SETTINGS}/browsers", given | {field: "x"}).status_code == 400


def test_the_worker_of_browsers_speaks_for_the_whole_hub(world: World) -> None:
    response = world.stranger().get("/push-worker.js")
    assert response.status_code == 200
    assert response.content_type.startswith("text/javascript")


def test_an_inbox_costs_few_statements_however_full(world: World) -> None:
    attention(world, 3)

    def cost(hub: Hub) -> int:
        with hub.db.read() as session, statements(hub) as seen:
            inbox.page(hub, session, world.alice)
        return len(seen)

    few = cost(world.hub)
    attention(world, 20)
    assert cost(world.hub) == few == 3
