"""The one registered TPP: its id, its redirect URIs, its keys, and what it has signed."""

import argparse
import threading
import time
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, RSAKey

from sandbox.clock import real_epoch_s
from sandbox.jose import ALGORITHM, has_audience

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8000/connections/callback"
DEFAULT_JWKS_URI = "http://127.0.0.1:8000/.well-known/tpp-jwks.json"
FETCH_TIMEOUT_S = 3
KEYS_TTL_S = 300
REFETCH_PAUSE_S = 1
CLOCK_SKEW_S = 10
LONGEST_JWT_LIFE_S = 3600


class BadJwt(Exception):
    """The token is not what this TPP signs for this bank. The message holds no part of the token."""


class Tpp:
    def __init__(self, client_id: str, jwks_uri: str, redirect_uris: frozenset[str]) -> None:
        self.client_id = client_id
        self.redirect_uris = redirect_uris
        self._jwks_uri = jwks_uri
        self._keys: dict[str, RSAKey] = {}
        self._encryption_key: RSAKey | None = None
        self._fetched_at: float | None = None
        self._jtis: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_flags(cls, args: argparse.Namespace) -> "Tpp":
        return cls(args.client_id, args.client_jwks_uri, frozenset(args.redirect_uri or [DEFAULT_REDIRECT_URI]))

    def key(self, kid: str) -> RSAKey:
        """The key that the TPP publishes under this name now; else BadJwt."""
        try:
            return self._key_named(kid)
        except ValueError as error:
            raise BadJwt("no such key") from error

    def encryption_key(self) -> RSAKey | None:
        """The key that the TPP wants its ID tokens encrypted with; None where it publishes none."""
        with self._lock:
            if self._fetched_at is None:
                self._fetch()
            return self._encryption_key

    def read(self, unverified_token: str) -> dict[str, Any]:
        """The claims of a token that this TPP signed with PS256 and that is in its time; else BadJwt."""
        try:
            claims = jwt.decode(unverified_token, self._key_for, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise BadJwt("the signature or form is wrong") from error
        now = real_epoch_s()
        expires_at, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires_at, int | float) or not now - CLOCK_SKEW_S < expires_at <= now + LONGEST_JWT_LIFE_S:
            raise BadJwt("exp is missing, past or too far ahead")
        if not isinstance(not_before, int | float) or not_before > now + CLOCK_SKEW_S:
            raise BadJwt("nbf is in the future")
        return claims

    def read_client_assertion(self, unverified_token: str, audiences: tuple[str, ...]) -> dict[str, Any]:
        """RFC 7523 3: iss = sub = client id, our audience, a jti that was never used before."""
        claims = self.read(unverified_token)
        if claims.get("iss") != self.client_id or claims.get("sub") != self.client_id:
            raise BadJwt("iss and sub must be the client id")
        if not has_audience(claims, *audiences):
            raise BadJwt("aud is not this bank")
        self._use_jti(claims.get("jti"), int(claims["exp"]))
        return claims

    def _use_jti(self, jti: object, expires_at: int) -> None:
        if not isinstance(jti, str) or not jti:
            raise BadJwt("jti is missing")
        with self._lock:
            past = real_epoch_s() - CLOCK_SKEW_S
            self._jtis = {known: until for known, until in self._jtis.items() if until > past}
            if jti in self._jtis:
                raise BadJwt("jti was used before")
            self._jtis[jti] = expires_at

    def _key_for(self, guest: GuestProtocol) -> RSAKey:
        return self._key_named(guest.headers().get("kid"))

    def _key_named(self, kid: object) -> RSAKey:
        with self._lock:
            age_s = None if self._fetched_at is None else time.monotonic() - self._fetched_at
            unknown = kid not in self._keys and kid is not None
            if age_s is None or age_s > KEYS_TTL_S or (unknown and age_s > REFETCH_PAUSE_S):
                self._fetch()
            if kid is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if not isinstance(kid, str) or kid not in self._keys:
                raise ValueError("no such key")
            return self._keys[kid]

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._jwks_uri, timeout=FETCH_TIMEOUT_S, allow_redirects=False)
            answer.raise_for_status()
            found = [key for key in answer.json()["keys"] if key.get("kty") == "RSA"]
            keys = [RSAKey.import_key(key) for key in found if key.get("use", "sig") == "sig"]
            encrypting = [RSAKey.import_key(key) for key in found if key.get("use") == "enc"]
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
            raise BadJwt("the TPP's keys cannot be read") from error
        self._keys = {key.kid or str(index): key for index, key in enumerate(keys)}
        self._encryption_key = encrypting[0] if encrypting else None
        self._fetched_at = time.monotonic()


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What a bank with a registered TPP is told of it."""
    parser.add_argument("--client-id", default="rialto", help="the one registered TPP")
    parser.add_argument("--client-jwks-uri", default=DEFAULT_JWKS_URI, help="where its public keys are")
    parser.add_argument("--redirect-uri", action="append", help="repeatable; matched exactly")
