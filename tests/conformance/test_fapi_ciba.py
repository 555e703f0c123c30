"""fapi-ciba-id1-test-plan, plain_fapi, poll and ping: the OpenID Foundation's modules as tests of our own, over HTTP.

Sections are of CIBA Core 1.0 unless they say otherwise. Ping endpoints are real ones, called by the worker's own code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from hub.context import Hub
from hub.ids import new_id, new_secret
from hub.models import client as models
from hub.models.psu import Psu
from hub.oauth import pings
from tests.conformance.browser import Arrived, Page
from tests.conformance.notified import Notified, notified
from tests.conformance.provider import OPENID, Provider
from tests.conformance.rp import ACCOUNTS, BANK, DPOP, MTLS, Client, bank_client, refused
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of
from tests.oauth.signing import LEFT_OUT, ClientKey

CIBA = "urn:openid:params:grant-type:ciba"
PENDING = {"authorization_pending", "slow_down"}
ENDPOINT = "backchannel_authentication_endpoint"
VARIANTS = {
    "poll+private_key_jwt+mtls": ("poll", "private_key_jwt", MTLS),
    "poll+mtls+mtls": ("poll", MTLS, MTLS),
    "ping+private_key_jwt+dpop": ("ping", "private_key_jwt", DPOP),
    "ping+mtls+mtls": ("ping", MTLS, MTLS),
}


@dataclass
class Asker:
    """A client of the backchannel. ``token`` is what it wants to be called with."""

    client: Client
    here: Notified
    is_ping: bool
    token: str = field(default_factory=new_secret)

    @property
    def provider(self) -> Provider:
        return self.client.provider

    @property
    def hub(self) -> Hub:
        found = self.provider.flask.extensions["rialto"]
        assert isinstance(found, Hub)
        return found

    def asked(self, **changes: Any) -> dict[str, Any]:
        facts = {"scope": BANK, "login_hint": self.provider.email, "binding_message": "1234"}
        if self.is_ping:
            facts["client_notification_token"] = self.token
        return {name: value for name, value in (facts | changes).items() if value is not None}

    def signed(self, facts: dict[str, Any] | None = None, *, key: ClientKey | None = None, **claims: Any) -> str:
        """A signed request that is right but for ``claims``; a claim may be LEFT_OUT."""
        whole = {"jti": new_id()} | claims
        header = whole.pop("header", None)
        return (key or self.client.signing).request_object(
            self.asked() if facts is None else facts,
            client_id=self.client.id,
            issuer=self.provider.base,
            now=self.provider.clock(),
            header=header,
            **whole,
        )

    def send(self, request: str | None = None, **more: Any) -> TestResponse:
        return self.client.post(ENDPOINT, {"request": request or self.signed()}, **more)

    def begin(self, **changes: Any) -> dict[str, Any]:
        """7.3: what a request in order is answered with."""
        answer = self.send(self.signed(self.asked(**changes)))
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        told: dict[str, Any] = answer.get_json()
        assert set(told) == {"auth_req_id", "expires_in", "interval"}
        assert len(told["auth_req_id"]) >= 22  # 128 bits; 160 are better
        assert told["expires_in"] > 0
        return told

    def poll(self, auth_req_id: str, **more: Any) -> TestResponse:
        return self.client.post("token_endpoint", {"grant_type": CIBA, "auth_req_id": auth_req_id}, **more)

    def answer(self, *, allow: bool = True) -> Arrived:
        """The person opens the request that waits longest, and answers it."""
        browser = self.provider.signed_in()
        page = browser.open("/approvals")
        assert isinstance(page, Page)
        form = next(one for one in page.forms if one.action.startswith("/approvals/"))
        headers = {"Origin": browser.base, "Sec-Fetch-Site": "same-origin"}
        data = {one.name: one.value for one in form.controls if one.name}
        opened = browser.http.post(form.action, base_url=browser.base, data=data, headers=headers)
        return browser.go_on(browser.open(opened.headers["Location"]), allow=allow)

    def work(self) -> None:
        """One round of the worker."""
        pings.deliver_due(self.hub, pings.by(self.hub.outbound))

    def hear(self, auth_req_id: str) -> None:
        """10.2: a client that wants to be called is, with its own token, by POST and JSON."""
        self.work()
        if self.is_ping:
            (call,) = self.here.calls
            assert call.headers["Authorization"] == f"Bearer {self.token}"
            assert call.headers["Content-Type"] == "application/json"
            assert call.document == {"auth_req_id": auth_req_id}
        else:
            assert not self.here.calls

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """The whole way."""
        told = self.begin(**changes)
        self.answer()
        self.hear(told["auth_req_id"])
        answer = self.poll(told["auth_req_id"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def turned_down(self, answer: TestResponse, *errors: str) -> None:
        refused(answer, *(errors or ("invalid_request",)))
        assert not self.here.calls


@pytest.fixture
def here() -> Iterator[Notified]:
    with notified() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _known(provider: Provider) -> None:
    """Alice has proved that the address is hers, else no login_hint finds her."""
    hub: Hub = provider.flask.extensions["rialto"]
    with hub.db.write() as session:
        for row in session.query(Psu).filter_by(email=provider.email):
            row.email_verified_at = hub.clock()


def asker(provider: Provider, here: Notified, mode: str, auth: str, bound: str, **metadata: Any) -> Asker:
    told: dict[str, Any] = {
        "grant_types": ["authorization_code", "refresh_token", CIBA],
        "backchannel_token_delivery_mode": mode,
        "backchannel_client_notification_endpoint": here.url if mode == "ping" else None,
    }
    made = Asker(bank_client(provider, auth, bound, **(told | metadata)), here, mode == "ping")
    with made.hub.db.write() as session:  # the operator verified it: it asks people who do not know it yet
        session.get_one(models.Client, made.client.id).verified_at = provider.clock()
    return made


@pytest.fixture(params=VARIANTS)
def app(request: pytest.FixtureRequest, provider: Provider, here: Notified, _known: None) -> Iterator[Asker]:
    """A client of each variant in turn; what it leaves unanswered is gone before the next test."""
    yield asker(provider, here, *VARIANTS[request.param])
    provider.clock.advance(seconds=700)


@pytest.fixture
def signer(provider: Provider, here: Notified, _known: None) -> Iterator[Asker]:
    """One that authenticates with private_key_jwt, for tests about that."""
    yield asker(provider, here, "poll", "private_key_jwt", MTLS)
    provider.clock.advance(seconds=700)


@pytest.fixture
def called(provider: Provider, here: Notified, _known: None) -> Iterator[Asker]:
    """One that wants to be called."""
    yield asker(provider, here, "ping", "private_key_jwt", DPOP)
    provider.clock.advance(seconds=700)


def at(app: Asker, seconds: int) -> int:
    return int(app.provider.clock().timestamp()) + seconds


# What works


def test_fapi_ciba_id1_discovery_end_point_verification(provider: Provider) -> None:
    """4: the metadata says what can be had."""
    told = provider.http("GET", OPENID).get_json()
    assert str(told[ENDPOINT]).startswith("https://")
    assert CIBA in told["grant_types_supported"]
    assert set(told["backchannel_token_delivery_modes_supported"]) == {"poll", "ping"}
    assert {"PS256", "ES256"} <= set(told["backchannel_authentication_request_signing_alg_values_supported"])
    assert told["backchannel_user_code_parameter_supported"] is False
    assert told["tls_client_certificate_bound_access_tokens"] is True


def test_fapi_ciba_id1(app: Asker, provider: Provider) -> None:
    """7 to 10: pending, answered, tokens bound to the client, an ID token that names the request; once."""
    told = app.begin()
    refused(app.poll(told["auth_req_id"]), *PENDING)
    app.answer()
    app.hear(told["auth_req_id"])
    answer = app.poll(told["auth_req_id"])
    assert answer.status_code == 200, answer.text
    tokens = answer.get_json()
    identity = app.client.id_token(tokens)
    assert identity["urn:openid:params:jwt:claim:auth_req_id"] == told["auth_req_id"]
    assert header_of(tokens["id_token"])["alg"] in {"PS256", "ES256", "EdDSA"}
    read = app.client.call(ACCOUNTS, tokens["access_token"])
    assert (read.status_code, len(read.get_json()["data"])) == (200, 2)
    refused(app.poll(told["auth_req_id"]), "invalid_grant")  # used
    assert app.client.call(ACCOUNTS, tokens["access_token"]).status_code == 200
    other = bank_client(provider, "private_key_jwt", app.client.bound)
    stolen = replace(other, told=app.client.told)
    assert stolen.call(ACCOUNTS, tokens["access_token"]).status_code == 401  # RFC 8705 3, RFC 9449 7


def test_fapi_ciba_id1_with_acr_values(app: Asker) -> None:
    """7.1: the second client of the module asks how strongly the person is to log in."""
    tokens = app.tokens(acr_values="urn:rialto:acr:one-factor")
    assert app.client.id_token(tokens)["acr"] == "urn:rialto:acr:one-factor"


def test_fapi_ciba_id1_user_rejects_authentication(app: Asker) -> None:
    told = app.begin()
    app.answer(allow=False)
    app.hear(told["auth_req_id"])  # a no is an answer too
    refused(app.poll(told["auth_req_id"]), "access_denied")


def test_fapi_ciba_id1_multiple_call_to_token_endpoint(app: Asker) -> None:
    told = app.begin()
    errors = [app.poll(told["auth_req_id"]).get_json()["error"] for _ in range(10)]
    assert errors == ["authorization_pending"] + ["slow_down"] * 9


def test_fapi_ciba_id1_auth_req_id_expired(app: Asker, clock: TestClock) -> None:
    told = app.begin(requested_expiry=30)
    assert told["expires_in"] == 30
    clock.advance(seconds=31)
    refused(app.poll(told["auth_req_id"]), "expired_token")


def test_fapi_ciba_id1_ensure_authorization_request_with_binding_message_succeeds(app: Asker) -> None:
    app.begin(binding_message="Till 3, 1234")
    browser = app.provider.signed_in()
    page = browser.open("/approvals")
    assert isinstance(page, Page)
    assert "Till 3, 1234" in page.text


def test_fapi_ciba_id1_ensure_authorization_request_with_potentially_bad_binding_message(app: Asker) -> None:
    """13: taken as it is, or refused in so many words; never half of it."""
    for message in ("1234 \U0001f44d\U0001f3ff 品川 " + "Lorem ipsum " * 20, "a\u202eb", "a\nb", "a\0b"):
        app.turned_down(app.send(app.signed(app.asked(binding_message=message))), "invalid_binding_message")
    app.begin(binding_message="1234 \U0001f44d 品川")


def test_fapi_ciba_id1_ensure_other_scope_order_succeeds(app: Asker) -> None:
    tokens = app.tokens(scope=" ".join(reversed(BANK.split())))
    assert set(tokens["scope"].split()) == set(BANK.split())


def test_fapi_ciba_id1_ensure_requested_expiry_as_string_succeeds(app: Asker) -> None:
    assert app.begin(requested_expiry="30")["expires_in"] == 30


def test_fapi_ciba_id1_refresh_token(app: Asker) -> None:
    tokens = app.tokens()
    answer = app.client.refresh(tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    assert app.client.call(ACCOUNTS, answer.get_json()["access_token"]).status_code == 200


def test_fapi_ciba_id1_ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds(signer: Asker) -> None:
    """7.1: the issuer, the token endpoint and the endpoint itself are all audiences of an assertion here."""
    for aud in ("issuer", "token_endpoint", ENDPOINT):
        answer = signer.send(credentials=signer.client.assertion(aud=signer.provider.endpoint(aud)))
        assert answer.status_code == 200, aud
        auth_req_id = answer.get_json()["auth_req_id"]
        if aud != ENDPOINT:
            shown = signer.client.assertion(aud=signer.provider.endpoint(aud))
            refused(signer.poll(auth_req_id, credentials=shown), *PENDING)


# The signed request


SIGNED_WRONG = {
    "missing-aud": {"aud": LEFT_OUT},
    "bad-aud": {"aud": "https://elsewhere.example"},
    "missing-iss": {"iss": LEFT_OUT},
    "bad-iss": {"iss": "somebody-else"},
    "missing-exp": {"exp": LEFT_OUT},
    "expired-exp": {"exp": -300, "nbf": -600, "iat": -600},
    "exp-is-70-minutes-in-future": {"exp": 70 * 60},
    "missing-iat": {"iat": LEFT_OUT},
    "missing-nbf": {"nbf": LEFT_OUT},
    "nbf-is-10-minutes-in-future": {"nbf": 600, "exp": 900},
    "nbf-is-70-minutes-in-past": {"nbf": -70 * 60},
    "missing-jti": {"jti": LEFT_OUT},
}


@pytest.mark.parametrize("what", SIGNED_WRONG)
def test_fapi_ciba_id1_ensure_request_object_fails(app: Asker, what: str) -> None:
    """7.1.1, FAPI-CIBA 5.2.2: fapi-ciba-id1-ensure-request-object-``what``-fails."""
    claims: dict[str, Any] = {
        name: at(app, value) if isinstance(value, int) else value for name, value in SIGNED_WRONG[what].items()
    }
    app.turned_down(app.send(app.signed(**claims)))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_none_fails(app: Asker) -> None:
    header, payload, _signature = app.signed(header={"alg": "none"}).split(".")
    app.turned_down(app.send(f"{header}.{payload}."))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_bad_fails(app: Asker) -> None:
    request = app.signed()
    app.turned_down(app.send(request[:-6] + ("AAAAAA" if not request.endswith("AAAAAA") else "BBBBBB")))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_rs256_fails(app: Asker) -> None:
    app.turned_down(app.send(app.signed(key=ClientKey.make("RS256"))))


def test_fapi_ciba_id1_ensure_request_object_signed_by_other_client_fails(app: Asker) -> None:
    app.turned_down(app.send(app.signed(key=ClientKey.make())))


def test_fapi_ciba_id1_ensure_unsigned_backchannel_authorization_request_fails(app: Asker) -> None:
    app.turned_down(app.client.post(ENDPOINT, app.asked()))


def test_fapi_ciba_id1_ensure_a_signed_request_works_once(app: Asker) -> None:
    """7.1.1: that is what its jti is for."""
    request = app.signed()
    assert app.send(request).status_code == 200
    app.turned_down(app.send(request))


def test_fapi_ciba_id1_ensure_nothing_stands_beside_a_signed_request(app: Asker) -> None:
    """7.1.1."""
    form = {"request": app.signed(), "login_hint": "bob@people.example"}
    app.turned_down(app.client.post(ENDPOINT, form))


def test_fapi_ciba_id1_ensure_authorization_request_with_multiple_hints_fails(app: Asker) -> None:
    """7.1, 7.2: exactly one, and of a kind that is understood."""
    for hints in ({"login_hint_token": "x"}, {"id_token_hint": "x"}, {"login_hint": None}):
        app.turned_down(app.send(app.signed(app.asked(**hints))))
    app.turned_down(app.send(app.signed(app.asked(login_hint=None, login_hint_token="x"))))


def test_fapi_ciba_id1_with_an_id_token_as_the_hint(app: Asker, clock: TestClock) -> None:
    """7.1: one that this client got; another client's, or none of ours, means nobody (13)."""
    identity = app.tokens()["id_token"]
    app.here.calls.clear()
    clock.advance(seconds=3600)  # a hint may be old
    app.begin(login_hint=None, id_token_hint=identity)
    assert isinstance(app.answer(), Page)
    other = asker(app.provider, app.here, "poll", "private_key_jwt", MTLS)
    for client, hint in ((other, identity), (app, "ey.not.ours")):
        facts = client.asked(login_hint=None, id_token_hint=hint)
        refused(client.send(client.signed(facts)), "unknown_user_id")


# Who asks


def test_fapi_ciba_id1_ensure_wrong_auth_req_id_in_token_endpoint_request(app: Asker) -> None:
    refused(app.poll(new_secret()), "invalid_grant")


def test_fapi_ciba_id1_ensure_an_auth_req_id_is_its_clients_own(app: Asker) -> None:
    """11."""
    told = app.begin()
    app.answer()
    other = asker(app.provider, app.here, "poll", "private_key_jwt", MTLS)
    refused(other.poll(told["auth_req_id"]), "invalid_grant")
    assert app.poll(told["auth_req_id"]).status_code == 200


def test_fapi_ciba_id1_ensure_different_client_id_and_issuer_in_backchannel_authorization_request(app: Asker) -> None:
    other = asker(app.provider, app.here, "poll", "private_key_jwt", MTLS)
    app.turned_down(app.send(app.signed(iss=other.client.id)))


def test_fapi_ciba_id1_ensure_wrong_client_id_in_token_endpoint_request(app: Asker) -> None:
    told = app.begin()
    other = asker(app.provider, app.here, "poll", "private_key_jwt", MTLS)
    form = {"grant_type": CIBA, "auth_req_id": told["auth_req_id"], "client_id": other.client.id}
    own, _ = app.client.credentials()
    answer = app.client.post("token_endpoint", form, credentials=own | {"client_id": other.client.id})
    refused(answer, "invalid_client", "invalid_grant")


def test_fapi_ciba_id1_ensure_wrong_client_id_in_backchannel_authorization_request(app: Asker) -> None:
    other = asker(app.provider, app.here, "poll", "private_key_jwt", MTLS)
    own, _ = app.client.credentials()
    refused(app.send(credentials=own | {"client_id": other.client.id}), "invalid_client")


def test_fapi_ciba_id1_ensure_without_client_assertion_in_token_endpoint_request(signer: Asker) -> None:
    told = signer.begin()
    refused(signer.poll(told["auth_req_id"], credentials={"client_id": signer.client.id}), "invalid_client")


def test_fapi_ciba_id1_ensure_without_client_assertion_in_backchannel_authorization_request(signer: Asker) -> None:
    refused(signer.send(credentials={"client_id": signer.client.id}), "invalid_client")


def test_fapi_ciba_id1_ensure_client_assertion_signature_algorithm_is_rs256_fails(signer: Asker) -> None:
    """...-in-backchannel-authorization-request-is-RS256-fails and ...-in-token-endpoint-request-is-RS256-fails."""
    told = signer.begin()
    forged = replace(signer.client, key=ClientKey.make("RS256"))
    refused(signer.send(credentials=forged.assertion()), "invalid_client")
    refused(signer.poll(told["auth_req_id"], credentials=forged.assertion()), "invalid_client")


def test_fapi_ciba_id1_ensure_mtls_holder_of_key_required(app: Asker) -> None:
    """FAPI-CIBA 5.2.2: no token that is bound to nothing."""
    told = app.begin()
    app.answer()
    bound = app.client.bound
    without = replace(app.client, bound="") if bound == DPOP else replace(app.client, certificate=None)
    refused(
        Asker(without, app.here, app.is_ping).poll(told["auth_req_id"]),
        "invalid_request",
        "invalid_dpop_proof",
        "invalid_client",
    )
    assert app.poll(told["auth_req_id"]).status_code == 200


# Being called


@pytest.mark.parametrize(
    ("module", "status", "body"),
    [
        ("response-has-body", 200, b"<h1>thanks</h1>"),
        ("response-has-body", 204, b""),
        ("response-401", 401, b""),
        ("response-403", 403, b""),
        ("response-401-and-require-server-does-not-retry", 401, b""),
    ],
)
def test_fapi_ciba_id1_ping_backchannel_notification_endpoint(
    called: Asker, clock: TestClock, module: str, status: int, body: bytes
) -> None:
    """10.2: fapi-ciba-id1-ping-backchannel-notification-endpoint-``module``: called once, and the tokens are there."""
    called.here.answers_with(status, body)
    told = called.begin()
    called.answer()
    for _ in range(3):
        called.hear(told["auth_req_id"])
        clock.advance(seconds=120)
    assert called.poll(told["auth_req_id"]).status_code == 200


def test_fapi_ciba_id1_ping_backchannel_notification_endpoint_return_redirect_request(called: Asker) -> None:
    """10.2: a redirect is not followed."""
    called.here.answers_with(302, b"", location=called.here.url + "/elsewhere")
    told = called.begin()
    called.answer()
    called.hear(told["auth_req_id"])
    assert called.here.paths == ["/ping"]


def test_fapi_ciba_id1_ping_is_tried_again_where_the_endpoint_is_down(called: Asker, clock: TestClock) -> None:
    called.here.answers_with(503, b"")
    told = called.begin()
    called.answer()
    called.work()
    called.work()
    assert len(called.here.calls) == 1  # not before its time
    called.here.answers_with(204, b"")
    clock.advance(seconds=2)
    called.work()
    clock.advance(seconds=200)
    called.work()
    assert [call.document for call in called.here.calls] == [{"auth_req_id": told["auth_req_id"]}] * 2


def test_fapi_ciba_id1_ping_needs_a_notification_token(called: Asker) -> None:
    """7.1."""
    for token in (None, "with space", "a" * 1025):
        called.turned_down(called.send(called.signed(called.asked(client_notification_token=token))))
