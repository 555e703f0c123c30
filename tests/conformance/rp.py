"""A client: registers itself, asks, redeems, calls. Every step does what it registered for, unless a test says not."""

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from hub.ids import new_secret
from tests.certificates import Authority, Issued
from tests.conformance.browser import Answer, Arrived, Browser, Page
from tests.conformance.provider import Provider
from tests.oauth.signing import ClientKey, b64

CALLBACK = "https://shop.example/callback"
SIGN_IN = "openid offline_access profile email"
BANK = "openid offline_access profile email accounts:read balances:read"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCOUNTS = "/v1/accounts"
DPOP, MTLS = "dpop", "mtls"
AUTHORITY = Authority("Conformance CA")
ALLOWED = frozenset(map(chr, range(0x20, 0x7F))) - set('"\\')  # RFC 6749 5.2, of an error_description
_numbers = itertools.count()

Given = dict[str, Any]


def kept(values: Given) -> Given:
    """A value of None leaves its name out."""
    return {name: value for name, value in values.items() if value is not None}


def register(provider: Provider, document: Given) -> TestResponse:
    return provider.http("POST", provider.endpoint("registration_endpoint"), json=document)


@dataclass
class Client:
    """``told`` is what the registration answered. ``bound``: how its tokens are bound, "" for bearer tokens.

    ``mode``: the response_mode that it asks for; None leaves it to the profile.
    """

    provider: Provider
    told: Given
    key: ClientKey | None = None
    certificate: Issued | None = None
    bound: str = ""
    mode: str | None = None
    nonce: str | None = None
    verifier: str = field(default_factory=lambda: new_secret() + "~")

    @property
    def id(self) -> str:
        return str(self.told["client_id"])

    @property
    def signs_requests(self) -> bool:
        return bool(self.told.get("require_signed_request_object"))

    @property
    def signing(self) -> ClientKey:
        assert self.key is not None
        return self.key

    # Asking

    def asked(self, **changes: Any) -> Given:
        """The parameters of an authorization request."""
        facts: Given = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.told["redirect_uris"][0],
            "scope": self.told["scope"],
            "state": new_secret(),
            "nonce": new_secret(),
        }
        if self.told.get("require_pushed_authorization_requests"):
            facts |= self.challenge()
        if self.signs_requests:
            facts["response_mode"] = "jwt"
        if self.mode is not None:
            facts["response_mode"] = self.mode
        return kept(facts | changes)

    def challenge(self) -> Given:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {"code_challenge": b64(digest), "code_challenge_method": "S256"}

    def request_object(self, facts: Given, **changes: Any) -> str:
        return self.signing.request_object(
            facts, client_id=self.id, issuer=self.provider.base, now=self.provider.clock(), **changes
        )

    def push(self, facts: Given | None = None, **more: Any) -> TestResponse:
        """The request, pushed; in a signed object where the client has to."""
        form = self.asked() if facts is None else facts
        if self.signs_requests and "request" not in form:
            form = {"client_id": self.id, "request": self.request_object(form)}
        return self.post("pushed_authorization_request_endpoint", form, **more)

    def pushed(self, facts: Given | None = None, **more: Any) -> str:
        """The request_uri that a pushed request got."""
        answer = self.push(facts, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["request_uri"])

    def ask(self, browser: Browser, facts: Given | None = None, **beside: Any) -> Arrived:
        """Open the authorization endpoint. ``beside``: parameters next to a request_uri."""
        facts = self.asked() if facts is None else facts
        if self.told.get("require_pushed_authorization_requests"):
            return self.refer(browser, self.pushed(facts), **beside)
        return browser.open(self.provider.endpoint("authorization_endpoint") + "?" + urlencode(facts))

    def refer(self, browser: Browser, request_uri: str, **beside: Any) -> Arrived:
        """Open the authorization endpoint with a pushed request (RFC 9126 4)."""
        facts = {"client_id": self.id, "request_uri": request_uri} | beside
        return browser.open(self.provider.endpoint("authorization_endpoint") + "?" + urlencode(facts))

    def sign_in(self, browser: Browser | None = None, *, allow: bool = True, **changes: Any) -> Answer:
        """The whole way to the client's own address. Checks what holds for every answer."""
        browser = browser or self.provider.signed_in()
        facts = self.asked(**changes)
        arrived = browser.go_on(self.ask(browser, facts), allow=allow)
        assert isinstance(arrived, Answer), arrived.text
        assert arrived.url.startswith(facts["redirect_uri"])
        return self.checked(arrived, facts)

    def checked(self, answer: Answer, facts: Given) -> Answer:
        """RFC 9207 2, RFC 6749 4.1.2, FAPI 2.0 5.3.2.2 (7, 11), JARM 2.1; the answer with its own members."""
        if answer.mode == "query":
            assert answer.status == 303
        if "response" in answer.params:
            assert set(answer.params) == {"response"}, "nothing stands beside the signed answer"
            claims = self.provider.verified(answer.params["response"], aud=self.id)
            assert claims["exp"] - claims["iat"] <= 600
            told = {name: value for name, value in claims.items() if name not in {"aud", "exp", "iat"}}
            answer = Answer(answer.url, answer.mode, told, answer.status)
        assert answer.params["iss"] == self.provider.metadata["issuer"]
        assert answer.params.get("state") == facts.get("state")
        return answer

    def code(self, browser: Browser | None = None, **changes: Any) -> str:
        answer = self.sign_in(browser, **changes)
        assert "code" in answer.params, answer.params
        return answer.params["code"]

    # Back channel

    def assertion(self, **changes: Any) -> Given:
        signed = self.signing.assertion(
            client_id=self.id, issuer=self.provider.base, now=self.provider.clock(), **changes
        )
        return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}

    def proof(self, method: str, url: str, *, key: ClientKey | None = None, **changes: Any) -> str:
        facts: Given = {"nonce": self.nonce} | changes
        return (key or self.signing).proof(method=method, url=url, now=self.provider.clock(), **facts)

    def credentials(self) -> tuple[Given, Given]:
        """What the client adds to the form, and what else to the call, to show who it is."""
        method = self.told["token_endpoint_auth_method"]
        if method == "private_key_jwt":
            return self.assertion(), {}
        if method == "client_secret_post":
            return {"client_id": self.id, "client_secret": self.told["client_secret"]}, {}
        if method == "client_secret_basic":
            return {}, {"auth": (self.id, self.told["client_secret"])}
        return {"client_id": self.id}, {}

    def headers(self) -> dict[str, str]:
        """What the proxy in front says of the client's certificate (docs/operating/tls.md)."""
        if self.certificate is None:
            return {}
        return {"Client-Cert": self.certificate.client_cert, "X-Client-Verify": "SUCCESS"}

    def post(
        self, endpoint: str, form: Given, *, credentials: Given | None = None, proof: str | None = "", **more: Any
    ) -> TestResponse:
        """``credentials`` replaces the client's own. ``proof``: "" makes the right one, None sends none."""
        url = self.provider.endpoint(endpoint)
        own, auth = self.credentials() if credentials is None else (credentials, {})
        headers = self.headers() | dict(more.pop("headers", {}))
        proves = proof == "" and self.bound == DPOP and endpoint == "token_endpoint"
        if proof:
            headers["DPoP"] = proof
        if proves:
            headers["DPoP"] = self.proof("POST", url)
        answer = self.provider.http("POST", url, data=kept(form | own), headers=headers, **auth | more)
        self.learn(answer)
        if proves and answer.get_json().get("error") == "use_dpop_nonce":  # RFC 9449 8: once more, with it
            return self.post(endpoint, form, credentials=credentials, **more)
        return answer

    def redeem(self, code: str, *, more: Given | None = None, **changes: Any) -> TestResponse:
        """``changes`` of the form; ``more`` for ``post``."""
        facts: Given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.told["redirect_uris"][0],
            "code_verifier": self.verifier if self.told.get("require_pushed_authorization_requests") else None,
        }
        return self.post("token_endpoint", kept(facts | changes), **more or {})

    def refresh(self, refresh_token: str, **more: Any) -> TestResponse:
        return self.post("token_endpoint", {"grant_type": "refresh_token", "refresh_token": refresh_token}, **more)

    def tokens(self, browser: Browser | None = None, **changes: Any) -> Given:
        answer = self.redeem(self.code(browser, **changes))
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        found: Given = answer.get_json()
        return found

    def id_token(self, tokens: Given) -> Given:
        return self.provider.verified(tokens["id_token"], aud=self.id)

    # Resources

    def shown(self, method: str, url: str, token: str, **changes: Any) -> dict[str, str]:
        """The headers that show a token and, where it is bound, its key."""
        if self.bound != DPOP:
            return {"Authorization": f"Bearer {token}"} | self.headers()
        return {
            "Authorization": f"DPoP {token}",
            "DPoP": self.proof(method, url, access_token=token, **changes),
        }

    def call(self, url: str, token: str, *, method: str = "GET", **more: Any) -> TestResponse:
        url = self.provider.base + url if url.startswith("/") else url
        answer = self.provider.http(method, url, headers=self.shown(method, url, token), **more)
        self.learn(answer)
        if 'error="use_dpop_nonce"' in answer.headers.get("WWW-Authenticate", ""):
            answer = self.provider.http(method, url, headers=self.shown(method, url, token), **more)
        return answer

    def userinfo(self, tokens: Given, **more: Any) -> Given:
        answer = self.call(self.provider.endpoint("userinfo_endpoint"), tokens["access_token"], **more)
        assert answer.status_code == 200, answer.text
        found: Given = answer.get_json()
        return found

    def learn(self, answer: TestResponse) -> None:
        """RFC 9449 8.2: the nonce for the next proof."""
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)


def shop(provider: Provider, *, mode: str | None = None, **metadata: Any) -> Client:
    """A client that signs people in; with keys where it authenticates by them."""
    facts: Given = {
        "client_name": f"Shop {next(_numbers)}",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": SIGN_IN,
    }
    key = ClientKey.make() if metadata.get("token_endpoint_auth_method") == "private_key_jwt" else None
    if key is not None and "jwks_uri" not in metadata:
        facts["jwks"] = key.jwks()
    answer = register(provider, kept(facts | metadata))
    assert answer.status_code == 201, answer.text
    return Client(provider, answer.get_json(), key, mode=mode)


def bank_client(
    provider: Provider,
    auth: str = "private_key_jwt",
    bound: str = DPOP,
    *,
    signing: bool = False,
    key: ClientKey | None = None,
    **metadata: Any,
) -> Client:
    """A FAPI 2.0 client. ``auth``: private_key_jwt or mtls; ``bound``: dpop or mtls; ``signing``: Message Signing."""
    key, number = key or ClientKey.make(), next(_numbers)
    certificate = AUTHORITY.issue(f"client {number}") if MTLS in {auth, bound} else None
    facts: Given = {
        "client_name": f"Budget {number}",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": BANK,
        "token_endpoint_auth_method": "tls_client_auth" if auth == MTLS else auth,
        "tls_client_auth_subject_dn": f"CN=client {number}" if auth == MTLS else None,
        "jwks": key.jwks(),
        "dpop_bound_access_tokens": bound == DPOP or None,
        "tls_client_certificate_bound_access_tokens": bound == MTLS or None,
        "require_signed_request_object": signing or None,
    }
    answer = register(provider, kept(facts | metadata))
    assert answer.status_code == 201, answer.text
    return Client(provider, answer.get_json(), key, certificate, bound)


def refused(answer: TestResponse, *errors: str) -> None:
    """An OAuth error answer in one of these words (RFC 6749 5.2), in JSON that no cache keeps."""
    assert answer.mimetype == "application/json", answer.text
    body = answer.get_json()
    assert body["error"] in errors, body
    expected = {401} if body["error"] == "invalid_client" else {400}
    assert answer.status_code in expected, (answer.status_code, body)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "access_token" not in body
    assert "request_uri" not in body
    said = body.get("error_description", "")
    assert set(said) <= ALLOWED, said


def goes_on(arrived: Arrived) -> Page:
    """A page of the hub's on which the person can say yes."""
    assert isinstance(arrived, Page), arrived
    assert arrived.form("consent-approve") is not None, arrived.text
    return arrived


def shows_error(arrived: Arrived) -> Page:
    """An error page of the hub's own, from which nothing went anywhere."""
    assert isinstance(arrived, Page), arrived
    assert arrived.is_error
    assert arrived.status == 400
    return arrived
