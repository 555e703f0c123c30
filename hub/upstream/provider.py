"""One provider at run time: the metadata and keys that it publishes, fetched from pinned places and kept for a while.

The issuer is the operator's word; metadata that names another one is refused (OpenID Connect Discovery 4.3), and so are
endpoints outside the declared origins: a provider that was taken over cannot make the hub call into its own network.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwks
from hub.upstream.catalogue import Declared
from providers.errors import ContractBroken, Transient
from providers.transport import Answer, Limits, Transport

METADATA_KEPT = timedelta(hours=1)
KEYS_KEPT = timedelta(minutes=10)
KEYS_AT_MOST_EVERY = timedelta(seconds=30)
"""A token with an unknown kid has the keys fetched anew, but not for every token that somebody invents."""
LIMITS = Limits(connect_s=3.05, read_s=5.0, total_s=8.0, body_bytes=256 * 1024)
OK = 200
T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True):
    """OpenID Connect Discovery 3, RFC 8414 2, RFC 9126 5, RFC 9207 3: what we use of it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    code_challenge_methods_supported: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Keys:
    at: datetime
    keys: tuple[PublicKey, ...]


class Provider:
    """``declared`` is what the operator wrote. Every call raises ProviderError and is made outside transactions."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.transport = Transport(declared.id, [declared.issuer, *declared.origins], limits=LIMITS)
        self._lock = threading.Lock()
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: _Keys | None = None

    def metadata(self, now: datetime) -> Metadata:
        kept = self._metadata
        if kept is not None and timedelta() <= now - kept[0] < METADATA_KEPT:
            return kept[1]
        try:
            fetched = self._fetch_metadata()
        except Transient:
            if kept is None:
                raise
            return kept[1]  # old metadata is better than nobody getting in while it cannot be fetched
        self._metadata = now, fetched
        return fetched

    def keys(self, now: datetime, *, unknown: bool = False) -> tuple[PublicKey, ...]:
        """The keys that may sign ID tokens. ``unknown``: one was named that is not among those we have."""
        uri = self.metadata(now).jwks_uri
        with self._lock:  # one fetch, however many people come back at once
            kept = self._keys
            age = None if kept is None else now - kept.at
            is_good = age is not None and timedelta() <= age < (KEYS_AT_MOST_EVERY if unknown else KEYS_KEPT)
            if kept is not None and is_good:
                return kept.keys
            self._keys = _Keys(now, self._fetch_keys(uri))
            return self._keys.keys

    def _fetch_metadata(self) -> Metadata:
        url = self.declared.issuer.rstrip("/") + "/.well-known/openid-configuration"
        answer = self.transport.call("GET", url)
        found = decoded(answer, Metadata, "metadata")
        if found.issuer != self.declared.issuer:
            raise self.broken("metadata names another issuer")
        if found.code_challenge_methods_supported is not None and "S256" not in found.code_challenge_methods_supported:
            raise self.broken("metadata: no PKCE with S256")
        further = (found.userinfo_endpoint, found.pushed_authorization_request_endpoint)
        for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, *further):
            if endpoint is not None:
                self.transport.resolve(endpoint, endpoint)
        return found

    def _fetch_keys(self, uri: str) -> tuple[PublicKey, ...]:
        document = decoded(self.transport.call("GET", uri), dict, "keys")
        try:
            return read_jwks(document)
        except BadKey as error:
            raise self.broken(f"keys: {error.why}") from None

    def broken(self, reason: str) -> ContractBroken:
        return ContractBroken(reason, institution_id=self.declared.id)


def decoded(answer: Answer, kind: type[T], what: str) -> T:
    """The JSON body of a 200; ProviderError without the body, which may hold a token."""
    if answer.status != OK:
        raise Transient(f"{what}: HTTP {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ContractBroken(f"{what}: not the JSON that was promised") from None
