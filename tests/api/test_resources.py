"""What hangs on accounts, as apps get it: what was ticked for this account, no number of anybody else's without the
permission for it, nothing from before the history starts, and never an empty list that means "not read".
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from consent.model import Permission
from hub.api.resources import _KINDS
from hub.ledger.resources.content import KEPT
from hub.ledger.resources.read import PERMISSIONS
from hub.ledger.resources.store import store_failure
from providers.port import Resource
from tests.api.whole import LANDLORD, WHOLE
from tests.api.world import READS, World
from tests.conftest import TestClock
from tests.people import alice, charlie

GB, OTHER = "GB33BUKB20201555555555", "GB82WEST12345698765430"
PATHS = {kind.resource: kind.name.replace("_", "-") for kind in _KINDS}
BEFORE = frozenset(
    {Permission.ACCOUNTS_READ, Permission.BALANCES_READ, Permission.TRANSACTIONS_READ, Permission.PARTIES_READ}
)


@dataclass(frozen=True)
class Home:
    """Alice with two accounts, and one of everything on the first."""

    world: World
    psu_id: str
    first: str
    second: str

    def hang(self, account_id: str) -> None:
        for kind, value in WHOLE.items():
            self.world.hang(account_id, kind, value)


@pytest.fixture
def home(world: World) -> Home:
    psu_id = alice(world.hub)
    made = Home(world, psu_id, *world.link(psu_id, "albion", {GB: "GBP", OTHER: "GBP"}))
    made.hang(made.first)
    return made


def test_every_kind_that_is_kept_is_served_for_a_permission() -> None:
    assert PATHS.keys() == set(KEPT) == PERMISSIONS.keys()


def test_each_permission_opens_its_own_kinds_on_its_own_accounts_and_nothing_else(home: Home) -> None:
    home.hang(home.second)
    for given in set(PERMISSIONS.values()):
        app = home.world.caller(home.psu_id, {home.first: frozenset({given}), home.second: BEFORE})
        for kind, path in PATHS.items():
            answer = app.get(f"/v1/{path}")
            if PERMISSIONS[kind] is not given:
                assert answer.status_code == 403, (given, path)
                assert answer.json["reason"] == "permission_not_granted"
                assert app.get(f"/v1/accounts/{home.first}/{path}").status_code == 403
                continue
            assert [one["account_id"] for one in answer.json["data"]] == [home.first]
            assert [one["account_id"] for one in answer.json["readings"]] == [home.first]
            assert app.get(f"/v1/accounts/{home.first}/{path}").json == answer.json
            assert app.get(f"/v1/accounts/{home.second}/{path}").status_code == 404


def test_what_was_given_before_opens_none_of_it(home: Home) -> None:
    app = home.world.caller(home.psu_id, {home.first: BEFORE}, scope=" ".join(sorted(BEFORE)))
    for path in PATHS.values():
        answer = app.get(f"/v1/accounts/{home.first}/{path}")
        assert (answer.status_code, answer.json["reason"]) == (403, "scope_missing")


def test_a_stranger_with_a_valid_token_finds_nothing_of_hers(home: Home) -> None:
    psu_id = charlie(home.world.hub)
    (his,) = home.world.link(psu_id, "albion", {GB: "GBP"})
    app = home.world.caller(psu_id, {his: READS})
    for path in PATHS.values():
        stranger = app.get(f"/v1/accounts/{home.first}/{path}")
        nobody = app.get(f"/v1/accounts/no-such-account/{path}")
        assert stranger.status_code == nobody.status_code == 404
        assert {**stranger.json, "instance": ""} == {**nobody.json, "instance": ""}
        assert app.get(f"/v1/{path}").json["data"] == []


def test_whom_it_pays_has_a_number_only_with_parties(home: Home) -> None:
    home.hang(home.second)
    app = home.world.caller(home.psu_id, {home.first: READS, home.second: READS - {Permission.PARTIES_READ}})
    for path in ("standing-orders", "direct-debits", "scheduled-payments", "beneficiaries"):
        by_account = {one["account_id"]: one for one in app.get(f"/v1/{path}").json["data"]}
        assert by_account[home.first]["creditor_account"] == LANDLORD
        assert LANDLORD not in str(by_account[home.second])
        assert by_account[home.second]["creditor_name"] == "Landlord & Sons"


def test_no_answer_holds_the_banks_own_row(home: Home) -> None:
    app = home.world.caller(home.psu_id, {home.first: READS})
    for path in PATHS.values():
        text = app.get(f"/v1/{path}?include=ended").text
        assert "of the bank" not in text
        assert "bank_id" not in text


def test_statements_from_before_the_history_starts_stay_inside(home: Home) -> None:
    october = WHOLE[Resource.STATEMENTS]
    undated = replace(october, id="S2", period=(None, None), reference="?")
    november = replace(october, id="S3", period=(date(2026, 11, 1), date(2026, 11, 30)), reference="2026-11")
    home.world.hang(home.first, Resource.STATEMENTS, october, undated, november)
    for since, seen in ((date(2026, 10, 2), {"2026-11"}), (date(2026, 10, 1), {"2026-10", "2026-11"})):
        app = home.world.caller(home.psu_id, {home.first: READS}, history_from=since)
        assert {one["reference"] for one in app.get("/v1/statements").json["data"]} == seen


def test_what_has_ended_is_shown_on_demand_and_marked(home: Home, clock: TestClock) -> None:
    clock.advance(days=1)
    home.world.hang(home.first, Resource.STANDING_ORDERS)
    app = home.world.caller(home.psu_id, {home.first: READS})
    assert app.get("/v1/standing-orders").json["data"] == []
    (ended,) = app.get("/v1/standing-orders?include=ended").json["data"]
    assert ended["seen_at"] < ended["ended_at"]
    assert app.get("/v1/standing-orders?include=raw").status_code == 400


def test_an_empty_list_says_whether_it_was_read(home: Home, clock: TestClock) -> None:
    at = clock().replace(microsecond=0)
    with home.world.hub.db.write() as session:
        store_failure(
            session, home.world.hub.sealer, home.second, Resource.DIRECT_DEBITS, "refused", b"", at + timedelta(hours=1)
        )
    home.world.hang(home.second, Resource.PRODUCTS)
    app = home.world.caller(home.psu_id, {home.second: READS})

    def told(path: str) -> tuple[str, str | None]:
        body = app.get(f"/v1/{path}").json
        assert body["data"] == []
        (one,) = body["readings"]
        return one["state"], one["read_at"]

    assert told("products") == ("read", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert told("direct-debits") == ("refused", None)
    assert told("statements") == ("not_read", None)
