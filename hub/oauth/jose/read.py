"""A compact JWS whose payload is a JSON object (RFC 7515 3.1, RFC 7519): taken apart strictly, then verified.

The caller chooses the algorithms and the keys; nothing in the token's own header ever does (RFC 8725 3.1), apart from
a DPoP proof's key, which is what such a proof is about.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc.jws import JWSRegistry

from hub.oauth.jose.algorithms import OIDC_ALGORITHMS, accepted
from hub.oauth.jose.public_key import MAX_KID_LENGTH, PublicKey
from hub.oauth.jose.strict import read_object

_MODELS = {name: JWSRegistry.algorithms[name] for name in accepted(OIDC_ALGORITHMS)}
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_MAX_HEADER_LENGTH = 4096  # an RSA key of 8192 bits in a DPoP proof's header takes 1500


class BadJwt(Exception):
    """A JWT that is refused. ``why``: one English sentence for its sender; it repeats nothing of what was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Unverified:
    """A JWT's parts. Nothing in here may be relied on before ``verify`` has returned."""

    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def kid(self) -> str | None:
        """The key that the sender says it signed with."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    @property
    def typ(self) -> str | None:
        """The media type in lower case and without ``application/`` (RFC 7515 4.1.9); None if the header has none."""
        typ = self.header.get("typ")
        return None if typ is None else str(typ).lower().removeprefix("application/")


def parse(token: str, *, max_length: int, embedded_jwk: bool = False) -> Unverified:
    """Take a token apart. ``embedded_jwk``: a ``jwk`` in the header is expected (DPoP) and left to the caller.

    Raises BadJwt unless it is one canonical compact serialisation of two JSON objects without any extension.
    """
    if len(token) > max_length:
        raise BadJwt(f"A JWT here has at most {max_length} characters.")
    if (parts := _COMPACT.fullmatch(token)) is None or parts.end(1) > _MAX_HEADER_LENGTH:
        raise BadJwt("This is not a signed JWT: three parts of base64url without padding, joined by dots.")
    raw_header, raw_claims, signature = (_decode(part) for part in parts.groups())
    header, claims = read_object(raw_header), read_object(raw_claims)
    if header is None or claims is None:
        raise BadJwt("The header and the claims of a JWT are JSON objects that name no member twice.")
    _check_header(header, embedded_jwk=embedded_jwk)
    return Unverified(header, claims, token[: parts.end(2)].encode(), signature)


def verify(unverified: Unverified, keys: Iterable[PublicKey], *, algorithms: Sequence[str]) -> dict[str, Any]:
    """The claims, once one of the keys has verified the signature. Raises BadJwt.

    A ``kid`` chooses among the keys; where several bear it each is tried (FAPI 2.0 5.4.3).
    """
    alg, kid = unverified.header["alg"], unverified.kid
    if alg not in accepted(algorithms) or (model := _MODELS.get(alg)) is None:
        raise BadJwt(f"The alg of the JWT must be one of {', '.join(accepted(algorithms))}.")
    named = [key for key in keys if kid is None or key.kid == kid]
    if not named:
        raise BadJwt("No key of the client has the kid in the header." if kid else "The client has no keys.")
    fitting = [key for key in named if alg in key.algorithms]
    if not fitting:
        raise BadJwt("The client's key is of another kind than the alg of the JWT, or not for signatures.")
    for key in fitting:
        if model.verify(unverified.signing_input, unverified.signature, key.key):
            return unverified.claims
    raise BadJwt("The signature does not verify with the client's key.")


def _decode(part: str) -> bytes:
    if len(part) % 4 == 1:
        raise BadJwt("A part of the JWT is not base64url.")
    raw = base64.urlsafe_b64decode(part + "==")
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode():
        raise BadJwt("A part of the JWT is not canonical base64url.")
    return raw


def _check_header(header: dict[str, Any], *, embedded_jwk: bool) -> None:
    if not isinstance(header.get("alg"), str):
        raise BadJwt("The header of a JWT needs an alg.")
    for name in ("crit", "b64", "zip", "jku", "x5u", "x5c"):
        if name in header:
            raise BadJwt(f"The header member {name} is not supported here.")  # FAPI 2.0 5.4.3: no x5u, no jku
    if "jwk" in header and not embedded_jwk:
        raise BadJwt("A key inside the JWT is not used here: leave jwk out of the header.")
    if not isinstance(header.get("typ", ""), str):
        raise BadJwt("The typ of a JWT is a string.")
    kid = header.get("kid", "")
    if not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH:
        raise BadJwt(f"The kid of a JWT is a string of at most {MAX_KID_LENGTH} characters.")
