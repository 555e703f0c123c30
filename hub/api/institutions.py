"""An institution as the API shows it: what is known, whether it can be linked here, and what it would take."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.connections.health import InstitutionHealth
from providers import profiles
from providers.registry import Institution


def shown(one: Institution, states: Mapping[str, InstitutionHealth]) -> dict[str, Any]:
    """``states`` as hub.connections.health has them: a bank that nobody has linked is absent."""
    listing = one.listing
    seen = states.get(one.id)
    return {
        "id": one.id,
        "name": one.name,
        "group": one.group or None,
        "country": one.country,
        "also_in": one.also_in,
        "bics": one.bics,
        "website": one.website,
        "developer_portal": one.developer_portal,
        "standard": one.standard,
        "version": one.version,
        "status": one.status,
        "enabled": one.enabled,
        "to_enable": profiles.to_enable(one),
        "health": None if seen is None else seen.state,
        "max_history_days": one.max_history_days,
        "capabilities": {
            "accounts": [kind.value for kind in listing.accounts],
            "resources": [resource.value for resource in listing.resources],
            "pending": listing.pending,
            "sca": listing.sca,
            "history": msgspec.to_builtins(listing.history),
            "payments": msgspec.to_builtins(listing.payments),
        },
        "notes": listing.notes,
        "facts": msgspec.to_builtins(one.facts),
    }
