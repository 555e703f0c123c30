"""From the stored request to the person's answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from consent.model import Actor, Permission
from hub.consents import service as consents
from hub.errors import BadInput, Conflict, NotFound, NotPermitted
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, AuthorizationRequest, Grant
from hub.models.signal import Signal
from hub.oauth import clients
from hub.oauth.clients import Registered
from hub.oauth.interaction import (
    Ask,
    LoginReason,
    NeedsLogin,
    Redirect,
    answer_silently,
    approve,
    deny,
    open_request,
)
from hub.oauth.policy import Profile
from hub.oauth.registration import rows as rows_of
from hub.oauth.registration import service
from hub.oauth.registration.prepare import prepare
from tests.conftest import TestClock
from tests.oauth.signing import ClientKey
from tests.oauth.world import CALLBACK, SCOPE, World, claims_of, query_of


def rows(world: World, table: type) -> int:
    with world.hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_page_is_told_who_asks_for_what_and_why(world: World) -> None:
    handle = world.handle(purpose="To show your budget", history_days="90", consent_days="30")
    shown = open_request(world.hub, handle, world.person())
    assert isinstance(shown, Ask)
    assert (shown.client.name, shown.client.verified) == ("Budget Buddy", False)
    assert shown.permissions == {
        Permission.SIGN_IN,
        Permission.PROFILE,
        Permission.EMAIL,
        Permission.ACCOUNTS_READ,
        Permission.BALANCES_READ,
    }
    wish = shown.wish
    assert (wish.purpose, wish.history_days, wish.consent_days) == ("To show your budget", 90, 30)
    assert shown.redirect_uri == CALLBACK


def test_a_request_belongs_to_the_first_person_who_opens_it(world: World) -> None:
    handle = world.handle()
    open_request(world.hub, handle, world.person(world.alice))
    for other in (world.bob, world.charlie):
        with pytest.raises(NotFound):
            open_request(world.hub, handle, world.person(other))
        with pytest.raises(NotFound):
            approve(world.hub, handle, world.person(other), world.choice())
        with pytest.raises(NotFound):
            deny(world.hub, handle, world.person(other))
    assert isinstance(open_request(world.hub, handle, world.person(world.alice)), Ask)  # reloading the page is fine


def test_an_unknown_handle_and_an_expired_one_are_not_found(world: World, clock: TestClock) -> None:
    with pytest.raises(NotFound):
        open_request(world.hub, "x" * 43, world.person())
    handle = world.handle()
    clock.advance(seconds=world.hub.settings.authorization_request_ttl_s)
    with pytest.raises(NotFound):
        open_request(world.hub, handle, world.person())
    with pytest.raises(NotFound):
        approve(world.hub, handle, world.person(), world.choice())


def test_yes_gives_a_code_with_state_and_issuer(world: World) -> None:
    url = approve(world.hub, world.handle(), world.person(), world.choice()).url
    answer = query_of(url)
    assert url.startswith(CALLBACK + "?")
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("st4te", world.hub.settings.base_url)
    with world.hub.db.read() as session:
        kinds = session.scalars(select(Signal.kind)).all()
    assert {"consent.valid", "grant.issued"} <= set(kinds)


def test_no_gives_access_denied_and_leaves_no_consent(world: World) -> None:
    answer = query_of(deny(world.hub, world.handle(), world.person()).url)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "st4te", world.hub.settings.base_url)
    assert rows(world, ConsentRow) == rows(world, Grant) == 0


def test_a_request_is_answered_once(world: World) -> None:
    handle = world.handle()
    approve(world.hub, handle, world.person(), world.choice())
    for again in (
        lambda: approve(world.hub, handle, world.person(), world.choice()),
        lambda: deny(world.hub, handle, world.person()),
        lambda: open_request(world.hub, handle, world.person()),
    ):
        with pytest.raises(Conflict):
            again()
    assert rows(world, AuthorizationCode) == 1


def test_nobody_can_give_away_an_account_that_is_not_theirs(world: World) -> None:
    handle = world.handle()
    for account in (world.bobs_account, "0192f0c1-0000-7000-8000-000000000000"):
        with pytest.raises(NotFound):
            approve(world.hub, handle, world.person(world.alice), world.choice(account=account))
    assert rows(world, ConsentRow) == rows(world, AuthorizationCode) == 0
    # Nothing was used up either: Alice may still answer.
    assert approve(world.hub, handle, world.person(world.alice), world.choice())


def test_a_choice_that_cannot_stand_uses_nothing_up(world: World) -> None:
    handle = world.handle(history_days="30")
    today = world.hub.clock().date()
    good = world.choice()
    for bad in (
        replace(good, accounts={}, personal=frozenset()),
        replace(good, accounts={world.account: frozenset({Permission.TRANSACTIONS_READ})}),
        replace(good, valid_until=world.hub.clock()),
        replace(good, valid_until=world.hub.clock() + timedelta(days=400)),
        replace(good, history_from=today - timedelta(days=31)),
    ):
        with pytest.raises(BadInput):
            approve(world.hub, handle, world.person(), bad)
    assert approve(world.hub, handle, world.person(), replace(good, history_from=today - timedelta(days=7)))


def test_the_token_holds_what_was_given_not_what_was_asked_for(world: World) -> None:
    handle = world.handle()
    only_balances = replace(
        world.choice(),
        accounts={world.account: frozenset({Permission.BALANCES_READ})},
        personal=frozenset({Permission.SIGN_IN}),
    )
    code = query_of(approve(world.hub, handle, world.person(), only_balances).url)["code"]
    assert world.redeem(code).get_json()["scope"] == "balances:read offline_access openid"


@pytest.mark.parametrize(
    ("change", "age_s", "expected"),
    [
        ({"prompt": "login"}, 1, LoginReason.PROMPT),
        ({"prompt": "login consent"}, 1, LoginReason.PROMPT),
        ({"max_age": "0"}, 1, LoginReason.MAX_AGE),
        ({"max_age": "60"}, 61, LoginReason.MAX_AGE),
        ({"max_age": "60"}, 60, None),
        ({}, 86_400, None),
    ],
)
def test_an_older_login_than_the_client_accepts_must_be_renewed(
    world: World, clock: TestClock, change: dict[str, Any], age_s: int, expected: LoginReason | None
) -> None:
    before = world.person(auth_time=clock() - timedelta(seconds=age_s))
    handle = world.handle(login_hint="alice@people.example", **change)
    clock.advance(seconds=30)
    shown = open_request(world.hub, handle, before)
    if expected is None:
        assert isinstance(shown, Ask)
        return
    assert shown == NeedsLogin(expected, "alice@people.example")
    with pytest.raises(NotPermitted):  # the page alone would be no guard
        approve(world.hub, handle, before, world.choice())
    clock.advance(seconds=30)
    after = world.person()
    clock.advance(seconds=30)  # a login on the request's behalf stays young enough while the person reads
    assert isinstance(open_request(world.hub, handle, after), Ask)


def test_another_person_may_log_in_when_a_fresh_login_is_asked_for(world: World, clock: TestClock) -> None:
    old = world.person(world.alice)
    clock.advance(seconds=10)
    handle = world.handle(prompt="login")
    assert isinstance(open_request(world.hub, handle, old), NeedsLogin)
    assert isinstance(open_request(world.hub, handle, world.person(world.bob)), Ask)


def test_auth_time_in_the_id_token_is_the_persons_login(world: World, clock: TestClock) -> None:
    person = world.person()
    clock.advance(seconds=120)
    code = query_of(approve(world.hub, world.handle(), person, world.choice()).url)["code"]
    assert claims_of(world.redeem(code).get_json()["id_token"])["auth_time"] == int(person.auth_time.timestamp())


def test_who_allowed_all_of_this_before_is_not_asked_again(world: World) -> None:
    world.tokens()
    shown = open_request(world.hub, world.handle(scope="openid balances:read"), world.person())
    assert isinstance(shown, Redirect)
    response = world.redeem(query_of(shown.delivery.url)["code"])
    assert response.get_json()["scope"] == "balances:read openid"
    assert rows(world, ConsentRow) == 1


def test_they_are_asked_again_when_anything_is_new(world: World) -> None:
    client = world.register(scopes=[*SCOPE.split(), "transactions:read"])
    world.tokens(client, scope="openid balances:read", purpose="Budget", history_days="30")
    cases = {
        "prompt": {"prompt": "consent"},
        "a permission": {"scope": "openid balances:read accounts:read"},
        "offline access": {"scope": "openid balances:read offline_access"},
        "a purpose": {"purpose": "Advertising"},
        "more history": {"history_days": "31"},
    }
    for name, change in cases.items():
        handle = world.handle(client, **({"scope": "openid balances:read"} | change))
        assert isinstance(open_request(world.hub, handle, world.person()), Ask), name
    handle = world.handle(client, scope="openid balances:read", purpose="Budget", history_days="30")
    assert isinstance(open_request(world.hub, handle, world.person()), Redirect)
    other_person = world.handle(client, scope="openid balances:read")
    assert isinstance(open_request(world.hub, other_person, world.person(world.bob)), Ask)
    other_client = world.handle(scope="openid balances:read")
    assert isinstance(open_request(world.hub, other_client, world.person()), Ask)


def test_an_ended_consent_answers_for_nobody(world: World, clock: TestClock) -> None:
    world.tokens(days=1)
    clock.advance(days=1)
    assert isinstance(open_request(world.hub, world.handle(), world.person()), Ask)
    world.tokens()
    with world.hub.db.write() as session:
        for row in session.scalars(select(ConsentRow)).all():
            consents.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=clock())
    assert isinstance(open_request(world.hub, world.handle(), world.person()), Ask)


@pytest.mark.parametrize("change", ["another address", "another key", "another way to prove itself", "a new secret"])
def test_an_app_that_became_another_is_allowed_anew(world: World, clock: TestClock, change: str) -> None:
    """Whoever took over a developer's account, or bought the app, is not who the person said yes to."""
    client = world.web if change == "a new secret" else world.client
    scope = "openid profile"
    world.tokens(client, scope=scope)
    clock.advance(seconds=1)
    changed(world, client, change)
    assert isinstance(open_request(world.hub, world.handle(client, scope=scope), world.person()), Ask)
    silent = world.handle(client, scope=scope)
    told = query_of(answer_silently(world.hub, silent, world.person()).url)
    assert told["error"] == "consent_required"
    clock.advance(seconds=1)
    approve(world.hub, world.handle(client, scope=scope), world.person(), world.choice(scope))
    assert isinstance(open_request(world.hub, world.handle(client, scope=scope), world.person()), Redirect)


@pytest.mark.parametrize("change", ["fewer addresses", "fewer keys", "another name"])
def test_an_app_that_gave_something_up_is_still_who_it_was(world: World, clock: TestClock, change: str) -> None:
    changed(world, world.client, "another address")
    changed(world, world.client, "another key")
    clock.advance(seconds=1)
    world.tokens()
    clock.advance(seconds=1)
    changed(world, world.client, change)
    assert isinstance(open_request(world.hub, world.handle(), world.person()), Redirect)


def changed(world: World, registered: Registered, change: str) -> None:
    hub, client_id = world.hub, registered.client.client_id
    if change == "a new secret":
        with hub.db.write() as session:
            clients.rotate_secret(session, client_id, owner_psu_id=world.charlie, now=hub.clock())
        return
    with hub.db.read() as session:
        present = session.get_one(Client, client_id)
    keys = (present.jwks or {}).get("keys", [])
    members: dict[str, dict[str, Any]] = {
        "another address": {"redirect_uris": [*present.redirect_uris, "https://buddy.example/second"]},
        "another key": {"jwks": {"keys": [*keys, ClientKey.make(kid="key-2").jwk()]}},
        "another way to prove itself": {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": "CN=buddy.example",
        },
        "fewer addresses": {"redirect_uris": [CALLBACK]},
        "fewer keys": {"jwks": {"keys": keys[:1]}},
        "another name": {"client_name": "Budget Pal"},
    }
    document = rows_of.document(present) | members[change]
    prepared = prepare(hub, document, now=hub.clock(), wanted=Profile(present.profile), present=present)
    with hub.db.write() as session:
        service.replace(session, session.get_one(Client, client_id), prepared, now=hub.clock())
    # What the client itself goes on with: its first key, and private_key_jwt, which PAR has to be reached by here.
    with hub.db.write() as session:
        session.get_one(Client, client_id).token_endpoint_auth_method = present.token_endpoint_auth_method


def test_an_app_that_can_be_impersonated_never_passes_unseen(world: World) -> None:
    world.tokens(world.native, redirect_uri="http://127.0.0.1:5555/cb")
    handle = world.handle(world.native, redirect_uri="http://127.0.0.1:5555/cb")
    assert isinstance(open_request(world.hub, handle, world.person()), Ask)
    handle = world.handle(world.native, redirect_uri="com.example.buddy:/cb")
    assert isinstance(open_request(world.hub, handle, world.person()), Ask)
    handle = world.handle(world.native, redirect_uri=CALLBACK)
    assert isinstance(open_request(world.hub, handle, world.person()), Redirect)


def test_prompt_none_answers_without_any_page(world: World, clock: TestClock) -> None:
    def ask(**change: Any) -> dict[str, str]:
        return query_of(world.ask(prompt="none", **change).headers["Location"])

    assert ask()["error"] == "login_required"
    world.logged_in = world.person()
    assert ask()["error"] == "consent_required"
    world.tokens()
    answer = ask()
    assert set(answer) == {"code", "state", "iss"}
    assert world.redeem(answer["code"]).status_code == 200
    clock.advance(seconds=61)
    assert ask(max_age="60")["error"] == "login_required"
    world.logged_in = world.person(world.bob)
    assert ask()["error"] == "consent_required"
    with world.hub.db.read() as session:
        waiting = select(AuthorizationRequest).where(AuthorizationRequest.consumed_at.is_(None))
        assert session.scalars(waiting).all() == []


def test_prompt_none_for_an_app_that_can_be_impersonated_needs_a_page(world: World) -> None:
    world.logged_in = world.person()
    uri = "http://127.0.0.1:5555/cb"
    world.tokens(world.native, redirect_uri=uri)
    url = world.ask(world.native, prompt="none", redirect_uri=uri).headers["Location"]
    assert query_of(url)["error"] == "interaction_required"


def test_a_scope_that_the_client_lost_meanwhile_is_not_granted(world: World) -> None:
    handle = world.handle()
    with world.hub.db.write() as session:
        session.merge(world.client.client).scopes = ["openid", "balances:read"]
    code = query_of(approve(world.hub, handle, world.person(), world.choice()).url)["code"]
    assert world.redeem(code).get_json()["scope"] == "balances:read openid"
