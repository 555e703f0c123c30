"""Token exchange (RFC 8693) for member services: a service that received a person's token exchanges it for one with
which it may ask the hub, or the next service, on the client's behalf.

Only resource servers may, which the operator registers, and only for the targets in their registration. The service
proves itself by its own authentication: it cannot show the key of a token that was bound to somebody else's. What it
gets stays within the same grant and consent, is narrower than what it gave, ends no later, is bound to its own key,
says in ``act`` who acts (4.1), and knows the person by the receiver's pairwise name. It is read again at every use like
any token (hub.oauth.bearer): ending the consent, the grant, the client, any service on the way, or a token that it was
exchanged from ends it at once. There is no refresh token.
"""

from datetime import UTC, datetime

from consent.lifecycle import status_at
from consent.model import Consent, Permission, Status
from hub.oauth import bearer, resources, scopes, tokens
from hub.oauth.bearer import Token
from hub.oauth.errors import InvalidRequestError, InvalidScopeError, InvalidTarget
from hub.oauth.grants.base import Answer, Exchange, answer, subject
from hub.oauth.policy import DATA_SCOPES
from hub.oauth.tokens import BadToken, Claims

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # a name, not a token
TARGETS = "token_exchange_targets"
"""Under which registered name a resource server's targets stand."""
MAX_ACTORS = 2
"""So many services in a row: a token that went further would say little about who is asking."""
EXCHANGEABLE = DATA_SCOPES - {Permission.PAYMENTS_WRITE.value}
"""Reading may be done on somebody's behalf. Signing in is the client's own, and so is the one payment of a consent."""


def exchange(ask: Exchange) -> Answer:
    """RFC 8693 2.1, 2.2. Raises InvalidRequestError, which 2.2.2 has for every subject token that will not do,
    InvalidTarget, InvalidScopeError.
    """
    _check_kinds(ask)
    claims, token, consent = _subject(ask)
    target = _target(ask)
    held = token.scopes & {permission.value for permission in consent.holds} & EXCHANGEABLE
    held &= frozenset(ask.client.scopes)
    wanted = scopes.parse(ask.call.form["scope"]) if "scope" in ask.call.form else held
    if not wanted or not wanted <= held:
        raise InvalidScopeError("An exchange gives no more than the token held and this service is registered for.")
    scope = scopes.text_of(wanted)
    minted = tokens.mint_access_token(
        ask.hub,
        client_id=ask.client.client_id,
        sub=_sub(ask, target, token),
        scope=scope,
        audience=target,
        cnf=ask.bound.cnf,
        now=ask.call.now,
        until=min(consent.valid_until, datetime.fromtimestamp(claims.expires_at_s, UTC)),
        more={
            tokens.AUTHORIZATION: claims.authorization_id,
            "consent_id": claims.consent_id,
            "auth_time": claims.auth_time_s,
            "acr": claims.acr,
            "act": tokens.act_of((ask.client.client_id, *claims.actors)),
            tokens.EXCHANGED_FROM: [claims.jti, *claims.exchanged_from],
        },
    )
    return answer(ask, minted, scope=scope, issued_token_type=ACCESS_TOKEN)


def _check_kinds(ask: Exchange) -> None:
    form = ask.call.form
    if {"actor_token", "actor_token_type"} & form.keys():
        raise InvalidRequestError("actor_token is not supported: the service that authenticates is the actor.")
    if ask.call.required("subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequestError(f"The only subject_token_type is {ACCESS_TOKEN}.")
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequestError(f"The only requested_token_type is {ACCESS_TOKEN}.")
    if ask.bound.cnf is None:
        raise InvalidRequestError("Exchanged tokens are bound: send a DPoP proof or use mutual TLS.")


def _subject(ask: Exchange) -> tuple[Claims, Token, Consent]:
    """The token that was given, as it counts at this moment."""
    refused = InvalidRequestError("The subject_token is not valid, has ended, or is not for this service.")
    try:
        claims = tokens.read_access_token(ask.hub, ask.call.required("subject_token"), ask.call.now, for_us=False)
        if claims.audience != ask.client.registration.get(resources.MEMBER):
            raise BadToken("for somebody else")
        with ask.hub.db.read() as session:
            token = bearer.resolve(session, claims)
    except BadToken as error:
        raise refused from error
    if token.consent is None or status_at(token.consent, ask.call.now) is not Status.VALID:
        raise refused
    if len(claims.actors) >= MAX_ACTORS:
        raise InvalidRequestError(f"A token passes through at most {MAX_ACTORS} services.")
    return claims, token, token.consent


def _target(ask: Exchange) -> str:
    """Whom the new token is for: ``resource`` or ``audience``, which mean the same here; else our own API."""
    named = {ask.resource, ask.call.form.get("audience")} - {None}
    if len(named) > 1:
        raise InvalidTarget()
    target = next(iter(named), None) or ask.hub.settings.base_url
    if target not in ask.client.registration.get(TARGETS, ()) or not resources.is_known(ask.hub, target):
        raise InvalidTarget()
    return target


def _sub(ask: Exchange, target: str, token: Token) -> str:
    """The receiver's name for the person; at our own API, where nobody reads it but its holder, the holder's."""
    receiver = ask.client
    if target != ask.hub.settings.base_url:
        with ask.hub.db.read() as session:
            receiver = resources.server(session, target) or receiver
    return subject(ask.hub, receiver, token.psu_id or "")
