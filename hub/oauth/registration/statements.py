"""Software statements (RFC 7591 2.3): what a trust anchor says about a piece of software, signed.

A statement is not secret: whoever holds one may present it. So it must itself name what would let somebody else pass
for the software: its name, where its answers go, and the keys it proves itself with. What it says takes precedence over
the request; of the addresses and names that people see, only the statement's count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.context import Hub
from hub.models.registration import TrustAnchor
from hub.oauth.jose import times
from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwks
from hub.oauth.jose.read import BadJwt, Unverified, parse, verify
from hub.oauth.mtls import SUBJECTS
from hub.oauth.policy import PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS
from hub.oauth.registration import anchors
from hub.oauth.registration.errors import REDIRECT_URI, STATEMENT, UNAPPROVED, BadMetadata
from hub.oauth.registration.fetch import fetch_object
from hub.oauth.registration.members import FOR_PEOPLE, MAX_STATEMENT_LENGTH, MEMBERS
from hub.oauth.registration.metadata import Metadata

MEMBER = "software_statement"
ALGORITHMS = ("PS256", "ES256")
_KEYS = ("jwks", "jwks_uri")
ECOSYSTEM_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "software_client_name": "client_name",
        "software_client_uri": "client_uri",
        "software_logo_uri": "logo_uri",
        "software_policy_uri": "policy_uri",
        "software_tos_uri": "tos_uri",
        "software_jwks_uri": "jwks_uri",
        "software_jwks_endpoint": "jwks_uri",
    }
)
"""What open-banking directories call a member -> its registered name. Besides: ``software_redirect_uris`` are the most
that the software may register; it may ask for fewer."""
_MOST_REDIRECTS = "software_redirect_uris"
_PLAIN_GRANTS = frozenset({"authorization_code", "refresh_token", "client_credentials"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A verified one. ``claims`` are members under their registered names, and ``software_redirect_uris``.

    ``anchor`` is the name of whoever signed it, ``believed_since`` when the operator added that anchor: one removed and
    added anew is another one. ``is_held``: it is the one that the client has, and was verified when that was sent.
    """

    token: str
    anchor: str
    believed_since: datetime
    claims: Mapping[str, Any]
    is_held: bool = False


def read(hub: Hub, token: object, now: datetime) -> Statement:
    """Verify a statement that a client sent. Raises BadMetadata. Not inside a transaction: keys may be fetched."""
    unverified = _parse(token)
    with hub.db.read() as session:
        issuer = unverified.claims.get("iss")
        anchor = anchors.by_issuer(session, issuer) if isinstance(issuer, str) else None
    if anchor is None:
        raise BadMetadata(MEMBER, "Its issuer is none that this server trusts.", error=UNAPPROVED)
    try:
        claims = verify(unverified, _keys_of(hub, anchor), algorithms=ALGORITHMS)
        _check_times(claims, now, hub.settings.software_statement_max_age_s)
    except BadJwt as error:
        raise BadMetadata(MEMBER, error.why, error=STATEMENT) from error
    audiences = claims.get("aud", hub.settings.base_url)
    if hub.settings.base_url not in (audiences if isinstance(audiences, list) else [audiences]):
        raise BadMetadata(MEMBER, "It is meant for another server (aud).", error=STATEMENT)
    return Statement(str(token), anchor.name, anchor.created_at, _members(claims))


def kept(hub: Hub, token: str, name: str) -> Statement:
    """A statement that was verified when it was registered, and whose claims hold for the client's life.

    Raises BadMetadata if its anchor ``name`` was removed at this moment.
    """
    with hub.db.read() as session:
        anchor = session.get(TrustAnchor, name)
    if anchor is None:
        raise withdrawn()
    return Statement(token, name, anchor.created_at, _members(_parse(token).claims), is_held=True)


def withdrawn() -> BadMetadata:
    """Its issuer was believed a moment ago."""
    why = "Its issuer is not trusted any more, since this moment: look at the registration, and send it again."
    return BadMetadata(MEMBER, why, error=UNAPPROVED)


def check_same_software(newer: Statement, held: str) -> None:
    """A statement that takes the place of another is of the same issuer, for the same software_id: whoever may change
    a registration cannot make it another software's. Raises BadMetadata.
    """
    before, after = _parse(held).claims, _parse(newer.token).claims
    for claim in ("iss", "software_id"):
        if before.get(claim) is None or after.get(claim) != before[claim]:
            raise BadMetadata(
                MEMBER,
                f"Its {claim} is not that of the statement that the client has: register other software anew.",
                error=STATEMENT,
            )


def applied(document: Mapping[str, Any], statement: Statement) -> dict[str, Any]:
    """The metadata that was sent, with what the statement says in its place. Raises BadMetadata."""
    named = dict(statement.claims)
    most = named.pop(_MOST_REDIRECTS, None)
    shown = set(FOR_PEOPLE)
    mine = {name: value for name, value in document.items() if name.partition("#")[0] not in shown}
    if set(named) & set(_KEYS):
        mine = {name: value for name, value in mine.items() if name not in _KEYS}
    result = mine | named | {MEMBER: statement.token}
    if isinstance(most, list) and "redirect_uris" not in named:
        asked = result.setdefault("redirect_uris", most)
        if not isinstance(asked, list) or not all(uri in most for uri in asked):
            raise BadMetadata("redirect_uris", f"Only those of the {MEMBER} can be registered.", error=REDIRECT_URI)
    return result


def check_pins(statement: Statement, metadata: Metadata) -> None:
    """Refuse a statement that somebody else could use for their own ends. Raises BadMetadata."""
    named, grants = set(statement.claims), set(metadata.members["grant_types"])
    missing = None
    if "client_name" not in named:
        missing = "client_name"
    elif "authorization_code" in grants and not named & {"redirect_uris", _MOST_REDIRECTS}:
        missing = "redirect_uris"
    elif metadata.auth_method in {PRIVATE_KEY_JWT, SELF_SIGNED_TLS} and not named & set(_KEYS):
        missing = "jwks_uri"
    elif metadata.auth_method == TLS and not named & set(SUBJECTS):
        missing = "tls_client_auth_subject_dn"
    elif not grants <= _PLAIN_GRANTS and "grant_types" not in named:
        missing = "grant_types"
    if missing is not None:
        raise BadMetadata(MEMBER, f"It must itself name the {missing} of this software.", error=STATEMENT)


def _parse(token: object) -> Unverified:
    try:
        return parse(token if isinstance(token, str) else "", max_length=MAX_STATEMENT_LENGTH)
    except BadJwt as error:
        raise BadMetadata(MEMBER, error.why, error=STATEMENT) from error


def _keys_of(hub: Hub, anchor: TrustAnchor) -> tuple[PublicKey, ...]:
    jwks = anchor.jwks if anchor.jwks_uri is None else fetch_object(hub, MEMBER, anchor.jwks_uri)
    try:
        return read_jwks(jwks)
    except BadKey as error:
        raise BadMetadata(MEMBER, "The keys of its issuer cannot be used at present.", error=STATEMENT) from error


def _check_times(claims: Mapping[str, Any], now: datetime, max_age_s: int) -> None:
    """RFC 7591 sets no lifetime, so the operator does. A statement may be used again: it is the software's, not one
    client's, and so no jti is burnt.
    """
    issued_s = times.required(claims, "iat")
    times.check_begun(claims, now)
    times.check_not_over(claims, now)
    if now.timestamp() - issued_s > max_age_s:
        raise BadJwt(f"The iat of a software statement is at most {max_age_s} s ago. {times.clock_says(now)}")


def _members(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {ECOSYSTEM_NAMES[name]: value for name, value in claims.items() if name in ECOSYSTEM_NAMES}
    known |= {
        name: value for name, value in claims.items() if name.partition("#")[0] in MEMBERS or name == _MOST_REDIRECTS
    }
    known.pop(MEMBER, None)
    return MappingProxyType(known)
