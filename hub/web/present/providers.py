"""Other OpenID providers as pages name them."""

from hub.context import Hub
from hub.web.viewmodels import ProviderChoice


def offered(hub: Hub) -> tuple[ProviderChoice, ...]:
    """All that the operator declared, by name."""
    known = sorted((one.declared for one in hub.upstreams.values()), key=lambda one: one.name.casefold())
    return tuple(ProviderChoice(one.id, one.name, one.colour) for one in known)


def choice(hub: Hub, provider_id: str) -> ProviderChoice:
    """Raises NotFound."""
    declared = hub.upstream(provider_id).declared
    return ProviderChoice(declared.id, declared.name, declared.colour)
