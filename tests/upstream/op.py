"""An OpenID provider on loopback that plays by the rules, until a test tells it otherwise."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from hub.upstream.id_token import half_hash

CLIENT_ID, SECRET = "rialto", "a secret of ours/with signs:"
Claims = dict[str, Any]


@dataclass
class Asked:
    """One authorization request, and who answers it."""

    parameters: dict[str, str]
    subject: str
    auth_time: int


@dataclass
class Op:
    """``claims`` changes the ID token (``...`` leaves a claim out), ``mint`` replaces it; ``metadata`` changes the
    discovery document, ``userinfo`` what is told of the person. ``answers`` overrides whole answers by path.
    """

    clock: Callable[[], datetime]
    url: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"}))
    claims: Claims = field(default_factory=dict)
    mint: Callable[[Claims], str] | None = None
    metadata: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    client_jwks: Callable[[], Any] | None = None
    pause_s: float = 0
    codes: dict[str, Asked] = field(default_factory=dict)
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def authorize(
        self, url: str, subject: str = "sub-of-alice", *, auth_time: datetime | None = None, **changes: str | None
    ) -> dict[str, str]:
        """What the browser brings back after ``subject`` logged in here; ``changes`` of None leave a parameter out."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "request_uri" in asked:
            asked = self.pushed.pop(asked["request_uri"])
        code = f"code-{len(self.codes)}"
        self.codes[code] = Asked(asked, subject, int((auth_time or self.clock()).timestamp()))
        answer: dict[str, str | None] = {"code": code, "state": asked["state"], "iss": self.url}
        return {name: value for name, value in (answer | changes).items() if value is not None}

    def document(self) -> Claims:
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
        }
        return {name: value for name, value in (found | self.metadata).items() if value is not ...}

    def tokens(self, form: dict[str, str], authorization: str | None) -> tuple[int, Claims]:
        self.forms.append(form)
        if (why := self._objection(form, authorization)) is not None:
            self.refused.append(why)
            return 400, {"error": "invalid_grant"}
        asked = self.codes.pop(form["code"])
        access_token = f"at-{asked.subject}"
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": asked.subject,
            "nonce": asked.parameters["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": asked.auth_time,
            "at_hash": half_hash("ES256", access_token),
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not ...}
        minted = self.signed(claims) if self.mint is None else self.mint(claims)
        return 200, {"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": minted}

    def signed(self, claims: Claims, key: ECKey | None = None, **header: str) -> str:
        key = key or self.key
        return jwt.encode({"alg": "ES256", "kid": str(key.kid)} | header, claims, key, algorithms=["ES256"])

    def _objection(self, form: dict[str, str], authorization: str | None) -> str | None:
        if (why := self._stranger(form, authorization)) is not None:
            return why
        asked = self.codes.get(form.get("code", ""))
        if asked is None:
            return "no such code"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked.parameters["code_challenge"]:
            return "another verifier"
        return None if form["redirect_uri"] == asked.parameters["redirect_uri"] else "another redirect_uri"

    def _stranger(self, form: dict[str, str], authorization: str | None) -> str | None:
        if self.client_jwks is None:
            given = base64.b64decode((authorization or "").removeprefix("Basic ")).decode().split(":")
            return None if [unquote(part) for part in given] == [CLIENT_ID, SECRET] else "another secret"
        token = jwt.decode(form["client_assertion"], KeySet.import_key_set(self.client_jwks()), algorithms=["PS256"])
        claims = token.claims
        good = claims["iss"] == claims["sub"] == CLIENT_ID and claims["aud"] == self.url and claims["jti"]
        return None if good and claims["exp"] > self.clock().timestamp() else "another assertion"

    def push(self, form: dict[str, str], authorization: str | None) -> tuple[int, Claims]:
        if self._stranger(form, authorization) is not None:
            return 401, {"error": "invalid_client"}
        uri = f"urn:ietf:params:oauth:request_uri:{len(self.pushed)}"
        self.pushed[uri] = form
        return 201, {"request_uri": uri, "expires_in": 60}


@contextmanager
def provider(clock: Callable[[], datetime], **given: Any) -> Iterator[Op]:
    op = Op(clock, **given)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            pages: dict[str, Callable[[], Claims]] = {
                "/.well-known/openid-configuration": op.document,
                "/jwks": lambda: {"keys": [op.key.as_dict(private=False)]},
                "/userinfo": lambda: {"sub": self.headers["Authorization"].removeprefix("Bearer at-")} | op.userinfo,
            }
            self._answer(path, lambda: (200, pages[path]()) if path in pages else (404, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            does = {"/token": op.tokens, "/par": op.push}
            self._answer(self.path, lambda: does[self.path](form, self.headers.get("Authorization")))

        def _answer(self, path: str, work: Callable[[], tuple[int, Claims]]) -> None:
            op.requests.append(path)
            time.sleep(op.pause_s)
            if path in op.answers:
                status, body, headers = op.answers[path]
            else:
                status, document = work()
                body, headers = json.dumps(document).encode(), {}
            self.send_response(status)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    op.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield op
    finally:
        server.shutdown()
        server.server_close()


def unsigned(claims: Claims) -> str:
    """alg none."""

    def part(value: Claims) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def query(parameters: dict[str, str]) -> str:
    return urlencode(parameters)
