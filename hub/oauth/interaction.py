"""Between a checked authorization request and the person's answer. The consent page calls open_request, approve, deny.

A request belongs to the first person who opens it with a fresh enough login; to everybody else it does not exist. It
is answered once: the answer claims it by one conditional UPDATE.
"""

from dataclasses import dataclass
from datetime import date, datetime

from consent.model import Permission
from consent.succession import How, can_follow
from consent.wording import Older
from hub.context import Hub
from hub.errors import NotPermitted
from hub.identity import activity
from hub.identity.activity import Kind
from hub.identity.origin import UNKNOWN, Origin
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.models.oauth import AuthorizationRequest
from hub.oauth import answers, decoupled, granting, issue, pending, redirects
from hub.oauth.answers import Delivery, WayBack
from hub.oauth.decoupled import Elsewhere
from hub.oauth.errors import (
    AccessDeniedError,
    ConsentRequiredError,
    InteractionRequiredError,
    InvalidGrantId,
    LoginRequiredError,
    OAuth2Error,
)
from hub.oauth.granting import Choice
from hub.oauth.pending import LoginReason, NeedsLogin
from hub.oauth.policy import NONE
from hub.oauth.standing import standing_consent
from hub.oauth.wanted import Wanted, wanted
from hub.oauth.wanted_acr import UnmetAuthenticationRequirements

__all__ = [
    "Ask",
    "Choice",
    "ClientFacts",
    "LoginReason",
    "NeedsLogin",
    "Redirect",
    "answer_silently",
    "approve",
    "deny",
    "open_request",
]


@dataclass(frozen=True, slots=True)
class Redirect:
    """There is nothing to ask: the answer goes back at once."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """``vouched_by``: the trust anchor that does, if one does. ``policy_uri`` and ``tos_uri`` are pages of the client's
    own, which the person can read before they answer (OpenID Connect Registration 2).
    """

    client_id: str
    name: str
    description: str
    site_uri: str | None
    verified: bool
    vouched_by: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What the consent page shows: who asks, for what (``wish``), and what would become of the consent whose place
    this one takes (``older``). ``history_from`` is the start that the receipt will say.

    ``payers``: the only accounts that may pay, where the request names them; None: any of theirs. ``wished``: accounts
    that the app would like to read; the person decides.
    ``redirect_uri`` is where the browser goes with the answer: the page's form-action must allow its origin. It is None
    for a request that came from ``elsewhere`` and is answered there.
    """

    client: ClientFacts
    wish: Wanted
    history_from: date | None
    older: Older | None
    payers: frozenset[str] | None
    wished: frozenset[str]
    redirect_uri: str | None
    elsewhere: Elsewhere | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return self.wish.permissions


def open_request(hub: Hub, handle: str, person: Person, *, answer_standing: bool = True) -> Ask | Redirect | NeedsLogin:
    """What to show to the person who opened this request.

    ``answer_standing`` False: an older consent does not answer for a person who is answering right now.

    Raises NotFound for a request that does not exist, has expired or is another person's; Conflict for one answered.
    """
    now = hub.clock()
    with hub.db.read() as session:
        row, client = pending.find(session, handle, person, now)
    if (stale := pending.stale(row, person)) is not None:
        if stale.acr is not None:
            pending.acr_was_asked(hub, row)
        return stale
    if (other := pending.someone_else(hub, row, client, person)) and person.auth_time < row.created_at:
        return NeedsLogin(LoginReason.PERSON, row.parameters.get("login_hint"))
    pending.bind(hub, row, person, now)
    if other or pending.unmet(row, person):
        error = LoginRequiredError() if other else UnmetAuthenticationRequirements()
        return Redirect(_refuse(hub, row, client, person, error, now))
    wish = wanted(row, hub.settings)
    if not _can_change(hub, wish, person, now):
        return Redirect(_refuse(hub, row, client, person, InvalidGrantId(), now))
    if "consent" in row.parameters["prompt"] or not answer_standing:
        return _ask(hub, row, wish, client, person)
    delivery = _answer_by_standing_consent(hub, row, wish, client, person, now)
    return _ask(hub, row, wish, client, person) if delivery is None else Redirect(delivery)


def answer_silently(hub: Hub, handle: str, person: Person) -> Delivery:
    """prompt=none (OIDC Core 3.1.2.1): a code, or an error that says which page would have been needed."""
    now = hub.clock()
    with hub.db.read() as session:
        row, client = pending.find(session, handle, person, now)
    wish = wanted(row, hub.settings)
    error: OAuth2Error
    if pending.stale(row, person) is not None or pending.someone_else(hub, row, client, person):
        error = LoginRequiredError()
    elif pending.unmet(row, person):
        error = UnmetAuthenticationRequirements()
    elif not _can_change(hub, wish, person, now):
        error = InvalidGrantId()
    elif delivery := _answer_by_standing_consent(hub, row, wish, client, person, now):
        return delivery
    else:
        error = ConsentRequiredError() if _answerable_unseen(row, client) else InteractionRequiredError()
    return _refuse(hub, row, client, person, error, now)


def approve(hub: Hub, handle: str, person: Person, choice: Choice, *, origin: Origin = UNKNOWN) -> Delivery:
    """The person's yes; returns how a code goes back to the client. One transaction: all of it happens or nothing.

    Raises NotFound (also for an account that is not theirs), Conflict if the request was answered meanwhile,
    NotPermitted if the login is not fresh enough, BadInput for a choice that the consent cannot hold, and where the
    client wants its answers encrypted and its key cannot be had: then nothing was answered, and they can try again.
    """
    now = hub.clock()
    way = _way_back_of(hub, handle, person, now)
    with hub.db.write() as session:
        row, client = pending.find(session, handle, person, now)
        unfit = pending.unmet(row, person) or pending.someone_else(hub, row, client, person)
        if unfit or pending.stale(row, person) is not None:
            raise NotPermitted("Log in again before you answer this.", reason="login_required")
        pending.claim(session, row, person, now)
        wish = wanted(row, hub.settings)
        consent, before = granting.give(session, wish, person, choice, now)
        detail = {"app": client.name}
        activity.write(session, person.psu_id, Kind.CONSENT_AUTHORISED, origin=origin, now=now, detail=detail)
        code = granting.issued(session, hub.settings, row, client, person, consent, wish, now, before=before)
    return _allowed(way, code, now)


def deny(hub: Hub, handle: str, person: Person, *, origin: Origin = UNKNOWN) -> Delivery:
    """The person's no; returns how it goes back to the client. Raises NotFound, Conflict if it was answered, BadInput
    as ``approve`` does.
    """
    now = hub.clock()
    way = _way_back_of(hub, handle, person, now)
    with hub.db.write() as session:
        row, client = pending.find(session, handle, person, now)
        pending.claim(session, row, person, now)
        detail = {"app": client.name}
        activity.write(session, person.psu_id, Kind.CONSENT_REJECTED, origin=origin, now=now, detail=detail)
    return _refused(way, AccessDeniedError(), now)


def _way_back_of(hub: Hub, handle: str, person: Person, now: datetime) -> WayBack | Elsewhere:
    """Before the answer's own transaction. Raises NotFound, Conflict, BadInput."""
    with hub.db.read() as session:
        row, client = pending.find(session, handle, person, now)
    return _way_back(hub, row, client)


def _way_back(hub: Hub, row: AuthorizationRequest, client: Client) -> WayBack | Elsewhere:
    """A decoupled request goes back to nobody: it is answered on a page of ours. Raises BadInput."""
    return decoupled.elsewhere(row.parameters) or answers.way_back(hub, client, row.parameters)


def _allowed(way: WayBack | Elsewhere, code: str | None, now: datetime) -> Delivery:
    """``code`` is None for a decoupled request."""
    if isinstance(way, Elsewhere):
        return Delivery(f"{way.where_answered}/allowed")
    return way.success(code or "", now)


def _refused(way: WayBack | Elsewhere, error: OAuth2Error, now: datetime) -> Delivery:
    if isinstance(way, Elsewhere):
        return Delivery(f"{way.where_answered}/denied")
    return way.refusal(error, now)


def _refuse(
    hub: Hub, row: AuthorizationRequest, client: Client, person: Person, error: OAuth2Error, now: datetime
) -> Delivery:
    way = _way_back(hub, row, client)
    with hub.db.write() as session:
        pending.claim(session, row, person, now)
    return _refused(way, error, now)


def _ask(hub: Hub, row: AuthorizationRequest, wish: Wanted, client: Client, person: Person) -> Ask:
    with hub.db.read() as session:
        older, payers = granting.older_of(session, wish), granting.payers(session, person.psu_id, wish)
        wished = granting.wished(session, person.psu_id, wish)
    return Ask(
        client=ClientFacts(
            client_id=client.client_id,
            name=client.name,
            description=client.description,
            site_uri=client.site_uri,
            verified=client.verified_at is not None,
            vouched_by=client.trust_anchor,
            policy_uri=client.registration.get("policy_uri"),
            tos_uri=client.registration.get("tos_uri"),
        ),
        wish=wish,
        history_from=granting.start_of_history(wish, older),
        older=None if older is None or wish.how is None else Older(wish.how, older),
        payers=payers,
        wished=wished,
        redirect_uri=row.parameters.get("redirect_uri"),
        elsewhere=decoupled.elsewhere(row.parameters),
    )


def _can_change(hub: Hub, wish: Wanted, person: Person, now: datetime) -> bool:
    """Whether the grant that the request means to change is this person's, and still there to be changed."""
    if wish.how is None:
        return True
    with hub.db.read() as session:
        older = granting.older_of(session, wish)
    return older is not None and older.psu_id == person.psu_id and can_follow(wish.how, older, now)


def _answerable_unseen(row: AuthorizationRequest, client: Client) -> bool:
    """RFC 6749 10.2, RFC 8252 8.6: an app that anybody on the device can impersonate never passes unseen; nor does what
    was asked elsewhere (hub.oauth.decoupled).
    """
    if row.decoupled_id is not None:
        return False
    return client.token_endpoint_auth_method != NONE or redirects.assured(row.parameters["redirect_uri"])


def _answer_by_standing_consent(
    hub: Hub, row: AuthorizationRequest, wish: Wanted, client: Client, person: Person, now: datetime
) -> Delivery | None:
    """A code at once where the person already allowed all of this; None if they must be asked."""
    if not _answerable_unseen(row, client):
        return None
    with hub.db.read() as session:  # most requests are new: they should not wait for the right to write
        if standing_consent(session, person.psu_id, wish, now) is None:
            return None
    way = _way_back(hub, row, client)
    with hub.db.write() as session:
        if (consent := standing_consent(session, person.psu_id, wish, now)) is None:
            return None
        pending.claim(session, row, person, now)
        before = granting.NOTHING
        if wish.how is How.MERGE:  # it adds nothing: fresh tokens of all that it holds, and the older ones end
            before = granting.earlier(session, consent.id)
            issue.revoke_grants_of(session, consent.id, reason="merged", now=now)
        code = granting.issued(session, hub.settings, row, client, person, consent, wish, now, before=before)
    return _allowed(way, code, now)
