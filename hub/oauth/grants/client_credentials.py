"""A token for the client alone (RFC 6749 4.4): no person, no grant, no consent, so it opens no person's data.

Its scopes are those that concern the client itself; every other scope concerns a person.
"""

from hub.oauth import resources, scopes, tokens
from hub.oauth.errors import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from hub.oauth.grants.base import Answer, Exchange, answer
from hub.oauth.policy import NONE


def exchange(ask: Exchange) -> Answer:
    """Raises UnauthorizedClientError for a public client, InvalidScopeError for a scope that concerns a person,
    InvalidRequestError for a bearer token that would manage grants.
    """
    client = ask.client
    if client.token_endpoint_auth_method == NONE:
        raise UnauthorizedClientError("A public client cannot speak for itself.")
    wanted = scopes.parse(ask.call.form.get("scope") or "")
    if not wanted <= scopes.OF_THE_CLIENT & frozenset(client.scopes):
        raise InvalidScopeError("A scope that concerns a person cannot be had without one, or it is not registered.")
    if wanted and ask.bound.cnf is None:
        raise InvalidRequestError("Grants are managed with bound tokens: send a DPoP proof or use mutual TLS.")
    audience = resources.chosen(ask.hub, ask.resource, [] if ask.resource is None else [ask.resource])
    scope = scopes.text_of(wanted)
    minted = tokens.mint_access_token(
        ask.hub,
        client_id=client.client_id,
        sub=client.client_id,
        scope=scope,
        audience=audience,
        cnf=ask.bound.cnf,
        now=ask.call.now,
    )
    return answer(ask, minted, scope=scope)
