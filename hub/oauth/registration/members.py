"""Every metadata member that this server understands, and how each is read by itself.

RFC 7591 2, OpenID Connect Registration 2, RFC 8705 2.1.2 and 3.4, RFC 9126 6, RFC 9101 10.5, RFC 9449 5.2, RFC 9396 10,
RFC 9701 6, JARM 3, CIBA 4, Back-Channel Logout 2.2, RP-Initiated Logout 3.1, FAPI 2.0 5.2.2.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hub.oauth.mtls import SUBJECTS
from hub.oauth.registration import readers
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.readers import Reader

MAX_STATEMENT_LENGTH = 16_384
MAX_TRANSLATIONS = 40
_YEAR_S = 366 * 24 * 3600
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")  # RFC 5646, as far as names need it

_word, _words = readers.line(100), readers.words(200)

FOR_PEOPLE: Mapping[str, Reader] = MappingProxyType(
    {
        "client_name": readers.name,
        "client_uri": readers.page,
        "logo_uri": readers.page,
        "policy_uri": readers.page,
        "tos_uri": readers.page,
    }
)
"""These may come in several languages: client_name#fr (RFC 7591 2.2)."""

SIGNED_FOR_CLIENT = (
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)
SIGNED_BY_CLIENT = (
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "backchannel_authentication_request_signing_alg",
)
ENCRYPTED_FOR_CLIENT = tuple(f"{what}_encrypted_response" for what in ("id_token", "userinfo", "authorization"))
"""Each with _alg and _enc."""

MEMBERS: Mapping[str, Reader] = MappingProxyType(
    {
        **FOR_PEOPLE,
        "redirect_uris": readers.uris,
        "post_logout_redirect_uris": readers.uris,
        "token_endpoint_auth_method": _word,
        "grant_types": _words,
        "response_types": _words,
        "scope": readers.scope,
        "contacts": _words,
        "jwks": readers.key_set,
        "jwks_uri": readers.endpoint,
        "software_id": readers.line(255),
        "software_version": readers.line(100),
        "software_statement": readers.line(MAX_STATEMENT_LENGTH),
        "application_type": readers.one_of("web", "native"),
        "sector_identifier_uri": readers.endpoint,
        "subject_type": readers.one_of("pairwise"),
        "default_max_age": readers.whole(_YEAR_S),
        "require_auth_time": readers.flag,
        "default_acr_values": _words,
        "initiate_login_uri": readers.login_start,
        "backchannel_logout_uri": readers.endpoint,
        "backchannel_logout_session_required": readers.flag,
        **dict.fromkeys(SUBJECTS, readers.line(500)),
        "tls_client_certificate_bound_access_tokens": readers.flag,
        "use_mtls_endpoint_aliases": readers.flag,
        "dpop_bound_access_tokens": readers.flag,
        "require_pushed_authorization_requests": readers.flag,
        "require_signed_request_object": readers.flag,
        "authorization_details_types": _words,
        **dict.fromkeys((*SIGNED_FOR_CLIENT, *SIGNED_BY_CLIENT), _word),
        **{f"{what}_{part}": _word for what in ENCRYPTED_FOR_CLIENT for part in ("alg", "enc")},
        "backchannel_token_delivery_mode": readers.one_of("poll", "ping"),
        "backchannel_client_notification_endpoint": readers.endpoint,
        "backchannel_user_code_parameter": readers.flag,
        "resource": readers.endpoint,
        "token_exchange_targets": readers.words(readers.MAX_URI_LENGTH),
    }
)

UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "request_object_encryption_alg": "Request objects are signed here, not encrypted.",
        "request_object_encryption_enc": "Request objects are signed here, not encrypted.",
        "introspection_encrypted_response_alg": "Introspection answers are signed here, not encrypted.",
        "introspection_encrypted_response_enc": "Introspection answers are signed here, not encrypted.",
    }
)
"""Members that promise what this server cannot do: to leave them out silently would break the client later.

``request_uris`` and front-channel logout are merely ignored, as RFC 7591 2 has it: a client can do without.
"""


def read(document: Mapping[str, Any], *, loopback: bool) -> dict[str, Any]:
    """The members that are understood, each read by itself. ``null`` counts as left out (RFC 7592 2.2).

    Raises BadMetadata. Unknown members are ignored.
    """
    given = {member: value for member, value in document.items() if value is not None}
    for member, why in UNSUPPORTED.items():
        if member in given:
            raise BadMetadata(member, why)
    found = {
        member: read_one(member, given[member], loopback) for member, read_one in MEMBERS.items() if member in given
    }
    return found | dict(_translations(given, loopback))


def _translations(given: Mapping[str, Any], loopback: bool) -> Iterator[tuple[str, Any]]:
    tagged = [member for member in given if member.partition("#")[0] in FOR_PEOPLE and "#" in member]
    if len(tagged) > MAX_TRANSLATIONS:
        raise BadMetadata(tagged[0].partition("#")[0], f"There are more than {MAX_TRANSLATIONS} translations.")
    for member in tagged:
        base, _, tag = member.partition("#")
        if _TAG.fullmatch(tag):
            yield member, FOR_PEOPLE[base](base, given[member], loopback)
