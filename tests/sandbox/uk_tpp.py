"""A TPP of our own for Albion Bank: throw-away RSA keys, a tiny JWKS server, the calls a real TPP makes."""

import base64
import hashlib
import json
import secrets
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.sandbox.browser import Browser

CLIENT_ID = "rialto"
REDIRECT_URI = "http://127.0.0.1:9/callback"
EVERYTHING = [
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadPAN",
    "ReadParty",
    "ReadPartyPSU",
]


class Keys:
    """The TPP's signing key and the address of its JWKS. ``rotate`` replaces the key, as TPPs do."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self.stranger = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        keys = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"keys": [keys.key.as_dict(private=False)]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.jwks_uri = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None, alg: str = "PS256") -> str:
        signer = key or self.key
        return jwt.encode({"alg": alg, "kid": signer.kid}, claims, signer, algorithms=[alg])


class UkTpp:
    scope = "openid accounts"

    def __init__(self, bank_url: str, keys: Keys) -> None:
        self.url = bank_url
        self.keys = keys
        self.http = requests.Session()
        self.api = f"{bank_url}/open-banking/v3.1/aisp"

    def assertion(self, **changes: Any) -> str:
        claims = {
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": f"{self.url}/token",
            "exp": int(time.time()) + 60,
            "iat": int(time.time()),
            "jti": str(uuid.uuid4()),
        }
        return self.keys.sign({**claims, **changes})

    def token(self, assertion: str | None = None, **form: str) -> requests.Response:
        form |= {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
        }
        return self.http.post(f"{self.url}/token", data=form, timeout=5)

    def client_token(self) -> str:
        return str(self.token(grant_type="client_credentials", scope="accounts").json()["access_token"])

    def call(self, method: str, path: str, token: str, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.api}{path}"
        headers = {
            "Authorization": f"Bearer {token}",
            "x-fapi-interaction-id": str(uuid.uuid4()),
            "Accept": "application/json",
            **more.pop("headers", {}),
        }
        answer = self.http.request(method, url, headers=headers, timeout=more.pop("timeout", 5), **more)
        assert answer.headers["x-fapi-interaction-id"] == headers["x-fapi-interaction-id"]
        return answer

    def propose(self, permissions: list[str] | None = None, **data: str) -> requests.Response:
        body = {"Data": {"Permissions": permissions or EVERYTHING, **data}, "Risk": {}}
        return self.call("POST", "/account-access-consents", self.client_token(), json=body)

    def consent_id(self, permissions: list[str] | None = None, **data: str) -> str:
        return str(self.propose(permissions, **data).json()["Data"]["ConsentId"])

    def request_claims(self, consent_id: str, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": CLIENT_ID,
            "aud": self.url,
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "nbf": now,
            "exp": now + 300,
            "scope": self.scope,
            "response_type": "code id_token",
            "state": secrets.token_urlsafe(12),
            "nonce": secrets.token_urlsafe(12),
            "claims": {"id_token": {"openbanking_intent_id": {"value": consent_id, "essential": True}}},
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def authorize_url(self, claims: dict[str, Any], request: str | None = None) -> str:
        query = {
            "client_id": CLIENT_ID,
            "response_type": claims.get("response_type", ""),
            "scope": self.scope,
            "request": request or self.keys.sign(claims),
        }
        return f"{self.url}/authorize?{urlencode(query)}"

    def approve(self, claims: dict[str, Any], username: str = "alice", accounts: int | None = None) -> dict[str, str]:
        """The whole way through the bank's pages; the parameters that came back (``accounts`` first ones picked)."""
        browser = Browser(self.url)
        assert browser.open(self.authorize_url(claims)) is None
        assert browser.submit(username=username, password=f"{username}-at-albion") is None
        boxes = browser.find_all(r'name="account" value="([^"]+)"')
        target = browser.submit(account=boxes[:accounts], decision="approve")
        assert target is not None
        assert target.startswith(REDIRECT_URI)
        return parameters(target)

    def exchange(self, code: str, **more: str) -> requests.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **more)

    def access(
        self, username: str = "alice", permissions: list[str] | None = None, accounts: int | None = None, **data: str
    ) -> dict[str, Any]:
        """The token answer at the end of a whole linking."""
        claims = self.request_claims(self.consent_id(permissions, **data))
        found: dict[str, Any] = self.exchange(self.approve(claims, username, accounts)["code"]).json()
        return found

    def id_token_claims(self, id_token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(requests.get(f"{self.url}/jwks", timeout=5).json())
        return jwt.decode(id_token, keys, algorithms=["PS256"]).claims


def parameters(target: str) -> dict[str, str]:
    parts = urlsplit(target)
    return dict(parse_qsl(parts.fragment or parts.query))


def half_hash(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()
