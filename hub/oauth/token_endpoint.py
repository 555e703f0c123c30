"""The token endpoint (RFC 6749 3.2): what the tokens will be bound to, then the grant type's own file."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from consent.details_form import PARAMETER
from hub.context import Hub
from hub.oauth import binding, grant_types, resources
from hub.oauth.authenticate import Authenticated
from hub.oauth.call import Call
from hub.oauth.errors import InvalidAuthorizationDetails, InvalidTarget, UnauthorizedClientError, UnknownGrantType
from hub.oauth.grants import authorization_code, client_credentials, decoupled, refresh_token, token_exchange
from hub.oauth.grants.base import Answer, Exchange

GRANTS: Mapping[str, Callable[[Exchange], Answer]] = MappingProxyType(
    {
        grant_types.CODE: authorization_code.exchange,
        grant_types.REFRESH: refresh_token.exchange,
        grant_types.CLIENT: client_credentials.exchange,
        grant_types.DEVICE: decoupled.device,
        grant_types.BACKCHANNEL: decoupled.backchannel,
        grant_types.EXCHANGE: token_exchange.exchange,
    }
)
"""What is exchanged here, by grant_type."""


def exchange(hub: Hub, call: Call, who: Authenticated) -> Answer:
    """The answer of RFC 6749 5.1. Raises OAuth2Error."""
    grant_type = call.required("grant_type")
    if grant_type not in GRANTS:
        raise UnknownGrantType()
    if grant_type not in who.client.grant_types:
        raise UnauthorizedClientError("The client is not registered for this grant_type.")
    if PARAMETER in call.form:
        raise InvalidAuthorizationDetails("What was granted is narrowed by scope here, not by authorization_details.")
    resource = call.form.get("resource")
    if resource is not None and not resources.is_known(hub, resource):
        raise InvalidTarget()
    bound = binding.of_call(hub, call, who.client, who.policy)
    return GRANTS[grant_type](Exchange(hub, call, who.client, who.policy, bound, resource))
