"""What a client reads is what the consent gives it: these accounts, these fields, this far back, until it ends."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from consent.model import Actor, Permission
from hub.consents import service as consents
from hub.models.client import Client
from tests.api.world import READS, World
from tests.conftest import TestClock
from tests.people import alice, charlie

GB, DE = "GB33BUKB20201555555555", "DE89370400440532013000"
BASIC = frozenset({Permission.ACCOUNTS_READ})


def test_only_the_chosen_accounts_are_there(world: World) -> None:
    psu_id = alice(world.hub)
    current, savings = world.link(psu_id, "albion", {GB: "GBP", "GB82WEST12345698765432": "GBP"})
    (euro,) = world.link(psu_id, "lorelei", {DE: "EUR"})
    app = world.caller(psu_id, {current: READS, euro: BASIC})
    assert {one["id"] for one in app.get("/v1/accounts").json["data"]} == {current, euro}
    assert {one["account_id"] for one in app.get("/v1/balances").json["data"]} == {current}
    assert app.get(f"/v1/accounts/{savings}").status_code == 404
    assert app.get(f"/v1/accounts/{euro}/balances").status_code == 404


def test_fields_follow_the_permission_of_each_account(world: World) -> None:
    psu_id = alice(world.hub)
    whole, plain = world.link(psu_id, "albion", {GB: "GBP", "GB82WEST12345698765432": "GBP"})
    world.history(whole, 1)
    world.history(plain, 1)
    app = world.caller(psu_id, {whole: READS, plain: READS - {Permission.PARTIES_READ}})
    shown = {one["id"]: one for one in app.get("/v1/accounts").json["data"]}
    assert shown[whole]["identifiers"] == [{"scheme": "IBAN", "value": GB}]
    assert {"identifiers", "owner_name", "bic"}.isdisjoint(shown[plain])
    assert shown[plain]["identifiers_masked"][0]["value"].endswith("5432")
    assert "GB82WEST12345698765432" not in str(shown[plain])
    rows = {one["account_id"]: one for one in app.get("/v1/transactions").json["data"]}
    assert rows[whole]["counterparty_account"] == "DE02120300000000202051"
    assert "counterparty_account" not in rows[plain]
    assert [one["id"] for one in app.get("/v1/parties").json["data"]] == [whole]


def test_history_begins_where_the_person_said(world: World, clock: TestClock) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    world.history(account, 30)
    since = clock().date() - timedelta(days=9)
    app = world.caller(psu_id, {account: READS}, history_from=since)
    rows = app.get("/v1/transactions?date_from=2020-01-01").json["data"]
    assert len(rows) == 10
    assert min(one["booking_date"] for one in rows) == since.isoformat()
    synced = app.get("/v1/transactions/sync").json
    assert len(synced["added"]) == 10


def test_pages_of_history_neither_lose_nor_repeat(world: World) -> None:
    psu_id = alice(world.hub)
    first, second = world.link(psu_id, "albion", {GB: "GBP", "GB82WEST12345698765432": "GBP"})
    world.history(first, 40)
    world.history(second, 33)
    app = world.caller(psu_id, {first: READS, second: READS})
    seen, path = [], "/v1/transactions?limit=10"
    while True:
        page = app.get(path).json
        seen += [one["id"] for one in page["data"]]
        if page["next"] is None:
            break
        path = f"/v1/transactions?limit=10&after={page['next']}"
    assert len(seen) == len(set(seen)) == 73


def test_amounts_are_exact_text_signed_from_the_holders_side(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    world.history(account, 4)
    app = world.caller(psu_id, {account: READS})
    assert [one["amount"] for one in app.get("/v1/transactions").json["data"]] == ["0", "-0.25", "-0.5", "-0.75"]


FILTERS = [
    ("direction=out", 19),
    ("direction=in", 0),
    ("min_amount=-1.00", 5),
    ("max_amount=-4.75", 1),
    ("q=SHOP%2019", 1),
    ("q=thank", 20),
    ("q=%25", 0),
    ("status=PDNG", 0),
    ("limit=3", 3),
]


@pytest.mark.parametrize(("query", "count"), FILTERS)
def test_filters(world: World, query: str, count: int) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    world.history(account, 20)
    app = world.caller(psu_id, {account: READS})
    for path in ("/v1/transactions", f"/v1/accounts/{account}/transactions"):
        assert len(app.get(f"{path}?{query}").json["data"]) == count


# Every address that names something of a person's.
STRANGER = [
    "/v1/accounts/{account}",
    "/v1/accounts/{account}/balances",
    "/v1/accounts/{account}/transactions",
    "/v1/transactions?account_id={account}",
    "/v1/transactions/{transaction}",
    "/v1/consents/{consent}",
]


@pytest.mark.parametrize("path", STRANGER)
def test_a_stranger_with_a_valid_token_finds_nothing_of_hers(world: World, path: str) -> None:
    """Charlie gets the same answer for Alice's thing and for one that does not exist."""
    psu_id, stranger = alice(world.hub), charlie(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    world.history(account, 1)
    (his,) = world.link(stranger, "albion", {DE: "EUR"})
    world.history(his, 1)
    hers = world.caller(psu_id, {account: READS})
    names = {
        "account": account,
        "transaction": hers.get("/v1/transactions").json["data"][0]["id"],
        "consent": hers.consent_id,
    }
    assert hers.get(path.format(**names)).status_code == 200
    his_app = world.caller(stranger, {his: READS})
    refused = his_app.get(path.format(**names))
    missing = his_app.get(path.format(**dict.fromkeys(names, "00000000-0000-7000-8000-000000000000")))
    assert refused.status_code == missing.status_code == 404
    assert refused.json["detail"] == missing.json["detail"]
    assert account not in refused.text


def test_a_stranger_cannot_give_her_consent_back(world: World) -> None:
    psu_id, stranger = alice(world.hub), charlie(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    (his,) = world.link(stranger, "albion", {DE: "EUR"})
    hers, his_app = world.caller(psu_id, {account: READS}), world.caller(stranger, {his: READS})
    assert his_app.delete(f"/v1/consents/{hers.consent_id}").status_code == 404
    assert hers.get("/v1/accounts").status_code == 200


def test_revoking_shuts_the_app_out_at_once_with_the_token_it_has(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    app = world.caller(psu_id, {account: READS})
    assert app.get("/v1/accounts").status_code == 200
    with world.hub.db.write() as session:
        consents.revoke(session, app.consent_id, actor=Actor.PSU, psu_id=psu_id, now=world.hub.clock())
    for path in ("/v1/accounts", "/v1/balances", "/v1/transactions", "/v1/transactions/sync", "/v1/userinfo"):
        refused = app.get(path)
        assert refused.status_code == 403, path
        assert refused.json["reason"] == "revoked"
        assert account not in refused.text
    assert app.get("/v1/consents").json["data"][0]["status"] == "revoked"


def test_the_app_may_give_the_consent_back(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    app = world.caller(psu_id, {account: READS})
    for _ in range(2):
        assert app.delete(f"/v1/consents/{app.consent_id}").status_code == 204
    assert app.get("/v1/accounts").status_code == 403


def test_an_ended_consent_denies_before_anybody_wrote_it_down(world: World, clock: TestClock) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    app = world.caller(psu_id, {account: READS})
    clock.advance(days=90)
    again = world.caller(psu_id, {account: READS})
    assert again.get("/v1/accounts").status_code == 200
    assert app.get("/v1/accounts").status_code == 401  # the token is over as well


def test_a_scope_that_the_registration_lost_is_lost_at_once(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    app = world.caller(psu_id, {account: READS})
    with world.hub.db.write() as session:
        session.get_one(Client, app.client_id).scopes = ["accounts:read"]
    assert app.get("/v1/accounts").status_code == 200
    refused = app.get("/v1/balances")
    assert (refused.status_code, refused.json["reason"]) == (403, "scope_missing")


def test_what_the_person_did_not_give_is_refused_even_with_the_scope(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    app = world.caller(psu_id, {account: BASIC})
    refused = app.get("/v1/transactions")
    assert (refused.status_code, refused.json["reason"]) == (403, "permission_not_granted")


def test_who_the_person_is_comes_pairwise_and_only_as_far_as_they_share_it(world: World) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {GB: "GBP"})
    told = world.caller(psu_id, {account: READS}).get("/v1/userinfo").json
    assert told["name"] == "Alice"
    assert "email" not in told
    assert psu_id not in told["sub"]


def test_a_page_of_history_costs_two_statements(world: World) -> None:
    psu_id = alice(world.hub)
    accounts = world.link(psu_id, "albion", {GB: "GBP", "GB82WEST12345698765432": "GBP"})
    for account in accounts:
        world.history(account, 60)
    app = world.caller(psu_id, dict.fromkeys(accounts, READS))
    app.get("/v1/transactions")
    statements: list[str] = []
    for engine in (world.hub.db.reader, world.hub.db.writer):
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(app.get("/v1/transactions?limit=100").json["data"]) == 100
    burnt = [one for one in statements if "burnt_jti" in one]  # the proof; SQLite keeps it in a file of its own
    assert len(burnt) == (0 if world.hub.db.is_sqlite else 1)
    counted = [one for one in statements if not one.startswith("BEGIN") and one not in burnt]
    assert len(counted) == 2, counted  # grant and consent; the page. The reading is counted in memory.
