"""Who sees what, its record, and stopping it."""

from datetime import timedelta

from sqlalchemy import update

from hub.models.consent import ConsentAccess, ConsentReceipt
from tests.web.pages.world import Browser, World


def test_a_consent_shows_who_sees_what_and_how_often(world: World) -> None:
    alice = world.browser()
    consent = world.consent(world.current, browser=alice)
    assert "never so far" in alice.get("/consents").text
    now = world.hub.clock()
    with world.hub.db.write() as session:
        for permission, times in (("balances:read", 3), ("transactions:read", 2)):
            session.add(
                ConsentAccess(consent_id=consent, day=now.date(), permission=permission, times=times, last_at=now)
            )
    text = alice.get("/consents").text
    assert "5 times, last" in text
    assert "Albion Bank · Everyday (GB•• •••• 5555)" in text
    assert "Rainy day" not in text
    detail = alice.get(f"/consents/{consent}").text
    assert "Chain checked: unbroken" in detail
    assert "You allowed it" in detail


def test_one_press_ends_it_and_a_second_changes_nothing(world: World) -> None:
    alice = world.browser()
    consent = world.consent(world.current, browser=alice)
    alice.get("/consents")
    assert alice.post(f"/consents/{consent}/revoke").status_code == 303
    text = alice.get("/consents").text
    assert "Access ended" in text
    assert "Nobody sees anything" in text
    assert "Past (1)" in text
    assert alice.post(f"/consents/{consent}/revoke", token=_token(alice)).status_code == 303
    assert "had ended already" in alice.get("/consents").text
    detail = alice.get(f"/consents/{consent}").text
    assert detail.count("It was ended") == 1
    assert "Chain checked: unbroken" in detail
    assert "You ended an app’s access: Budget Buddy" in alice.get("/account").text


def test_time_ends_it_before_anybody_writes_that_down(world: World) -> None:
    consent = world.consent(world.current)
    world.clock.advance(days=91)
    alice = world.browser()
    assert "Ran out" in alice.get("/consents").text
    assert "Stop access now" not in alice.get(f"/consents/{consent}").text


def test_a_record_that_was_tampered_with_is_called_broken(world: World) -> None:
    alice = world.browser()
    consent = world.consent(world.current, browser=alice)
    with world.hub.db.write() as session:
        session.execute(
            update(ConsentReceipt)
            .where(ConsentReceipt.consent_id == consent, ConsentReceipt.sequence == 1)
            .values(at=world.hub.clock() - timedelta(days=1), actor="elsewho", event="other")
        )
    text = alice.get(f"/consents/{consent}").text
    assert "Chain broken" in text
    assert "Nobody we know" in text


def _token(browser: Browser) -> str:
    browser.get("/account")
    return browser.token
