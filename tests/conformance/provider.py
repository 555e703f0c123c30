"""The hub under test as a client meets it: by its published metadata, over HTTP, and nothing else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson
from flask import Flask
from joserfc import jws
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from tests.conformance.browser import Browser, Page
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of

SESSION = "__Host-rialto"
OPENID = "/.well-known/openid-configuration"


@dataclass
class Provider:
    """``email``: of the person who has bank accounts here."""

    flask: Flask
    clock: TestClock
    base: str
    email: str
    session: str = ""
    since: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http("GET", OPENID).get_json()
        return found

    def endpoint(self, name: str) -> str:
        """By its name in the metadata."""
        return str(self.metadata[name])

    def http(self, method: str, url: str, **more: Any) -> TestResponse:
        """``url``: a path, or an address of the hub."""
        return self.flask.test_client().open(url.removeprefix(self.base), method=method, base_url=self.base, **more)

    def browser(self, email: str | None = None) -> Browser:
        """One in which nobody is signed in yet."""
        return Browser(self.flask.test_client(), self.base, email or self.email)

    def signed_in(self) -> Browser:
        """One in which the person has signed in within the last hour, for tests that logging in is no part of."""
        if self.clock() - self.since > timedelta(hours=1):
            browser = self.browser()
            page = browser.open("/login")
            assert isinstance(page, Page)
            browser.log_in(page)
            cookie = browser.http.get_cookie(SESSION)
            assert cookie is not None
            self.session, self.since = cookie.value, self.clock()
        browser = self.browser()
        browser.http.set_cookie(SESSION, self.session)
        return browser

    def verified(self, token: str, *, aud: str, typ: str | None = None) -> dict[str, Any]:
        """The claims of a JWT for ``aud``, whose signature a published key verifies (OIDC Core 3.1.3.7)."""
        header = header_of(token)
        published = self.http("GET", self.endpoint("jwks_uri")).get_json()["keys"]
        named = [jwk for jwk in published if jwk["kid"] == header["kid"]]
        assert len(named) == 1, "the kid names one published key"
        assert typ is None or header["typ"] == typ
        signed = jws.deserialize_compact(token, KeySet.import_key_set({"keys": named}), algorithms=[header["alg"]])
        claims: dict[str, Any] = orjson.loads(signed.payload)
        now = self.clock().timestamp()
        assert claims["iss"] == self.metadata["issuer"]
        assert claims["aud"] == aud
        assert claims["iat"] <= now < claims["exp"]
        return claims
