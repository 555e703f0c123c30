"""Out to a provider and back: what is sent, what is believed, and what a hostile provider or browser gets."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from sqlalchemy import func, select

from hub.context import Hub
from hub.errors import BadInput
from hub.identity import sessions
from hub.identity.admission import HalfOpen, LoggedIn
from hub.models.psu import Psu, PsuSession
from hub.models.upstream import UpstreamAttempt, UpstreamLogin
from hub.upstream import attempts, logins, provider
from hub.upstream.attempts import Entered, Failed, Undecided
from providers.transport import Limits
from tests.conftest import TestClock
from tests.identity.factors.steps import by_code, code_now, enrol_app
from tests.identity.steps import HERE, log_in
from tests.identity.test_secrecy import everything_stored
from tests.race import at_once
from tests.upstream.conftest import declared, knowing
from tests.upstream.op import CLIENT_ID, Claims, Op, unsigned
from tests.upstream.op import provider as scripted
from tests.upstream.steps import Trip, signed_in

pytestmark = pytest.mark.usefixtures("_cheap_hashes")


@pytest.fixture
def trip(linked_hub: Hub, op: Op) -> Trip:
    return Trip(linked_hub, op)


def nobody_is_in(hub: Hub) -> bool:
    with hub.db.read() as session:
        nothing = session.scalar(select(func.count()).select_from(PsuSession)) == 0
        return nothing and session.scalar(select(func.count()).select_from(UpstreamLogin)) == 0


# --- what is sent ---------------------------------------------------------------------------------


def test_the_request_carries_pkce_state_nonce_and_nothing_about_the_person(trip: Trip) -> None:
    trip.leave()
    asked = trip.asked
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT_ID, "openid profile email")
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/login/with/lagoon/callback"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len({asked["state"], asked["nonce"], trip.cookie}) == 3
    assert asked["max_age"] == str(trip.hub.settings.session_ttl_s)
    assert "prompt" not in asked
    assert set(asked) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "max_age"),
        *("code_challenge", "code_challenge_method"),
    }


def test_a_fresh_login_is_asked_for_in_both_ways_there_are(trip: Trip) -> None:
    trip.leave(is_fresh=True)
    assert (trip.asked["prompt"], trip.asked["max_age"]) == ("login", "300")


def test_the_provider_never_learns_the_central_customer_id(linked_hub: Hub, op: Op) -> None:
    person = signed_in(linked_hub)
    trip = Trip(linked_hub, op, person)
    trip.go()
    everything = json.dumps([trip.url, op.forms, op.requests])
    assert person.psu_id not in everything
    assert person.sid not in everything
    assert person.email not in everything


def test_where_the_provider_takes_pushed_requests_the_browser_carries_only_a_reference(trip: Trip, op: Op) -> None:
    op.metadata = {"pushed_authorization_request_endpoint": f"{op.url}/par"}
    trip.leave()
    assert set(trip.asked) == {"client_id", "request_uri"}
    assert isinstance(trip.come_back(op.authorize(trip.url)), Undecided)


def test_private_key_jwt_signs_with_the_key_that_we_publish(hub: Hub, op: Op) -> None:
    op.client_jwks = lambda: hub.keys.jwks("tpp")
    known = knowing(hub, declared(op, token_endpoint_auth_method="private_key_jwt", client_secret=None))
    assert isinstance(Trip(known, op).go(), Undecided)
    assert op.refused == []


# --- what comes of it -----------------------------------------------------------------------------


def test_an_unknown_identity_opens_nothing_and_waits_for_a_decision(trip: Trip, op: Op) -> None:
    op.userinfo = {"name": "Alice", "email": "alice@people.example", "email_verified": True}
    assert trip.go() == Undecided("")
    assert nobody_is_in(trip.hub)
    waiting = logins.pending(trip.hub, trip.cookie, now=trip.hub.clock())
    assert waiting is not None
    assert (waiting.name, waiting.email, waiting.is_fresh) == ("Alice", "alice@people.example", True)


def test_an_equal_address_that_the_provider_calls_verified_links_nothing(linked_hub: Hub, op: Op) -> None:
    signed_in(linked_hub)
    op.userinfo = {"email": "alice@people.example", "email_verified": True}
    op.claims = {"email": "alice@people.example", "email_verified": True}
    assert isinstance(Trip(linked_hub, op).go(), Undecided)
    with linked_hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(UpstreamLogin)) == 0


def test_a_known_identity_opens_its_account_by_one_factor(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    person = linked(linked_hub, op)
    clock.advance(seconds=30)
    entered = Trip(linked_hub, op).go()
    assert isinstance(entered, Entered)
    assert isinstance(entered.admitted, LoggedIn)
    found = sessions.load(linked_hub, entered.admitted.session_secret, clock())
    assert found is not None
    assert (found.psu_id, found.acr, found.amr) == (person.psu_id, "urn:rialto:acr:one-factor", ("fed",))


def test_the_session_is_as_old_as_the_login_at_the_provider(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    """Else a silent login there would pass for a fresh proof here."""
    linked(linked_hub, op)
    proved_at = clock()
    clock.advance(seconds=3600)
    trip = Trip(linked_hub, op)
    entered = trip.come_back(op.authorize(trip.leave(), auth_time=proved_at))
    assert isinstance(entered, Entered)
    assert isinstance(entered.admitted, LoggedIn)
    found = sessions.load(linked_hub, entered.admitted.session_secret, clock())
    assert found is not None
    assert found.auth_time == proved_at


def test_a_second_step_makes_the_login_at_the_provider_no_fresher(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    """What acr rests on is as old as its oldest part (OIDC Core 2, RFC 9470 4)."""
    person = linked(linked_hub, op)
    seed, _ = enrol_app(linked_hub, person)
    proved_at = clock()
    clock.advance(seconds=3600)
    trip = Trip(linked_hub, op)
    entered = trip.come_back(op.authorize(trip.leave(), auth_time=proved_at))
    assert isinstance(entered, Entered)
    assert isinstance(entered.admitted, HalfOpen)
    clock.advance(seconds=60)
    answer = by_code(linked_hub, entered.admitted.secret, code_now(linked_hub, seed))
    assert isinstance(answer, LoggedIn)
    found = sessions.load(linked_hub, answer.session_secret, clock())
    assert found is not None
    assert (found.acr, found.auth_time) == ("urn:rialto:acr:two-factor", proved_at)


def test_an_open_session_is_renewed_to_when_the_provider_says(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    person = linked(linked_hub, op)
    clock.advance(seconds=3600)
    trip = Trip(linked_hub, op, person)
    proved_at = clock() - timedelta(seconds=attempts.FRESH_S)
    entered = trip.come_back(op.authorize(trip.leave(is_fresh=True), auth_time=proved_at))
    assert isinstance(entered, Entered)
    assert isinstance(entered.admitted, LoggedIn)
    found = sessions.load(linked_hub, entered.admitted.session_secret, clock())
    assert found is not None
    assert (found.sid, found.auth_time) == (person.sid, proved_at)


def test_a_provider_whose_clock_is_ahead_proves_nothing_in_the_future(
    linked_hub: Hub, op: Op, clock: TestClock
) -> None:
    person = linked(linked_hub, op)
    for who in (None, person):
        trip = Trip(linked_hub, op, who)
        entered = trip.come_back(op.authorize(trip.leave(), auth_time=clock() + timedelta(seconds=20)))
        assert isinstance(entered, Entered)
        assert isinstance(entered.admitted, LoggedIn)
        found = sessions.load(linked_hub, entered.admitted.session_secret, clock())
        assert found is not None
        assert found.auth_time == clock()


def test_whoever_is_signed_in_proves_anew_who_they_are_and_nobody_else(linked_hub: Hub, op: Op) -> None:
    linked(linked_hub, op)
    person, _secret = log_in(linked_hub)
    renewed = Trip(linked_hub, op, person).go()
    assert isinstance(renewed, Entered)
    other = signed_in(linked_hub, "bob")
    assert isinstance(Trip(linked_hub, op, other).go(), logins.Taken)


def linked(hub: Hub, op: Op, subject: str = "sub-of-alice") -> Any:
    person = signed_in(hub)
    trip = Trip(hub, op, person)
    trip.go(subject)
    logins.link(hub, person, trip.cookie, origin=HERE, now=hub.clock())
    return person


# --- a hostile provider ---------------------------------------------------------------------------

STRANGER = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
HOSTILE: dict[str, Callable[[Op], Any]] = {
    "iss": lambda op: op.claims.update(iss="https://op.example"),
    "no iss": lambda op: op.claims.update(iss=...),
    "aud": lambda op: op.claims.update(aud="another"),
    "aud beside ours": lambda op: op.claims.update(aud=[CLIENT_ID, "another"], azp=CLIENT_ID),
    "no aud": lambda op: op.claims.update(aud=...),
    "azp": lambda op: op.claims.update(azp="another"),
    "nonce": lambda op: op.claims.update(nonce="another"),
    "no nonce": lambda op: op.claims.update(nonce=...),
    "expired": lambda op: op.claims.update(exp=int(op.clock().timestamp()) - 31),
    "no exp": lambda op: op.claims.update(exp=...),
    "exp is a word": lambda op: op.claims.update(exp="2099-01-01"),
    "exp is true": lambda op: op.claims.update(exp=True),
    "exp is infinite": lambda op: op.claims.update(exp=1e300),
    "iat of tomorrow": lambda op: op.claims.update(iat=int(op.clock().timestamp()) + 86400),
    "iat of yesterday": lambda op: op.claims.update(iat=int(op.clock().timestamp()) - 86400),
    "no auth_time": lambda op: op.claims.update(auth_time=...),
    "auth_time of last week": lambda op: op.claims.update(auth_time=int(op.clock().timestamp()) - 7 * 86400),
    "at_hash": lambda op: op.claims.update(at_hash="another"),
    "no sub": lambda op: op.claims.update(sub=...),
    "empty sub": lambda op: op.claims.update(sub=""),
    "long sub": lambda op: op.claims.update(sub="s" * 256),
    "sub is a number": lambda op: op.claims.update(sub=7),
    "alg none": lambda op: setattr(op, "mint", unsigned),
    "another key": lambda op: setattr(op, "mint", lambda claims: op.signed(claims, STRANGER)),
    "signed with our secret": lambda op: setattr(op, "mint", symmetric),
    "key in the header": lambda op: setattr(op, "mint", lambda claims: with_key_inside(op, claims)),
    "no token at all": lambda op: setattr(op, "mint", lambda _claims: "x.y.z"),
    "a token of 20 kB": lambda op: op.claims.update(more="x" * 20_000),
    "userinfo of another": lambda op: op.userinfo.update(sub="sub-of-bob"),
    "userinfo is a list": lambda op: op.answers.update({"/userinfo": (200, b"[]", {})}),
    "keys with a secret": lambda op: op.answers.update({"/jwks": (200, secret_keys(op), {})}),
    "keys are gone": lambda op: op.answers.update({"/jwks": (404, b"", {})}),
    "tokens are HTML": lambda op: op.answers.update({"/token": (200, b"<html>", {})}),
    "tokens redirect": lambda op: op.answers.update({"/token": (307, b"", {"Location": "http://127.0.0.1:9/"})}),
    "tokens without end": lambda op: op.answers.update({"/token": (200, b"[" * 300_000, {})}),
    "an error": lambda op: op.answers.update({"/token": (500, b"", {})}),
}


def symmetric(claims: Claims) -> str:
    key = OctKey.import_key("a secret of ours/with signs:".ljust(32, "!"), {"kid": "k1"})
    return jwt.encode({"alg": "HS256", "kid": "k1"}, claims, key, algorithms=["HS256"])


def with_key_inside(op: Op, claims: Claims) -> str:
    return op.signed(claims, STRANGER, jwk=STRANGER.as_dict(private=False))  # type: ignore[arg-type]


def secret_keys(op: Op) -> bytes:
    return json.dumps({"keys": [op.key.as_dict(private=True)]}).encode()


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_provider_logs_nobody_in(
    linked_hub: Hub, op: Op, trick: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    HOSTILE[trick](op)
    trip = Trip(linked_hub, op)
    outcome = trip.go()
    assert isinstance(outcome, Failed)
    assert "Lagoon Mobility" in outcome.why
    assert nobody_is_in(linked_hub)
    assert logins.pending(linked_hub, trip.cookie, now=linked_hub.clock()) is None
    assert "a login at another provider failed" in caplog.text
    for secret in (trip.cookie, trip.asked["state"], trip.asked["nonce"], "at-sub-of-alice"):
        assert secret not in caplog.text


METADATA: dict[str, Claims] = {
    "another issuer": {"issuer": "https://op.example"},
    "issuer with a slash more": {"issuer": "http://127.0.0.1/"},
    "tokens inside our network": {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
    "keys elsewhere": {"jwks_uri": "https://evil.example/jwks"},
    "userinfo elsewhere": {"userinfo_endpoint": "https://evil.example/userinfo"},
    "login elsewhere": {"authorization_endpoint": "https://evil.example/authorize"},
    "login by script": {"authorization_endpoint": "javascript:alert(1)"},
    "no PKCE": {"code_challenge_methods_supported": ["plain"]},
    "no keys": {"jwks_uri": ...},
}


@pytest.mark.parametrize("trick", METADATA)
def test_metadata_that_leads_away_is_not_followed(linked_hub: Hub, op: Op, trick: str) -> None:
    op.metadata = METADATA[trick]
    begun = attempts.begin(linked_hub, "lagoon", person=None, return_to="", is_fresh=False, now=linked_hub.clock())
    assert isinstance(begun, Failed)
    assert op.requests == ["/.well-known/openid-configuration"]


def test_a_provider_that_hangs_is_left_in_time(hub: Hub, op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(connect_s=0.2, read_s=0.2, total_s=0.3, body_bytes=1000, tries=1)
    monkeypatch.setattr(provider, "LIMITS", limits)
    known = knowing(hub, declared(op))
    op.pause_s = 1
    begun = attempts.begin(known, "lagoon", person=None, return_to="", is_fresh=False, now=hub.clock())
    assert isinstance(begun, Failed)
    assert "does not answer" in begun.why


def test_a_login_that_was_weaker_than_the_operator_wants_is_refused(hub: Hub, op: Op) -> None:
    known = knowing(hub, declared(op, acr_values=("urn:rialto:acr:two-factor", "phr")))
    trip = Trip(known, op)
    assert isinstance(trip.go(), Failed)
    assert trip.asked["acr_values"] == "urn:rialto:acr:two-factor phr"
    op.claims = {"acr": "urn:rialto:acr:one-factor"}
    assert isinstance(Trip(known, op).go(), Failed)
    op.claims = {"acr": "phr"}
    assert isinstance(Trip(known, op).go(), Undecided)


def test_a_provider_may_change_its_key_and_is_not_asked_for_keys_by_every_forged_token(
    linked_hub: Hub, op: Op, clock: TestClock
) -> None:
    Trip(linked_hub, op).go()
    op.key = ECKey.generate_key("P-256", {"kid": "k2", "alg": "ES256", "use": "sig"})
    clock.advance(seconds=31)
    assert isinstance(Trip(linked_hub, op).go(), Undecided)
    before = op.requests.count("/jwks")
    unknown = ECKey.generate_key("P-256", {"kid": "k3", "alg": "ES256", "use": "sig"})
    op.mint = lambda claims: op.signed(claims, unknown)
    for _ in range(5):
        assert isinstance(Trip(linked_hub, op).go(), Failed)
    assert op.requests.count("/jwks") == before


# --- a hostile browser ----------------------------------------------------------------------------


def test_an_answer_of_another_issuer_is_not_taken(trip: Trip, op: Op) -> None:
    """RFC 9207: mix-up."""
    for iss in ("https://evil.example", None):
        assert isinstance(trip.come_back(op.authorize(trip.leave(), iss=iss)), Failed)
    assert "/token" not in op.requests


def test_a_state_of_one_provider_is_worth_nothing_at_the_other(hub: Hub, op: Op, clock: TestClock) -> None:
    with scripted(clock) as evil:
        known = knowing(hub, declared(op), declared(evil, id="evil", name="Evil"))
        honest = Trip(known, op)
        brought = op.authorize(honest.leave())
        mixed = Trip(known, evil, provider_id="evil", cookie=honest.cookie)
        assert isinstance(mixed.come_back(brought), Failed)
        assert evil.forms == [], "the code of the honest provider went nowhere"
        assert isinstance(honest.come_back(brought), Failed), "the attempt is burnt"


def test_a_return_in_another_browser_burns_the_attempt(linked_hub: Hub, op: Op) -> None:
    """Login CSRF: whoever sends a victim their own return gets nothing, and loses it."""
    for elsewhere in ("another-browser", None):
        trip = Trip(linked_hub, op)
        brought = op.authorize(trip.leave())
        assert isinstance(trip.come_back(brought, browser_secret=elsewhere), Failed)
        assert isinstance(trip.come_back(brought), Failed)
    assert "/token" not in op.requests


def test_a_return_for_another_person_than_the_one_who_began_is_not_taken(linked_hub: Hub, op: Op) -> None:
    alice, bob = signed_in(linked_hub), signed_in(linked_hub, "bob")
    for began, returns in ((alice, bob), (alice, None), (None, bob)):
        trip = Trip(linked_hub, op, began)
        assert isinstance(trip.come_back(op.authorize(trip.leave()), person=returns), Failed)


def test_a_return_works_once_and_not_for_ever(trip: Trip, op: Op, clock: TestClock) -> None:
    brought = op.authorize(trip.leave())
    assert isinstance(trip.come_back(brought), Undecided)
    assert isinstance(trip.come_back(brought), Failed)
    brought = op.authorize(trip.leave())
    clock.advance(seconds=trip.hub.settings.upstream_attempt_ttl_s)
    assert isinstance(trip.come_back(brought), Failed)


def test_of_fifty_returns_at_once_one_is_taken(trip: Trip, op: Op) -> None:
    brought = op.authorize(trip.leave())
    outcomes = at_once(50, lambda: trip.come_back(brought))
    assert sum(isinstance(one, Undecided) for one in outcomes) == 1
    assert op.requests.count("/token") == 1


@pytest.mark.parametrize("parameters", [{}, {"state": "x"}, {"state": "", "code": "c"}, {"code": "c"}])
def test_an_invented_return_asks_nobody(trip: Trip, op: Op, parameters: dict[str, str]) -> None:
    trip.leave()
    before = list(op.requests)
    assert isinstance(trip.come_back(parameters), Failed)
    assert op.requests == before


def test_a_no_at_the_provider_is_said_as_such(trip: Trip, op: Op) -> None:
    outcome = trip.come_back(op.authorize(trip.leave(), code=None, error="access_denied"))
    assert outcome == Failed("The login was not finished at Lagoon Mobility.")


def test_the_way_back_stays_on_this_site(trip: Trip) -> None:
    with pytest.raises(BadInput):
        trip.leave(return_to="https://evil.example/")


def test_nothing_secret_is_stored_in_the_clear(trip: Trip, op: Op) -> None:
    op.userinfo = {"name": "Alice Andersen", "email": "alice@people.example"}
    trip.leave()
    asked = trip.asked
    trip.come_back(op.authorize(trip.url))
    with trip.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(UpstreamAttempt)) == 1
        assert session.scalar(select(func.count()).select_from(Psu)) == 0
    stored = everything_stored(trip.hub)
    for secret in (trip.cookie, asked["state"], asked["nonce"], "at-sub-of-alice", "Andersen", "alice@people.example"):
        assert secret not in stored


def test_the_operators_secret_is_not_printed(linked_hub: Hub) -> None:
    assert "secret of ours" not in repr(linked_hub)
    assert "secret of ours" not in repr(linked_hub.upstream("lagoon").declared)
