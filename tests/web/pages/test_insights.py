"""What money was for, put right by the person, and what comes again."""

import re
from datetime import timedelta

from sqlalchemy import select

from hub.models.insight import CategoryCorrection
from tests.web.pages.world import World


def transaction_of(world: World, words: str) -> str:
    text = world.browser().get(f"/accounts/{world.current}?q={words}").text
    found = re.search(r'href="/transactions/([^"]+)"', text)
    assert found
    return found[1]


def test_a_transaction_says_what_it_was_for_and_why(world: World) -> None:
    text = world.browser().get(f"/transactions/{transaction_of(world, 'salary')}").text
    assert "Salary" in text
    assert "The entry says “salary”." in text


def test_a_correction_is_remembered_for_the_payee_and_can_be_taken_back(world: World) -> None:
    alice = world.browser()
    coffee = transaction_of(world, "cup+7")
    assert "Restaurants and cafés" in alice.get(f"/transactions/{coffee}").text
    assert alice.post(f"/transactions/{coffee}/category", {"category": "giving.charity"}).status_code == 303
    other = transaction_of(world, "cup+8")
    text = alice.get(f"/transactions/{other}").text
    assert "Donations" in text
    assert "You said so for “caffe rosa”." in text
    alice.post(f"/transactions/{other}/category", {"category": ""})
    assert "Restaurants and cafés" in alice.get(f"/transactions/{coffee}").text


def test_nonsense_is_refused_and_nothing_is_remembered(world: World) -> None:
    alice = world.browser()
    coffee = transaction_of(world, "cup+7")
    alice.get(f"/transactions/{coffee}")
    assert alice.post(f"/transactions/{coffee}/category", {"category": "no.such"}).status_code == 400
    with world.hub.db.read() as session:
        assert session.scalars(select(CategoryCorrection)).all() == []


def test_a_stranger_corrects_nothing_of_hers(world: World) -> None:
    coffee = transaction_of(world, "cup+7")
    charlie = world.browser(world.charlie)
    charlie.get("/account")
    assert charlie.post(f"/transactions/{coffee}/category", {"category": "giving.charity"}).status_code == 404
    assert world.stranger().get(f"/transactions/{coffee}").status_code == 303
    assert world.browser().post(f"/transactions/{coffee}/category", {"category": "x"}, token="no").status_code == 400


def test_home_shows_where_this_month_went(world: World) -> None:
    text = world.browser().get("/").text
    assert "Spent this month" in text
    assert "Food and drink" in text
    assert 'class="bars__bar"' in text


def test_what_comes_again_is_a_page(world: World) -> None:
    assert "Nothing yet" in world.browser().get("/regular").text
    today = world.hub.clock().date()
    days = [(today.replace(day=15) - timedelta(days=30 * back)).replace(day=1) for back in range(4)]
    world.pay(world.albion, world.current, "Streamflix", [(day, "-9.99") for day in days])
    text = world.browser().get("/regular").text
    assert "Streamflix" in text
    assert "every month" in text
    assert "Streamflix" not in world.browser(world.charlie).get("/regular").text


def test_who_has_no_bank_is_told_what_to_do(world: World) -> None:
    assert 'href="/connect"' in world.browser(world.charlie).get("/regular").text


def test_a_series_that_stopped_is_listed_as_such(world: World) -> None:
    today = world.hub.clock().date()
    days = [today - timedelta(days=7 * week) for week in range(20, 25)]
    world.pay(world.albion, world.current, "Old Gym", [(day, "-30.00") for day in days])
    assert "No longer (1)" in world.browser().get("/regular").text
