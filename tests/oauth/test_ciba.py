"""The backchannel (CIBA Core 1.0): who can ask whom, what is told to whom, and one winner. Module by module of the
conformance plan it is in tests/conformance/test_fapi_ciba.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from consent.model import Actor
from hub.consents import service as consents
from hub.errors import Conflict, NotFound
from hub.ids import new_id
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.decoupled import DecoupledRequest, Ping
from hub.models.mail import Mail
from hub.models.psu import Psu, SecurityEvent
from hub.oauth import approvals, ciba, decoupled, grant_types, pings
from hub.oauth.clients import Registered
from hub.oauth.interaction import approve
from tests.oauth.elsewhere import say_no, say_yes, with_grant
from tests.oauth.test_races import at_once
from tests.oauth.world import World, claims_of
from tests.race import Halfway, meanwhile

CALLED_AT = "https://buddy.example/ping"


@pytest.fixture
def app(world: World) -> Registered:
    return listening(world, CALLED_AT)


def listening(world: World, url: str) -> Registered:
    """A FAPI 2.0 client that the operator verified and that wants to be called; Alice's address is verified, Bob's is
    not.
    """
    with world.hub.db.write() as session:
        session.get_one(Psu, world.alice).email_verified_at = world.hub.clock()
    told = {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": url}
    made = with_grant(world, world.register(), grant_types.BACKCHANNEL, **told)
    verify(world, made, True)
    return made


def verify(world: World, client: Registered, is_verified: bool) -> None:
    with world.hub.db.write() as session:
        row = session.get_one(Client, client.client.client_id)
        row.verified_at = world.hub.clock() if is_verified else None


def send(world: World, client: Registered, **changes: Any) -> TestResponse:
    facts = {
        "scope": " ".join(client.client.scopes),
        "login_hint": "Alice@people.example",
        "client_notification_token": "n0tify-me",
    }
    facts = {name: value for name, value in (facts | changes).items() if value is not None}
    signed = world.request_object(client, facts, jti=new_id())
    return world.post("/oauth/backchannel_authentication", {"request": signed}, client)


def begin(world: World, client: Registered, **changes: Any) -> str:
    answer = send(world, client, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["auth_req_id"])


def poll(world: World, client: Registered, auth_req_id: str) -> TestResponse:
    form = {"grant_type": grant_types.BACKCHANNEL, "auth_req_id": auth_req_id}
    return world.post("/oauth/token", form, client)


def handle(world: World, psu_id: str | None = None) -> str:
    """Of the consent page for the request that waits longest."""
    person = world.person(psu_id)
    with world.hub.db.read() as session:
        row, _client = approvals.waiting(session, person.psu_id, world.hub.clock())[0]
    return approvals.open_page(world.hub, person, row.id, world.hub.clock()).removeprefix("/consent/")


class Listener:
    """Stands where the network is."""

    def __init__(self, status: int | None = 204) -> None:
        self.status = status
        self.heard: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = []

    def __call__(self, url: str, document: Mapping[str, str], headers: Mapping[str, str]) -> int | None:
        self.heard.append((url, document, headers))
        return self.status


def test_of_fifty_redemptions_at_once_one_wins_and_keeps_what_it_won(world: World, app: Registered) -> None:
    auth_req_id = begin(world, app)
    assert say_yes(world, handle(world), app) == "/approvals/allowed"
    answers = at_once([lambda: poll(world, app, auth_req_id)] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.get_json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert world.works(winner["access_token"])
    assert claims_of(winner["id_token"])["urn:openid:params:jwt:claim:auth_req_id"] == auth_req_id


def test_of_many_answers_one_counts_and_one_ping_goes_out(world: World, app: Registered) -> None:
    auth_req_id = begin(world, app)
    pages = [handle(world) for _ in range(10)]

    def answer(number: int) -> str:
        try:
            return say_no(world, pages[number]) if number % 2 else say_yes(world, pages[number], app)
        except Conflict:
            return ""

    urls = at_once([lambda number=number: answer(number) for number in range(10)])  # type: ignore[misc]
    (url,) = filter(None, urls)
    assert (poll(world, app, auth_req_id).status_code == 200) is (url == "/approvals/allowed")
    listener = Listener()
    at_once([lambda: pings.deliver_due(world.hub, listener)] * 8)  # eight workers
    assert listener.heard == [(CALLED_AT, {"auth_req_id": auth_req_id}, {"Authorization": "Bearer n0tify-me"})]


def test_what_a_client_is_called_with_is_sealed_and_then_gone(world: World, app: Registered) -> None:
    auth_req_id = begin(world, app)
    with world.hub.db.read() as session:
        sealed = session.scalars(select(DecoupledRequest.ping_sealed)).one()
    assert sealed is not None
    assert b"n0tify-me" not in sealed
    assert auth_req_id.encode() not in sealed
    say_no(world, handle(world))
    pings.deliver_due(world.hub, Listener())
    with world.hub.db.read() as session:
        assert session.scalars(select(DecoupledRequest.ping_sealed)).one() is None


def test_a_client_that_is_not_there_is_given_up_in_the_end(world: World, app: Registered) -> None:
    begin(world, app)
    say_no(world, handle(world))
    listener = Listener(None)
    for _ in range(10):
        pings.deliver_due(world.hub, listener)
        world.hub.clock.advance(seconds=90)  # type: ignore[attr-defined]
    assert len(listener.heard) == len(pings.PAUSES_S) + 1
    with world.hub.db.read() as session:
        assert session.scalars(select(Ping)).one().given_up_at is not None


def test_a_client_that_is_not_there_is_called_once_for_all_that_waits_and_others_are_called(world: World) -> None:
    apps = {url: listening(world, url) for url in ("https://dead.example/cb", "https://live.example/cb")}
    for _ in range(3):
        for one in apps.values():
            begin(world, one)
            say_no(world, handle(world))
    called: list[str] = []

    def post(url: str, _document: Mapping[str, str], _headers: Mapping[str, str]) -> int | None:
        called.append(url)
        return 204 if "live" in url else None

    pings.deliver_due(world.hub, post)
    assert sorted(called) == ["https://dead.example/cb", *["https://live.example/cb"] * 3]
    assert pings.deliver_due(world.hub, post) == 0


@pytest.mark.parametrize("hint", ["nobody@people.example", "bob@people.example", "not an address"])
def test_who_has_an_account_is_not_told(world: World, app: Registered, hint: str) -> None:
    """Bob never proved that his address is his: a stranger may have registered with it."""
    known, unknown = send(world, app), send(world, app, login_hint=hint)
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.get_json().keys() == unknown.get_json().keys()
    auth_req_id = unknown.get_json()["auth_req_id"]
    assert poll(world, app, auth_req_id).get_json()["error"] == "authorization_pending"
    with world.hub.db.read() as session:
        assert approvals.waiting(session, world.bob, world.hub.clock()) == []
    world.hub.clock.advance(seconds=600)  # type: ignore[attr-defined]
    assert poll(world, app, auth_req_id).get_json()["error"] == "expired_token"


@pytest.mark.parametrize("hint", ["alice@people.example", "nobody@people.example"])
def test_nobody_can_be_buried_in_requests(world: World, app: Registered, hint: str) -> None:
    for _ in range(ciba.MAX_WAITING):
        begin(world, app, login_hint=hint)
    refused = send(world, app, login_hint=hint)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "access_denied")


def test_many_apps_together_cannot_bury_anybody_either(world: World) -> None:
    apps = [listening(world, f"https://{number}.example/cb") for number in range(3)]
    asked = [begin(world, app) for app in apps for _ in range(ciba.MAX_FOR_PERSON // 3)]
    asked += [begin(world, apps[0]) for _ in range(ciba.MAX_FOR_PERSON - len(asked))]
    for app in apps:
        refused = send(world, app)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "access_denied")
        assert send(world, app, login_hint="nobody@people.example").status_code == 200
    say_no(world, handle(world))
    assert send(world, apps[0]).status_code == 200


@pytest.mark.parametrize("hint", ["alice@people.example", "nobody@people.example"])
def test_of_two_requests_at_once_one_gets_the_last_place(
    world: World, app: Registered, monkeypatch: pytest.MonkeyPatch, hint: str
) -> None:
    """Also for nobody: how many get in must not tell whether there is such a person."""
    monkeypatch.setattr(ciba, "MAX_WAITING", 2)
    begin(world, app, login_hint=hint)
    assert _both(world, monkeypatch, app, app, hint) == [200, 403]


def test_nor_do_two_apps_at_once_get_a_persons_last_place(
    world: World, app: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though they name the person in different ways: by address, and by an ID token."""
    monkeypatch.setattr(ciba, "MAX_FOR_PERSON", 2)
    other = listening(world, "https://other.example/cb")
    begin(world, app)
    with world.hub.db.write() as session:
        row = session.get_one(Client, other.client.client_id)
        row.grant_types = ["authorization_code", *row.grant_types]
    identity = world.tokens(other)["id_token"]
    hint = {"login_hint": None, "id_token_hint": identity}
    assert _both(world, monkeypatch, app, other, "alice@people.example", **hint) == [200, 403]


def _both(
    world: World, monkeypatch: pytest.MonkeyPatch, first: Registered, second: Registered, hint: str, **changes: Any
) -> list[int]:
    """The second comes when the first has been counted and not yet stored."""
    halfway = Halfway()
    monkeypatch.setattr(decoupled, "store", halfway.before(decoupled.store))
    answers = meanwhile(
        halfway,
        lambda: send(world, first, login_hint=hint),
        lambda: send(world, second, **{"login_hint": hint} | changes),
    )
    return [answer.status_code for answer in answers]


def test_an_app_that_nobody_vouches_for_asks_only_people_who_allow_it_something(world: World, app: Registered) -> None:
    """Else whoever registers a client puts questions before everybody whose address they know."""
    verify(world, app, False)
    unmet = send(world, app)
    assert poll(world, app, unmet.get_json()["auth_req_id"]).get_json()["error"] == "authorization_pending"
    assert waiting(world) == 0  # and the answer said nothing of it
    with world.hub.db.write() as session:
        row = session.get_one(Client, app.client.client_id)
        row.grant_types = ["authorization_code", *row.grant_types]
    identity = world.tokens(app)["id_token"]
    begin(world, app)
    begin(world, app, login_hint=None, id_token_hint=identity)
    assert waiting(world) == 2
    with world.hub.db.write() as session:
        (consent_id,) = session.scalars(select(ConsentRow.id)).all()
        consents.revoke(session, consent_id, actor=Actor.PSU, psu_id=world.alice, now=world.hub.clock())
    begin(world, app)
    assert waiting(world) == 2
    refused = send(world, app, login_hint=None, id_token_hint=identity)
    assert refused.get_json()["error"] == "unknown_user_id"


def waiting(world: World) -> int:
    """How many questions Alice finds."""
    with world.hub.db.read() as session:
        return len(approvals.waiting(session, world.alice, world.hub.clock()))


def test_a_request_is_its_persons_own(world: World, app: Registered) -> None:
    begin(world, app)
    with world.hub.db.read() as session:
        request_id = session.scalars(select(DecoupledRequest.id)).one()
    with pytest.raises(NotFound):
        approvals.open_page(world.hub, world.person(world.bob), request_id, world.hub.clock())
    page = handle(world)
    with pytest.raises(NotFound):
        say_yes(world, page, app, world.bob)


def test_the_person_is_told_once_of_each_and_mailed_once(world: World, app: Registered) -> None:
    begin(world, app)
    begin(world, app)
    at_once([lambda: approvals.tell_due(world.hub)] * 6)
    with world.hub.db.read() as session:
        kinds = session.scalars(select(SecurityEvent.kind).where(SecurityEvent.psu_id == world.alice)).all()
        mails = session.scalars(select(Mail.template)).all()
    assert list(kinds) == ["approval_asked"] * 2
    assert list(mails) == ["approval_asked"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "accounts:read"}, "invalid_scope"),
        ({"scope": "openid parties:read"}, "invalid_scope"),
        ({"requested_expiry": 0}, "invalid_request"),
        ({"requested_expiry": "-1"}, "invalid_request"),
        ({"requested_expiry": True}, "invalid_request"),
        ({"user_code": "1234"}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
    ],
)
def test_what_an_app_may_not_ask(world: World, app: Registered, changes: dict[str, Any], error: str) -> None:
    answer = send(world, app, **changes)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)


def test_only_a_client_registered_for_it(world: World) -> None:
    assert send(world, world.client).get_json()["error"] == "unauthorized_client"


def test_details_are_asked_granted_and_told(world: World, app: Registered) -> None:
    """RFC 9396: what a request says in detail, it says by this way too."""
    details = [{"type": "account_information", "permissions": ["accounts:read", "balances:read"]}]
    auth_req_id = begin(world, app, scope="openid", authorization_details=details)
    url = approve(world.hub, handle(world), world.person(), world.choice("openid accounts:read balances:read")).url
    assert url == "/approvals/allowed"
    answer = poll(world, app, auth_req_id).get_json()
    assert {"accounts:read", "balances:read"} <= set(answer["scope"].split())
    assert answer["authorization_details"][0]["type"] == "account_information"


def test_a_longer_wish_is_cut_down(world: World, app: Registered) -> None:
    assert send(world, app, requested_expiry=86_400).get_json()["expires_in"] == 600
