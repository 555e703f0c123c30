"""Out to a provider and back: state, nonce and PKCE verifier of one attempt, bound to the browser that began it.

- The browser gets a secret of its own in a cookie; ``state`` alone is worth nothing in another browser. A return in any
  other browser, or for another person than the one who began, burns the attempt (RFC 6749 10.12, RFC 9700 4.7).
- Each provider has a redirect URI of its own, and ``iss`` is checked where the provider gives it (RFC 9207): an answer
  of one provider is never taken to another (mix-up, RFC 9700 4.4).
- The attempt is claimed by ONE conditional UPDATE before any call; calls are made outside transactions.

What comes of it: the identity opens somebody's account (hub.upstream.logins.enter), or belongs to nobody here and waits
in its row for a decision of the person in this very browser.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

import msgspec
from joserfc.util import urlsafe_b64encode
from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.orm import Session

from hub.connections.return_path import local_path
from hub.context import Hub
from hub.hashing import secret_hash
from hub.identity.admission import HalfOpen, LoggedIn
from hub.identity.origin import Origin
from hub.identity.person_lock import lock_whoever
from hub.identity.sessions import Person
from hub.ids import new_secret
from hub.models.upstream import UpstreamAttempt, UpstreamLogin
from hub.upstream import exchange, logins
from hub.upstream.exchange import Code, Identity
from hub.upstream.logins import Taken
from hub.upstream.provider import Provider
from providers.errors import ProviderError, Refused, Transient

log = logging.getLogger(__name__)
FRESH_S = 300
"""How old a proof at the provider may be where a fresh one is asked for."""

STALE = "This return does not belong to a login that you began in this browser just now. Begin again."
DENIED = "The login was not finished at {name}."
AWAY = "{name} does not answer at the moment. Try again in a while, or log in another way."
BROKEN = "The answer of {name} could not be verified, so nobody was logged in. It has been noted."


@dataclass(frozen=True, slots=True)
class Begun:
    """``url`` is where the browser goes; ``browser_secret`` goes into its cookie."""

    url: str = field(repr=False)
    browser_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Undecided:
    """Proven, and nobody's here: the person decides (hub.upstream.logins.pending)."""

    return_to: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in, or half in."""

    admitted: LoggedIn | HalfOpen
    return_to: str


@dataclass(frozen=True, slots=True)
class Failed:
    """``why`` is for the person."""

    why: str


@dataclass(frozen=True, slots=True)
class _Claimed:
    state_hash: str
    psu_id: str | None
    secrets: "_Secrets"
    return_to: str
    is_fresh: bool
    created_at: datetime


class _Secrets(msgspec.Struct, frozen=True):
    nonce: str
    verifier: str


def callback_path(provider_id: str) -> str:
    return f"/login/with/{provider_id}/callback"


def begin(
    hub: Hub, provider_id: str, *, person: Person | None, return_to: str, is_fresh: bool, now: datetime
) -> Begun | Failed:
    """``return_to`` is a path of ours or "". ``is_fresh``: the provider must ask for the login anew.

    Raises NotFound for a provider that was not declared.
    """
    provider = hub.upstream(provider_id)
    state, browser_secret = new_secret(), new_secret()
    kept = _Secrets(nonce=new_secret(), verifier=new_secret())
    try:
        url = _authorization_url(hub, provider, state, kept, is_fresh=is_fresh, now=now)
    except ProviderError as error:
        return _failed(provider, error)
    state_hash = secret_hash(state)
    row = UpstreamAttempt(
        state_hash=state_hash,
        browser_hash=secret_hash(browser_secret),
        provider_id=provider_id,
        psu_id=None if person is None else person.psu_id,
        secrets_sealed=hub.sealer.seal(msgspec.json.encode(kept), f"upstream_attempt.secrets:{state_hash}"),
        return_to=local_path(return_to) or "",
        is_fresh=is_fresh,
        created_at=now,
        expires_at=now + timedelta(seconds=hub.settings.upstream_attempt_ttl_s),
    )
    with hub.db.write() as session:
        session.add(row)
    return Begun(url, browser_secret)


def finish(
    hub: Hub,
    provider_id: str,
    parameters: Mapping[str, str],
    *,
    browser_secret: str | None,
    person: Person | None,
    origin: Origin,
    now: datetime,
) -> Entered | Undecided | Taken | Failed:
    """The browser is back with ``parameters``. Raises NotFound for a provider that was not declared, nothing else for
    whatever the provider or a browser does.
    """
    provider = hub.upstream(provider_id)
    claimed = _claim(hub, provider_id, parameters.get("state", ""), browser_secret, person, now=now)
    if claimed is None:
        return Failed(STALE)
    try:
        identity = _identity(hub, provider, claimed, parameters, now=now)
    except ProviderError as error:
        return _failed(provider, error)
    with hub.db.write() as session:
        theirs = (UpstreamLogin.issuer == identity.issuer, UpstreamLogin.subject == identity.subject)
        lock_whoever(session, select(UpstreamLogin.psu_id).where(*theirs))
        known = session.scalar(select(UpstreamLogin).where(*theirs))  # only now: it may have been unlinked meanwhile
        if known is not None:
            entered = logins.enter(hub, session, known, provider, identity, person=person, origin=origin, now=now)
            return entered if isinstance(entered, Taken) else Entered(entered, claimed.return_to)
        _keep(hub, session, claimed.state_hash, identity, now=now)
    return Undecided(claimed.return_to)


def _authorization_url(
    hub: Hub, provider: Provider, state: str, kept: _Secrets, *, is_fresh: bool, now: datetime
) -> str:
    metadata, declared = provider.metadata(now), provider.declared
    parameters = {
        "response_type": "code",
        "client_id": declared.client_id,
        "redirect_uri": hub.settings.base_url + callback_path(declared.id),
        "scope": " ".join(declared.scopes),
        "state": state,
        "nonce": kept.nonce,
        "code_challenge": urlsafe_b64encode(sha256(kept.verifier.encode()).digest()).decode(),
        "code_challenge_method": "S256",
        # Always, because it obliges the provider to say when the person proved who they are (Core 3.1.2.1).
        "max_age": str(FRESH_S if is_fresh else hub.settings.session_ttl_s),
    }
    if is_fresh:
        parameters["prompt"] = "login"
    if declared.acr_values:
        parameters["acr_values"] = " ".join(declared.acr_values)
    if (endpoint := metadata.pushed_authorization_request_endpoint) is not None:
        request_uri = exchange.push(provider, hub.tpp, endpoint, parameters, now=now)
        parameters = {"client_id": declared.client_id, "request_uri": request_uri}
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return metadata.authorization_endpoint + joint + urlencode(parameters)


def _claim(
    hub: Hub, provider_id: str, state: str, browser_secret: str | None, person: Person | None, *, now: datetime
) -> _Claimed | None:
    """None burns the attempt: a state that a second browser has seen must be worth nothing to the first."""
    state_hash = secret_hash(state)
    whose = UpstreamAttempt.psu_id.is_(None) if person is None else UpstreamAttempt.psu_id == person.psu_id
    is_open = (
        UpstreamAttempt.state_hash == state_hash,
        UpstreamAttempt.claimed_at.is_(None),
        UpstreamAttempt.expires_at > now,
    )
    here = (
        UpstreamAttempt.provider_id == provider_id,
        UpstreamAttempt.browser_hash == secret_hash(browser_secret or ""),
        whose,
    )
    columns = (
        UpstreamAttempt.psu_id,
        UpstreamAttempt.secrets_sealed,
        UpstreamAttempt.return_to,
        UpstreamAttempt.is_fresh,
        UpstreamAttempt.created_at,
    )
    with hub.db.write() as session:
        row = session.execute(_taking(*is_open, *here, now=now).returning(*columns)).one_or_none()
        if row is None:
            session.execute(_taking(*is_open, now=now))
            return None
    opened = hub.sealer.open(row.secrets_sealed, f"upstream_attempt.secrets:{state_hash}")
    kept = msgspec.json.decode(opened, type=_Secrets)
    return _Claimed(state_hash, row.psu_id, kept, row.return_to, row.is_fresh, row.created_at)


def _taking(*which: ColumnElement[bool], now: datetime) -> Update:
    return update(UpstreamAttempt).where(*which).values(claimed_at=now).execution_options(synchronize_session=False)


def _identity(
    hub: Hub, provider: Provider, claimed: _Claimed, parameters: Mapping[str, str], *, now: datetime
) -> Identity:
    """Raises ProviderError."""
    issuer = parameters.get("iss")
    if issuer is None and provider.metadata(now).authorization_response_iss_parameter_supported:
        raise provider.broken("the answer lacks its iss")
    if issuer is not None and issuer != provider.declared.issuer:
        raise provider.broken("the answer is of another issuer")
    if "error" in parameters:
        raise Refused("the provider said no", institution_id=provider.declared.id)
    if not (code := parameters.get("code")):
        raise provider.broken("the answer has neither code nor error")
    oldest = FRESH_S if claimed.is_fresh else hub.settings.session_ttl_s
    brought = Code(
        value=code,
        redirect_uri=hub.settings.base_url + callback_path(provider.declared.id),
        verifier=claimed.secrets.verifier,
        nonce=claimed.secrets.nonce,
        proved_since=claimed.created_at - timedelta(seconds=oldest),
    )
    return exchange.redeem(provider, hub.tpp, brought, now=now)


def _keep(hub: Hub, session: Session, state_hash: str, identity: Identity, *, now: datetime) -> None:
    """The proven identity waits in this browser for the person's decision."""
    shown = msgspec.json.encode({"name": identity.name, "email": identity.email})
    session.execute(
        update(UpstreamAttempt)
        .where(UpstreamAttempt.state_hash == state_hash)
        .values(
            issuer=identity.issuer,
            subject=identity.subject,
            auth_time=identity.auth_time,
            claims_sealed=hub.sealer.seal(shown, f"upstream_attempt.claims:{state_hash}"),
            expires_at=now + timedelta(seconds=hub.settings.upstream_attempt_ttl_s),
        )
        .execution_options(synchronize_session=False)
    )


def _failed(provider: Provider, error: ProviderError) -> Failed:
    """The reason names a rule or a status, never what was sent."""
    told = {"provider_id": provider.declared.id, "error": type(error).__name__, "reason": error.reason}
    log.warning("a login at another provider failed", extra=told)
    words = DENIED if isinstance(error, Refused) else AWAY if isinstance(error, Transient) else BROKEN
    return Failed(words.format(name=provider.declared.name))
