"""The metadata of one client, valid in itself: what dynamic registration, the developer pages and the operator make."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub.oauth.policy import POLICIES, Profile
from hub.oauth.registration import defaults, members, profile, rules


@dataclass(frozen=True, slots=True)
class Metadata:
    """``members`` are under their registered names, complete with defaults; lists are tuples. Made by ``read``.

    What is not in here: whether a jwks_uri or a sector_identifier_uri holds what it should, since that takes a network
    call (hub.oauth.registration.prepare).
    """

    profile: Profile
    members: Mapping[str, Any]

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.members.get("redirect_uris", ())
        return found

    @property
    def auth_method(self) -> str:
        return str(self.members["token_endpoint_auth_method"])

    @property
    def scopes(self) -> frozenset[str]:
        return profile.words(self.members)


def read(document: Mapping[str, Any], *, loopback: bool, wanted: Profile | None = None) -> Metadata:
    """Make Metadata from a JSON object of client metadata, or raise BadMetadata.

    ``loopback``: the hub itself runs on loopback, so that it may call http there. ``wanted``: see profile.derive.
    """
    given = members.read(document, loopback=loopback)
    kind = profile.derive(given, wanted)
    full = defaults.complete(given, POLICIES[kind])
    rules.check(full, POLICIES[kind])
    return Metadata(kind, MappingProxyType(full))
