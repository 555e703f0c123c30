"""The bank's published keys, and what they signed. FAPI 1.0 Advanced 8.6: PS256 and ES256, never RS256, never none."""

import threading
from datetime import datetime, timedelta

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from providers.errors import ContractBroken, ProviderError, Transient
from providers.transport import Transport, retry_after_s

ALGORITHMS = ("PS256", "ES256")


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]


_JWKS = msgspec.json.Decoder(_Jwks | list[dict[str, object]])


def fetched(transport: Transport, jwks_uri: str) -> bytes:
    """The bank's JWKS as it stands now. Transient where it cannot be had."""
    answer = transport.call("GET", jwks_uri)
    if answer.status != 200:
        raise Transient(f"JWKS: HTTP {answer.status}", retry_after_s=retry_after_s(answer))
    return answer.body


class HeldKeys:
    """The bank's JWKS for tokens that nobody was waiting for: held for a while, since whoever sends a forged one must
    not make us call the bank each time. Safe from any thread."""

    FRESH = timedelta(minutes=5)
    PAUSE = timedelta(seconds=30)

    def __init__(self, transport: Transport, jwks_uri: str) -> None:
        self._transport, self._jwks_uri = transport, jwks_uri
        self._fetching = threading.Lock()
        self._held: tuple[datetime, bytes] | None = None
        self._failed_at: datetime | None = None

    def signed_claims(self, unverified_token: str, *, what: str, now: datetime) -> dict[str, object]:
        """As the function of that name. A token that the held keys did not sign is a reason to look again, at most
        twice a minute: that is how a bank changes its key."""
        try:
            return signed_claims(unverified_token, self._jwks(now, self.FRESH), what=what)
        except ContractBroken:
            return signed_claims(unverified_token, self._jwks(now, self.PAUSE), what=what)

    def key_named(self, kid: str, *, now: datetime) -> Key:
        """The bank's signature key of that name; looked for anew as above. Raises ContractBroken."""
        for most in (self.FRESH, self.PAUSE):
            for one in signing_keys(self._jwks(now, most)).keys:
                if kid and one.kid == kid:
                    return one
        raise ContractBroken("signed by no key that the bank publishes")

    def _jwks(self, now: datetime, most: timedelta) -> bytes:
        if (held := self._young(now, most)) is not None:
            return held
        with self._fetching:  # whoever waited takes what the other fetched, or learns that there was nothing to be had
            if (held := self._young(now, most)) is not None:
                return held
            if self._failed_at is not None and timedelta() <= now - self._failed_at < self.PAUSE:
                raise Transient("JWKS: not to be had a moment ago", retry_after_s=self.PAUSE.seconds)
            try:
                found = fetched(self._transport, self._jwks_uri)
            except ProviderError:
                self._failed_at = now
                raise
            self._held, self._failed_at = (now, found), None
            return found

    def _young(self, now: datetime, most: timedelta) -> bytes | None:
        if self._held is None:
            return None
        at, jwks = self._held
        return jwks if timedelta() <= now - at < most else None


def signed_claims(unverified_token: str, jwks: bytes, *, what: str) -> dict[str, object]:
    """The claims of a JWT that the bank signed; ContractBroken, naming ``what``, for any other text.

    Whom the claims are for, and until when, is the caller's to check.
    """
    try:
        found = jwt.decode(unverified_token, signing_keys(jwks), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        # ValueError: not base64, not UTF-8, no such key; TypeError: a header whose crit is no list
        raise ContractBroken(f"{what}: {type(error).__name__}") from None
    return found.claims


def signing_keys(jwks: bytes) -> KeySet:
    """The bank's RSA and EC signature keys. A symmetric or broken key in the set is no key of ours. Some banks publish
    the list of keys without the object around it."""
    try:
        found = _JWKS.decode(jwks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ContractBroken("the bank's JWKS is not a JWKS", raw=jwks) from None
    keys: list[Key] = []
    for one in found.keys if isinstance(found, _Jwks) else found:
        public: dict[str, str | list[str]] = {name: value for name, value in one.items() if isinstance(value, str)}
        if public.get("use", "sig") != "sig":
            continue
        try:
            if public.get("kty") == "RSA":
                keys.append(RSAKey.import_key(public))
            elif public.get("kty") == "EC":
                keys.append(ECKey.import_key(public))
        except (JoseError, ValueError, KeyError):
            continue
    if not keys:
        raise ContractBroken("the bank's JWKS holds no usable key", raw=jwks)
    return KeySet(keys)
