"""Grant Management for OAuth 2.0: what a client holds, how a person's yes changes it, how it is seen and ended."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from consent.model import Actor, Permission, Status, permissions_of
from consent.receipt import Intact, verify_succession
from hub.consents import rows, service
from hub.context import Hub
from hub.errors import BadInput, Conflict, DomainError
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.models.signal import Signal
from hub.oauth import metadata
from hub.oauth.clients import Registered
from hub.oauth.interaction import Ask, Choice, Redirect, answer_silently, approve, open_request
from hub.oauth.tokens import mint_access_token
from tests.conftest import TestClock
from tests.oauth.test_authorization_details import PAYMENT
from tests.oauth.world import NATIVE_CALLBACK, World, claims_of, query_of
from tests.race import at_once

READS = "accounts:read balances:read"
SCOPES = ["openid", "offline_access", "profile", *READS.split(), "transactions:read", "payments:write"]
OWN = ["grant_management_query", "grant_management_revoke"]


@pytest.fixture
def world(hub: Hub, app: Flask) -> World:
    made = World(hub)
    made.app = app  # with the real gate
    return made


@pytest.fixture
def buddy(world: World) -> Registered:
    return manager(world)


def manager(world: World) -> Registered:
    client = world.register(scopes=[*SCOPES, *OWN])
    with world.hub.db.write() as session:
        row = session.merge(client.client)
        row.grant_types = [*row.grant_types, "client_credentials"]
    return Registered(row, client.secret)


def allowed(
    world: World, client: Registered, scope: str, *, account: str | None = None, psu_id: str | None = None, **asked: str
) -> dict[str, Any]:
    """The token answer after a yes of Alice's (or an earlier one's answer)."""
    handle, person = world.handle(client, scope=scope, **asked), world.person(psu_id)
    opened = open_request(world.hub, handle, person)
    if isinstance(opened, Redirect):
        delivery = opened.delivery
    else:
        delivery = approve(world.hub, handle, person, world.choice(scope, account=account))
    answer: dict[str, Any] = world.redeem(query_of(delivery.url)["code"], client).get_json()
    return answer


def changing(how: str, answer: dict[str, Any]) -> dict[str, str]:
    return {"grant_management_action": how, "grant_id": answer["grant_id"]}


def own_token(world: World, client: Registered, scope: str = " ".join(OWN)) -> str:
    answer = world.post("/oauth/token", {"grant_type": "client_credentials", "scope": scope}, client)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["access_token"])


def call(world: World, token: str, method: str, grant_id: str) -> TestResponse:
    path = f"/oauth/grants/{grant_id}"
    return world.app.test_client().open(path, method=method, headers=world.shown(token, path, method))


def line(world: World, grant_id: str) -> list[ConsentRow]:
    with world.hub.db.read() as session:
        found = select(ConsentRow).where(ConsentRow.grant_id == grant_id).order_by(ConsentRow.id)
        return list(session.scalars(found).all())


def refused(answer: TestResponse) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.get_json()["error"])


def test_every_confidential_client_is_told_its_grant(world: World, buddy: Registered) -> None:
    first, again = allowed(world, buddy, READS), allowed(world, buddy, READS)
    assert len(first["grant_id"]) == 43
    assert again["grant_id"] == first["grant_id"]  # answered by the same consent
    assert "grant_id" not in world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)
    assert "grant_id" in world.tokens(world.web)


def test_create_makes_a_grant_beside_the_older_one(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    second = allowed(world, buddy, READS, grant_management_action="create")
    assert second["grant_id"] != first["grant_id"]
    assert works(world, first)
    assert works(world, second)
    silent = query_of(silently(world, buddy, READS, grant_management_action="create"))
    assert silent["error"] == "consent_required"


def test_merge_adds_and_the_new_token_holds_all_of_it(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, "openid offline_access balances:read")
    second = allowed(world, buddy, "accounts:read", **changing("merge", first))
    assert second["grant_id"] == first["grant_id"]
    assert second["scope"] == "accounts:read balances:read offline_access openid"
    assert "refresh_token" in second
    older, newer = line(world, first["grant_id"])
    assert (older.status, newer.status) == ("replaced", "valid")
    with world.hub.db.read() as session:
        holds = service.load(session, newer.id).accounts[world.account]
    assert holds == {Permission.ACCOUNTS_READ, Permission.BALANCES_READ}
    assert not works(world, first)
    assert refused(world.refresh(first["refresh_token"], buddy)) == "invalid_grant"
    assert works(world, second)


def test_replace_ends_what_is_not_given_again(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, f"openid offline_access {READS}")
    second = allowed(world, buddy, "openid accounts:read", **changing("replace", first))
    assert (second["grant_id"], second["scope"]) == (first["grant_id"], "accounts:read openid")
    assert not works(world, first)
    assert works(world, second)


def test_the_page_says_what_stays_and_what_ends(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    told = {}
    for how in ("merge", "replace"):
        opened = open_request(
            world.hub, world.handle(buddy, scope="profile openid", **changing(how, first)), world.person()
        )
        assert isinstance(opened, Ask)
        assert opened.older is not None
        shown = service.screen(
            "Buddy",
            opened.permissions,
            purpose=None,
            history_from=None,
            valid_until=opened.wish.valid_until,
            older=opened.older,
        )
        told[how] = shown.standing or ""
    assert "All of that stays" in told["merge"]
    assert "Whatever you do not allow again ends" in told["replace"]


def test_both_records_hold_each_others_hash(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    allowed(world, buddy, "transactions:read", **changing("merge", first))
    older, newer = line(world, first["grant_id"])
    assert (older.replaced_by, newer.replaces) == (newer.id, older.id)
    with world.hub.db.read() as session:
        chains = rows.receipts(session, older.id), rows.receipts(session, newer.id)
        kinds = session.scalars(select(Signal.kind).where(Signal.subject_id.in_([older.id, newer.id]))).all()
    assert isinstance(verify_succession(*chains), Intact)
    assert chains[1][-1].body["shown"]["standing"].startswith("This adds to what you allowed on")
    assert {"consent.replaced", "consent.valid"} <= set(kinds)


def test_a_merge_that_adds_nothing_gives_fresh_tokens_of_all_and_ends_the_older_ones(
    world: World, buddy: Registered
) -> None:
    first = allowed(world, buddy, f"offline_access {READS}")
    second = allowed(world, buddy, "balances:read", **changing("merge", first))
    assert second["scope"] == "accounts:read balances:read offline_access"
    assert len(line(world, first["grant_id"])) == 1
    assert works(world, second)
    assert not works(world, first)
    assert refused(world.refresh(first["refresh_token"], buddy)) == "invalid_grant"


def test_another_grant_does_not_answer_for_the_one_that_is_merged(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, "accounts:read")
    allowed(world, buddy, READS, grant_management_action="create")
    handle = world.handle(buddy, scope=READS, **changing("merge", first))
    assert isinstance(open_request(world.hub, handle, world.person()), Ask)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"grant_management_action": "update"}, "invalid_request"),
        ({"grant_management_action": "merge"}, "invalid_request"),
        ({"grant_management_action": "replace"}, "invalid_request"),
        ({"grant_id": "x"}, "invalid_request"),
        ({"grant_management_action": "create", "grant_id": "x"}, "invalid_request"),
        ({"grant_management_action": "merge", "grant_id": "x" * 43}, "invalid_grant_id"),
        ({"grant_management_action": "replace", "grant_id": "'; --"}, "invalid_grant_id"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_pushed(
    world: World, buddy: Registered, asked: dict[str, str], error: str
) -> None:
    assert refused(world.push(buddy, scope=READS, **asked)) == error


def test_another_clients_grant_is_none(world: World, buddy: Registered) -> None:
    theirs = allowed(world, manager(world), READS)
    for how in ("merge", "replace"):
        assert refused(world.push(buddy, scope=READS, **changing(how, theirs))) == "invalid_grant_id"


def test_another_persons_grant_is_none_once_they_have_logged_in(world: World, buddy: Registered) -> None:
    alices = allowed(world, buddy, READS)
    for how in ("merge", "replace"):
        handle = world.handle(buddy, scope=READS, **changing(how, alices))
        opened = open_request(world.hub, handle, world.person(world.bob))
        assert isinstance(opened, Redirect)
        assert query_of(opened.delivery.url)["error"] == "invalid_grant_id"
        handle = world.handle(buddy, scope=READS, **changing(how, alices))
        with pytest.raises(Conflict):  # nor by a form that no page of ours sent
            approve(world.hub, handle, world.person(world.bob), world.choice(READS, account=world.bobs_account))
    assert works(world, alices)


def test_a_grant_that_ended_stays_ended(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    waiting = world.handle(buddy, scope=READS, **changing("replace", first))
    end(world, first)
    assert refused(world.push(buddy, scope=READS, **changing("replace", first))) == "invalid_grant_id"
    opened = open_request(world.hub, waiting, world.person())
    assert isinstance(opened, Redirect)
    assert query_of(opened.delivery.url)["error"] == "invalid_grant_id"


def test_a_yes_changes_what_its_page_showed_and_nothing_newer(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    late = world.handle(buddy, scope="profile openid", **changing("replace", first))
    second = allowed(world, buddy, "transactions:read", **changing("merge", first))
    with pytest.raises(Conflict):
        approve(world.hub, late, world.person(), world.choice("profile openid"))
    assert isinstance(open_request(world.hub, late, world.person()), Redirect)
    assert works(world, second)


def test_public_clients_manage_nothing(world: World) -> None:
    answer = world.ask(world.native, redirect_uri=NATIVE_CALLBACK, grant_management_action="create")
    assert query_of(answer.headers["Location"])["error"] == "unauthorized_client"


def test_a_merge_carries_nothing_to_another_purpose_or_another_day(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, "transactions:read", purpose="Your budget", history_days="30")
    merge = changing("merge", first)
    assert refused(world.push(buddy, scope=READS, purpose="Adverts", **merge)) == "invalid_request"
    assert refused(world.push(buddy, scope="transactions:read", history_days="90", **merge)) == "invalid_request"
    payment = json.dumps([PAYMENT])
    assert refused(world.push(buddy, scope="openid", authorization_details=payment, **merge)) == "invalid_request"
    # Without a day of its own it starts where the older one starts, and there is nothing to choose.
    handle = world.handle(buddy, scope=f"transactions:read {READS}", **merge)
    opened = open_request(world.hub, handle, world.person())
    assert isinstance(opened, Ask)
    assert opened.history_from == world.hub.clock().date() - timedelta(days=30)
    choice = world.choice(f"transactions:read {READS}")
    later = Choice(choice.accounts, choice.personal, choice.valid_until, world.hub.clock().date())
    with pytest.raises(BadInput):
        approve(world.hub, handle, world.person(), later)
    assert approve(world.hub, handle, world.person(), choice)


def test_a_payment_can_be_neither_side_of_a_merge(world: World, buddy: Registered) -> None:
    payment = json.dumps([PAYMENT])
    handle = world.handle(buddy, scope="openid", authorization_details=payment)
    choice = world.choice("openid payments:write", days=0)
    until = world.hub.clock() + timedelta(hours=1)
    url = approve(world.hub, handle, world.person(), Choice(choice.accounts, choice.personal, until)).url
    paid = world.redeem(query_of(url)["code"], buddy).get_json()
    assert refused(world.push(buddy, scope=READS, **changing("merge", paid))) == "invalid_request"


def test_a_suspended_grant_is_replaced_but_not_added_to(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    with world.hub.db.write() as session:
        session.execute(update(ConsentRow).values(status=Status.SUSPENDED.value))
    assert call(world, own_token(world, buddy), "GET", first["grant_id"]).get_json()["status"] == "suspended"
    assert refused(world.push(buddy, scope=READS, **changing("merge", first))) == "invalid_grant_id"


def test_of_many_changes_of_one_grant_at_once_one_counts(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, READS)
    asking = ["merge" if number % 2 else "replace" for number in range(20)]
    handles = [world.handle(buddy, scope="transactions:read", **changing(how, first)) for how in asking]
    waiting = iter(handles)

    def yes() -> bool:
        try:
            approve(world.hub, next(waiting), world.person(), world.choice("transactions:read"))
        except Conflict:
            return False
        return True

    assert sum(at_once(len(handles), yes)) == 1
    assert sorted(one.status for one in line(world, first["grant_id"])) == ["replaced", "valid"]
    with world.hub.db.read() as session:
        assert len(session.scalars(select(ConsentRow)).all()) == 2  # nothing is kept of the others
        assert len(session.scalars(select(Grant)).all()) == 2


def test_a_change_and_an_end_at_once_leave_nothing_open_that_was_ended(world: World, buddy: Registered) -> None:
    """Whichever comes first: once the end was answered with 204, no token of the grant opens anything."""
    first = allowed(world, buddy, READS)
    token = own_token(world, buddy)
    handle = world.handle(buddy, scope="transactions:read", **changing("merge", first))

    def change() -> str:
        try:
            return approve(world.hub, handle, world.person(), world.choice("transactions:read")).url
        except DomainError:
            return ""

    def stop() -> str:
        return str(call(world, token, "DELETE", first["grant_id"]).status_code)

    jobs: list[Callable[[], str]] = [change, stop]
    pending = iter(jobs)
    answers = at_once(2, lambda: next(pending)())
    assert "204" in answers
    assert {one.status for one in line(world, first["grant_id"])} <= {"revoked", "replaced"}
    assert call(world, token, "GET", first["grant_id"]).status_code == 404


def test_the_client_sees_what_it_holds(world: World, buddy: Registered, clock: TestClock) -> None:
    began = clock()
    first = allowed(world, buddy, f"openid profile offline_access {READS}")
    clock.advance(seconds=60)
    second = allowed(world, buddy, "transactions:read", **changing("merge", first))
    told = call(world, own_token(world, buddy), "GET", second["grant_id"])
    assert (told.status_code, told.headers["Cache-Control"]) == (200, "no-store")
    grant = told.get_json()
    assert grant["scopes"] == [{"scope": "accounts:read balances:read offline_access openid profile transactions:read"}]
    assert grant["claims"] == ["name"]
    assert grant["authorization_details"] == []
    assert grant["created_at"] == began.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert grant["last_updated"] == clock().strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert (grant["status"], grant["updated_by"]) == ("valid", "client")
    assert world.alice not in told.text
    assert claims_of(second["access_token"])["sub"] not in told.text


def test_the_details_are_those_as_granted(world: World, buddy: Registered) -> None:
    details = json.dumps([{"type": "account_information", "permissions": ["balances:read"]}])
    answer = allowed(world, buddy, "openid balances:read", authorization_details=details)
    grant = call(world, own_token(world, buddy), "GET", answer["grant_id"]).get_json()
    assert grant["authorization_details"] == answer["authorization_details"] != []
    token = answer["access_token"]
    (own,) = world.app.test_client().get("/v1/consents", headers=world.shown(token, "/v1/consents")).get_json()["data"]
    assert own["authorization_details"] == grant["authorization_details"]


def test_delete_ends_every_token_at_once(world: World, buddy: Registered) -> None:
    first = allowed(world, buddy, f"offline_access {READS}")
    again = allowed(world, buddy, READS)
    token = own_token(world, buddy)
    assert call(world, token, "DELETE", first["grant_id"]).status_code == 204
    assert not works(world, first)
    assert not works(world, again)
    assert refused(world.refresh(first["refresh_token"], buddy)) == "invalid_grant"
    for method in ("GET", "DELETE"):
        assert call(world, token, method, first["grant_id"]).status_code == 404
    (row,) = line(world, first["grant_id"])
    with world.hub.db.read() as session:
        assert rows.receipts(session, row.id)[-1].actor == Actor.CLIENT


def test_strangers_and_guesses_all_get_the_same_404(world: World, buddy: Registered) -> None:
    grant_id = allowed(world, buddy, READS)["grant_id"]
    stranger = own_token(world, manager(world))
    for method in ("GET", "DELETE"):
        theirs, made_up = call(world, stranger, method, grant_id), call(world, stranger, method, "x" * 43)
        assert theirs.status_code == made_up.status_code == 404
        without = [
            {name: value for name, value in one.get_json().items() if name != "instance"} for one in (theirs, made_up)
        ]
        assert without[0] == without[1]
    assert call(world, own_token(world, buddy), "GET", grant_id).status_code == 200


def test_only_the_clients_own_bound_token_with_the_scope_opens_it(world: World, buddy: Registered) -> None:
    answer = allowed(world, buddy, READS)
    grant_id, hub = answer["grant_id"], world.hub
    assert call(world, answer["access_token"], "GET", grant_id).status_code == 403  # a person's token
    query = own_token(world, buddy, "grant_management_query")
    assert call(world, query, "DELETE", grant_id).status_code == 403
    assert call(world, query, "DELETE", grant_id).get_json()["reason"] == "insufficient_scope"
    assert world.app.test_client().get(f"/oauth/grants/{grant_id}").status_code == 401
    with hub.db.read() as session:
        grant = session.scalars(select(Grant)).one()
    claims = {"authorization_id": grant.id, "consent_id": grant.consent_id}
    cnf = {"jkt": world.keys[buddy.client.client_id].thumbprint}
    mixed = mint_access_token(
        hub, client_id=buddy.client.client_id, sub="x", scope=" ".join(OWN), now=hub.clock(), cnf=cnf, more=claims
    )
    assert call(world, mixed.value, "GET", grant_id).status_code == 403
    assert works(world, answer)


def test_nobody_manages_grants_with_a_bearer_token(world: World) -> None:
    with world.hub.db.write() as session:
        row = session.merge(world.web.client)
        row.scopes, row.grant_types = [*row.scopes, *OWN], [*row.grant_types, "client_credentials"]
    form = {"grant_type": "client_credentials", "scope": OWN[0]}
    assert refused(world.post("/oauth/token", form, world.web)) == "invalid_request"


def test_people_are_never_asked_for_a_scope_of_the_client(world: World, buddy: Registered) -> None:
    assert refused(world.push(buddy, scope=f"openid {OWN[0]}")) == "invalid_scope"


def test_metadata_says_so(world: World) -> None:
    told = metadata.document(world.hub.settings)
    assert told["grant_management_actions_supported"] == ["query", "revoke", "create", "merge", "replace"]
    assert told["grant_management_action_required"] is False
    assert told["grant_management_endpoint"].endswith("/oauth/grants")
    assert told["authorization_details_types_supported"] == ["account_information", "payment_initiation"]


def works(world: World, answer: dict[str, Any]) -> bool:
    """Whether this token opens anything of what its scope says."""
    paths = {Permission.BALANCES_READ: "/v1/balances", Permission.ACCOUNTS_READ: "/v1/accounts"}
    held = permissions_of(answer["scope"].split())
    path = next((one for permission, one in paths.items() if permission in held), "/v1/transactions")
    token = answer["access_token"]
    return world.app.test_client().get(path, headers=world.shown(token, path)).status_code == 200


def silently(world: World, client: Registered, scope: str, **asked: str) -> str:
    return answer_silently(world.hub, world.handle(client, scope=scope, **asked), world.person()).url


def end(world: World, answer: dict[str, Any]) -> None:
    """Alice stops it on her page."""
    (row,) = line(world, answer["grant_id"])
    with world.hub.db.write() as session:
        service.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=world.hub.clock())
