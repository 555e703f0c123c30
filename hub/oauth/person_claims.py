"""What the hub knows about a person that a client may be told, and which permission opens it (consent.disclose)."""

from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import select

from consent.disclose import SHOWN
from consent.model import PERSONAL_PERMISSIONS, Permission
from hub.db import Reading
from hub.models.psu import Psu

NAMES = ("name", "email", "email_verified")
"""OIDC Core 5.1, as far as the hub has it: a claim that it could only guess at is not here."""


def read(reading: Reading, psu_id: str) -> dict[str, Any] | None:
    """Every claim of NAMES; None if the person is gone. Nothing is left out yet: that is for ``disclosed`` to say."""
    found = reading.execute(select(Psu.name, Psu.email, Psu.email_verified_at).where(Psu.id == psu_id)).one_or_none()
    if found is None:
        return None
    return {"name": found.name, "email": found.email, "email_verified": found.email_verified_at is not None}


def disclosed(held: AbstractSet[Permission]) -> frozenset[str]:
    """The claims that these permissions open."""
    return frozenset[str]().union(*(SHOWN[permission] for permission in held & PERSONAL_PERMISSIONS))


def permission_of(claim: str) -> Permission | None:
    """The permission that opens ``claim``; None for one that the hub does not have, or that needs none (sub)."""
    if claim not in NAMES:
        return None
    return next(permission for permission in sorted(PERSONAL_PERMISSIONS) if claim in SHOWN[permission])
