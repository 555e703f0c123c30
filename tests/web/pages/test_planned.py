"""What is planned on an account, and what the bank says of it, as its person sees it."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hub.ledger.resources.store import store, store_failure
from hub.web.format import MINUS
from hub.web.present.schedules import in_words
from providers.model import Money, Party
from providers.port import Resource
from providers.resources import Instalment, MandateStatus
from tests.api.whole import LANDLORD, WHOLE
from tests.web.pages.world import World

ORDERS, DEBITS, LATER = Resource.STANDING_ORDERS, Resource.DIRECT_DEBITS, Resource.SCHEDULED_PAYMENTS


def show(world: World, kind: Resource, *values: Any) -> None:
    with world.hub.db.write() as session:
        store(session, world.hub.sealer, world.current, kind, values, world.hub.clock())


def section(world: World, name: str = "planned") -> str:
    """The words of that part of the page."""
    text = world.browser().get(f"/accounts/{world.current}").text
    _, _, after = text.partition(f'aria-labelledby="{name}"')
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", after.partition("</section>")[0]))


def test_what_is_planned_stands_in_the_order_in_which_it_comes(world: World) -> None:
    order, later = WHOLE[ORDERS], WHOLE[LATER]
    gym = replace(WHOLE[DEBITS], next=None, final=None, creditor=Party("Gym"), status=MandateStatus.ACTIVE)
    club = replace(gym, id="DD2", creditor=Party("Old club"), mandate_id="M9", status=MandateStatus.CANCELLED)
    soon = replace(order, next=Instalment(date(2026, 12, 1), Money(Decimal("-650.00"), "GBP")))
    show(world, ORDERS, soon)
    show(world, DEBITS, gym, club)
    show(world, LATER, replace(later, creditor=Party("<b>Windows</b>")))
    words = section(world)
    places = [words.index(one) for one in ("Landlord &amp; Sons", "Windows", "Gym", "No longer planned", "Old club")]
    assert places == sorted(places)
    assert "Standing order · every 2 months on the last day · rent" in words
    assert f"{MINUS}£650.00" in words
    assert f"It varies last time {MINUS}£650.00" in words
    assert "Cancelled" in words
    assert "<b>Windows" not in world.browser().get(f"/accounts/{world.current}").text


def test_nothing_planned_not_shown_and_refused_are_three_things(world: World) -> None:
    assert "has not shown us standing orders" in section(world)
    show(world, ORDERS)
    assert "Nothing is planned." in section(world)
    with world.hub.db.write() as session:
        store_failure(session, world.hub.sealer, world.current, DEBITS, "refused", b"", world.hub.clock())
    assert "It does not show direct debits for this account." in section(world)


def test_what_the_bank_shows_no_more_is_still_there_with_its_last_day(world: World) -> None:
    show(world, ORDERS, WHOLE[ORDERS])
    seen = world.hub.clock().date()
    world.clock.advance(days=3)
    show(world, ORDERS)
    words = section(world)
    assert "No longer planned" in words
    assert f"Last shown on {seen.day} " in words


def test_the_person_sees_all_that_is_kept_of_the_account(world: World) -> None:
    assert section(world, "about") == ""
    for kind in (Resource.PRODUCTS, Resource.PARTIES, Resource.BENEFICIARIES, Resource.STATEMENTS):
        show(world, kind, WHOLE[kind])
    words = section(world, "about")
    for one in ("Everyday", "Alice Moro", "1 High Street, Bath, BA1 1AA", "+44 7700 900000", LANDLORD, "Trusted"):
        assert one in words
    assert "interest of the card" in words


def test_pages_of_older_rows_do_not_say_it_again(world: World) -> None:
    show(world, ORDERS, WHOLE[ORDERS])
    assert 'id="planned"' not in world.browser().get(f"/accounts/{world.current}?q=salary").text


SCHEDULES = [
    (("MNTH", 1, 1, None), "every month on the 1st"),
    (("MNTH", 2, -1, None), "every 2 months on the last day"),
    (("MNTH", 1, 5, 2), "every month on the second Friday"),
    (("MNTH", 1, 22, None), "every month on the 22nd"),
    (("MNTH", 1, 13, None), "every month on the 13th"),
    (("WEEK", 2, 1, None), "every 2 weeks on Mondays"),
    (("WEEK", 1, 9, None), "every week"),
    (("YEAR", 1, None, None), "every year"),
    (("ADHO", 1, None, None), "whenever it is due"),
]


@pytest.mark.parametrize(("schedule", "words"), SCHEDULES)
def test_how_often_is_said_in_words(schedule: tuple[str, int, int | None, int | None], words: str) -> None:
    assert in_words(dict(zip(("frequency", "interval", "day", "week"), schedule, strict=True))) == words


def test_a_schedule_that_nobody_told_says_nothing() -> None:
    assert in_words(None) == ""
