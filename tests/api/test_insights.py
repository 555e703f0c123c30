"""Categories and payments that come again, over the API: with reasons, and never more than the consent shows."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from consent.decide import for_owner
from hub.insights import corrections
from hub.insights.categorise import Because
from hub.insights.movement import payee_key
from hub.insights.stored import Meaning, booked
from hub.insights.taxonomy import CATEGORIES
from hub.models.insight import CategoryCorrection
from providers.model import NO_DETAILS, Card, Details, Identifier, Money, Party, Scheme, Status, Transaction
from tests.api.test_reading import BASIC, DE, GB
from tests.api.world import READS, World
from tests.people import alice, charlie
from tests.race import at_once

SAVINGS = "GB82WEST12345698765432"


def row(
    day: date, amount: str, name: str, *, text: str = "", account: str | None = None, details: Details = NO_DETAILS
) -> Transaction:
    to = None if account is None else Identifier(Scheme.IBAN, account)
    return Transaction(
        status=Status.BOOKED,
        money=Money(Decimal(amount), "GBP"),
        booking_date=day,
        value_date=day,
        counterparty=Party(name, to),
        remittance=(text,) if text else (),
        bank_ids={"transactionId": f"{day}{amount}{name}"},
        raw=b"{}",
        details=details,
    )


def filled(world: World) -> tuple[str, str, str]:
    """Alice, her current account with a history, and her savings account."""
    psu_id = alice(world.hub)
    current, savings = world.link(psu_id, "albion", {GB: "GBP", SAVINGS: "GBP"})
    today = world.hub.clock().date()
    rent = [(today.replace(day=15) - timedelta(days=30 * back)).replace(day=1) for back in range(5)]
    rows = [row(day, "-900.00", "Canal Lettings", text="rent") for day in rent]
    rows += [
        row(today - timedelta(2), "-31.20", "TESCO STORES 2041"),
        row(today - timedelta(3), "-500.00", "A Rialto", account=SAVINGS),
        row(today - timedelta(4), "-4.80", "SUMUP", details=Details(card=Card(merchant_name="Caffè Rosa"))),
        row(today - timedelta(5), "-70.00", "Somebody"),
    ]
    world.store(current, rows, first=today - timedelta(400), last=today)
    return psu_id, current, savings


def test_each_transaction_has_a_category_with_its_reason_when_it_is_asked_for(world: World) -> None:
    psu_id, current, savings = filled(world)
    app = world.caller(psu_id, {current: READS, savings: READS})
    shown = app.get("/v1/transactions?include=category").json["data"]
    found = {one["counterparty_name"]: one["category"] for one in shown}
    assert found["TESCO STORES 2041"] == {
        "code": "food.groceries",
        "name": "Groceries",
        "because": "known_merchant",
        "evidence": "tesco",
    }
    assert found["Canal Lettings"]["code"] == "housing.rent"
    assert found["SUMUP"]["code"] == "food.restaurants"
    assert found["A Rialto"]["code"] == "transfers.own_accounts"
    assert found["Somebody"]["because"] == "nothing_else_known"
    assert all("category" not in one for one in app.get("/v1/transactions").json["data"])


def test_an_app_does_not_learn_of_accounts_that_it_was_not_shown(world: World) -> None:
    psu_id, current, _ = filled(world)
    app = world.caller(psu_id, {current: READS})
    shown = app.get("/v1/transactions?include=category").json["data"]
    (transfer,) = [one for one in shown if one["counterparty_name"] == "A Rialto"]
    assert transfer["category"]["because"] != Because.OWN_ACCOUNT


def test_a_payment_to_the_holders_own_name_is_theirs_to_know(world: World) -> None:
    psu_id, current, _ = filled(world)
    today = world.hub.clock().date()
    world.store(current, [row(today, "-650.00", "RIALTO, ALICE")], first=today, last=today)
    with world.hub.db.read() as session:
        mine, meaning = for_owner(psu_id, [current]), Meaning(session, for_owner(psu_id, [current]))
        movements = map(meaning.movement, booked(session, mine, first=today, last=today))
        because = {one.payee: meaning.category(one).because for one in movements}
    assert because["RIALTO, ALICE"] is Because.OWN_NAME
    app = world.caller(psu_id, {current: READS}).get("/v1/transactions?include=category&q=rialto,").json["data"]
    assert [one["category"]["because"] for one in app] == ["nothing_else_known"]


def test_what_the_person_corrects_is_no_apps_business(world: World) -> None:
    psu_id, current, _ = filled(world)
    corrections.correct(
        world.hub,
        psu_id,
        payee_key=payee_key("Tesco Stores"),
        is_in=False,
        category="family.childcare",
        now=world.hub.clock(),
    )
    shown = world.caller(psu_id, {current: READS}).get("/v1/transactions?include=category&q=tesco").json["data"]
    assert [one["category"]["because"] for one in shown] == ["known_merchant"]


def test_a_correction_pressed_many_times_at_once_is_one(world: World) -> None:
    psu_id, _, _ = filled(world)

    def press() -> None:
        corrections.correct(
            world.hub, psu_id, payee_key="tesco", is_in=False, category="giving.charity", now=world.hub.clock()
        )

    at_once(8, press)
    with world.hub.db.read() as session:
        assert [one.category for one in session.scalars(select(CategoryCorrection))] == ["giving.charity"]


def test_days_that_no_calendar_reaches_cost_nobody_their_series(world: World) -> None:
    psu_id, current, _ = filled(world)
    far = [date(9999, 12, 29 + day) for day in range(3)]
    world.store(current, [row(day, "-1.00", "Odd Bank") for day in far], first=far[0], last=far[-1])
    assert len(world.caller(psu_id, {current: READS}).get("/v1/recurring").json["data"]) == 1


def test_rent_comes_again(world: World) -> None:
    psu_id, current, _ = filled(world)
    app = world.caller(psu_id, {current: READS})
    (rent,) = app.get("/v1/recurring").json["data"]
    assert (rent["payee"], rent["rhythm"], rent["state"]) == ("Canal Lettings", "monthly", "established")
    assert (rent["usual_amount"], rent["is_fixed"], rent["price_changes"]) == ("-900.00", True, [])
    assert rent["category"]["code"] == "housing.rent"
    assert rent["next_date"] > rent["last_date"]
    assert len(rent["transaction_ids"]) == 5
    for transaction_id in rent["transaction_ids"]:
        assert app.get(f"/v1/transactions/{transaction_id}").status_code == 200


def test_a_series_is_found_only_in_what_may_be_read(world: World) -> None:
    psu_id, current, _ = filled(world)
    today = world.hub.clock().date()
    app = world.caller(psu_id, {current: READS}, history_from=today - timedelta(40))
    assert app.get("/v1/recurring").json["data"] == []
    assert world.caller(psu_id, {current: BASIC}).get("/v1/recurring").status_code == 403


def test_a_stranger_finds_no_series_of_hers(world: World) -> None:
    filled(world)
    stranger = charlie(world.hub)
    (his,) = world.link(stranger, "albion", {DE: "GBP"})
    assert world.caller(stranger, {his: READS}).get("/v1/recurring").json["data"] == []


def test_the_categories_are_public(world: World) -> None:
    listed = world.app.test_client().get("/v1/categories").json
    assert listed is not None
    assert [one["code"] for one in listed["data"]] == list(CATEGORIES)
    assert {"code", "name", "group", "group_name", "coicop"} == set(listed["data"][0])


def test_only_what_exists_can_be_included(world: World) -> None:
    psu_id, current, _ = filled(world)
    answer = world.caller(psu_id, {current: READS}).get("/v1/transactions?include=nothing")
    assert (answer.status_code, answer.json["parameter"]) == (400, "include")
