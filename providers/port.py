"""The contract an adapter fulfils. One object per institution; it keeps no state between calls.

The life of a link, from the hub's side:

    start = adapter.start(LinkRequest(...))         # a bank consent is made; start.step says what the PSU does next
    ... Redirect: the PSU goes to step.url and comes back to redirect_uri ...
    access = adapter.finish(start.state, callback)  # Access, or one more LinkStart under a new state
    ... Ask: the PSU answers on a page of the hub ...
    next = adapter.advance(start.state, answers)    # Access, or one more LinkStart
    accounts = adapter.accounts(access)             # then balances(), transactions(), page by page
    access = adapter.refresh(access)                # when access.expires_at has passed
    adapter.revoke(access)                          # the PSU disconnects the bank

``LinkState`` and ``Access`` are plain data that the hub seals and stores between calls; an adapter may put in their
``data`` whatever JSON it needs. Every method may raise the errors of providers.errors and nothing else. Methods that
take ``psu`` are told whether the person is present: banks count unattended reads (RTS art. 36(5)(b)).
"""

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from providers.model import Account, Balance, Identifier, Money, Page, Status, Transaction
from providers.resources import (
    Beneficiary,
    DirectDebit,
    FundsConfirmation,
    Offer,
    PartyOfAccount,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
)


@dataclass(frozen=True, slots=True)
class Psu:
    """What a bank may be told of the person who is waiting. ``None`` fields are not sent."""

    ip_address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """``state`` is the hub's unguessable value that must come back; ``nonce`` binds an ID token to this attempt.

    ``redirect_uri`` is the hub's callback. ``history_from`` asks for transactions since that day, ``valid_until`` for
    an end of the bank consent (both wishes: read the bank's answer). ``now`` is the caller's clock.
    """

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    now: datetime
    valid_until: date
    history_from: date | None = None
    psu: Psu = Psu()


@dataclass(frozen=True, slots=True)
class LinkState:
    """What must survive until the PSU comes back. ``data`` is JSON-serialisable and secret (code verifiers, tokens)."""

    bank_consent_id: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    data: Mapping[str, str] = field(default_factory=dict, repr=False)

    def onward(self, data: Mapping[str, str]) -> "LinkState":
        """The state of the step that follows a return from the bank: with ``data``, under a new ``state`` and
        ``nonce``, for whoever saw the old ones (a browser's history, the bank) must not be able to go on with them."""
        return replace(self, state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), data=data)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The PSU's browser goes to ``url`` and comes back to the hub's callback: ``finish``."""

    url: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the PSU is asked for.

    ``secret`` is never shown nor put back into the page; ``code`` is short and used once (a TAN); ``choice`` is one of
    ``options`` (value, label). ``label`` and ``hint`` are plain text, shown escaped.
    """

    name: str
    label: str
    kind: Literal["text", "secret", "code", "choice"] = "text"
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    max_length: int = 200


@dataclass(frozen=True, slots=True)
class Ask:
    """The PSU is asked on a page of the hub: ``advance``. No fields: they confirm elsewhere (decoupled), then go on.

    ``explanation`` and ``error`` (what was wrong with the last answers) are plain text. ``help_url`` is an https page
    where the PSU gets what is asked for (a hub in development shows one of its own machine too). ``image`` is a
    challenge to scan, of the media type ``image_type``.
    """

    fields: tuple[Field, ...]
    explanation: str = ""
    error: str = ""
    help_url: str = ""
    image: bytes | None = field(default=None, repr=False)
    image_type: Literal["image/png", "image/jpeg", "image/gif"] = "image/png"


@dataclass(frozen=True, slots=True)
class LinkStart:
    """What the PSU does next, and what must survive until they have."""

    step: Redirect | Ask
    state: LinkState


class Resource(StrEnum):
    """What only some banks offer. Each is the name of the method that reads it."""

    STANDING_ORDERS = "standing_orders"
    DIRECT_DEBITS = "direct_debits"
    SCHEDULED_PAYMENTS = "scheduled_payments"
    BENEFICIARIES = "beneficiaries"
    STATEMENTS = "statements"
    PARTIES = "parties"
    PRODUCTS = "products"
    OFFERS = "offers"
    CONFIRM_FUNDS = "confirm_funds"


@dataclass(frozen=True, slots=True)
class Access:
    """The right to read one PSU's accounts at one bank. Secret; the hub seals it.

    ``expires_at`` ends the bank's access token (refresh then); ``valid_until`` ends the bank consent (only the PSU
    can renew it). Both aware UTC; None where the bank names none. ``resources``: of Capabilities.resources those that
    this bank consent covers; None where that is not known beforehand.
    """

    bank_consent_id: str
    expires_at: datetime | None
    valid_until: datetime | None
    data: Mapping[str, str] = field(default_factory=dict, repr=False)
    resources: frozenset[Resource] | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``max_history_days`` readable at once; ``pending`` whether pending rows are shown; ``resources`` which methods of
    AccountResources and FundsConfirmations may be called: others are Refused, or not there at all. ``rules_version`` is
    that of the code that reads its rows: whoever makes it read them otherwise counts it up. ``time_zone`` (IANA) is the
    bank's own: in it a day of its quotas begins. ``is_one_bank``: False where everybody brings an address of their own,
    so that the silence of one says nothing of the others. ``by_transactions``: those of ``resources`` that are had by
    the bank's call for transactions, and so spend its quota."""

    standard: str
    accounts: bool = True
    balances: bool = True
    transactions: bool = True
    pending: bool = True
    payments: bool = False
    max_history_days: int = 730
    resources: frozenset[Resource] = frozenset()
    rules_version: int = 1
    time_zone: str = "UTC"
    is_one_bank: bool = True
    by_transactions: frozenset[Resource] = frozenset()


class Adapter(Protocol):
    capabilities: Capabilities

    def start(self, request: LinkRequest) -> LinkStart:
        """Create the bank consent and say where the PSU must go."""

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        """Turn the callback's parameters into access, or into the next step where a bank wants the PSU more than once
        (its state is ``state.onward(...)``; a step that asks needs an AskingAdapter).

        Raises Refused with code ``access_denied`` if the PSU said no at the bank, ContractBroken if state, issuer,
        nonce or signature are not the ones of this attempt. After Transient the call may be made once more with the
        same arguments: some banks record the PSU's yes late. A code that was spent meanwhile is then Refused.
        """

    def refresh(self, access: Access, *, now: datetime) -> Access:
        """A fresh Access; ReconsentRequired if the bank will not give one without the PSU."""

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]: ...

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]: ...

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        """Pages as the bank gives them, booked and pending, each normalised; a generator, one request per page.

        Ends in an error (never silently) if the bank's pages repeat, leave its host, or never come.
        """

    def revoke(self, access: Access) -> None:
        """End the bank consent. Succeeds if the bank no longer knows it. Of an attempt that came to nothing ``data`` is
        that of its LinkState."""


@runtime_checkable
class Rereads(Protocol):
    """An adapter that can read rows again that were kept as the bank wrote them."""

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        """The row as today's rules read it. ``status`` is what it had, for standards whose rows do not say; ``trace``
        the provenance of the last reading, which may know what the row's page said. Raises BrokenRow
        (providers.rows) if it cannot be read. Asks no bank.
        """


@dataclass(frozen=True, slots=True)
class RevocationNotice:
    """A bank's own word that the PSU revoked ``bank_consent_id`` there. The word holds once: ``jti`` is used up, and
    ``expires_at`` is when it is refused for its age alone."""

    bank_consent_id: str
    jti: str
    expires_at: datetime


@runtime_checkable
class TellsOfRevocations(Protocol):
    """An adapter whose bank calls us when a PSU revokes a bank consent there. ``calls_itself``: the issuer that the
    bank's calls name; None where the bank's file does not say, and then none of its calls is believed."""

    calls_itself: str | None

    def revocation(
        self, unverified_bearer: str, unverified_notice: str, *, addresses: Collection[str], now: datetime
    ) -> RevocationNotice:
        """What the bank says, if it is the bank that says it, to one of our ``addresses``, and now. ContractBroken
        otherwise; Transient where the bank's keys cannot be had."""


class AccountResources(Protocol):
    """The methods that ``Capabilities.resources`` names; an adapter has those and need not have the others.

    Each reads one account to its end, with the errors of ``accounts``; a broken row is set aside and not an error.
    Banks refuse single resources for single accounts (no direct debits on savings): Refused is about this one only.
    """

    def standing_orders(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[StandingOrder, ...]: ...

    def direct_debits(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[DirectDebit, ...]: ...

    def scheduled_payments(
        self, access: Access, account: Account, *, psu: Psu | None
    ) -> tuple[ScheduledPayment, ...]: ...

    def beneficiaries(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Beneficiary, ...]: ...

    def statements(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Statement, ...]: ...

    def parties(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[PartyOfAccount, ...]: ...

    def products(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Product, ...]: ...

    def offers(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Offer, ...]: ...


class FundsConfirmations(Protocol):
    """Whether an amount is there, and nothing else of the account (PSD2 art. 65): ``Resource.CONFIRM_FUNDS``.

    It has a bank consent of its own. ``finish``, ``refresh`` and ``revoke`` do with it what they do with any other,
    and the Access that comes of it reads nothing but this.
    """

    def start_funds(self, request: LinkRequest, debtor: Identifier, *, name: str | None = None) -> LinkStart:
        """As ``start``, for the one account ``debtor``; ``name`` is its holder's."""

    def confirm_funds(self, access: Access, money: Money, *, reference: str) -> FundsConfirmation:
        """Ask now. ``money`` is positive; ``reference`` is new for each question, at most 35 characters."""


@runtime_checkable
class AskingAdapter(Adapter, Protocol):
    """An adapter whose steps may be ``Ask``."""

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        """Go on with what the PSU answered: exactly the fields that were asked, each bounded by its ``max_length``.

        Answers that the PSU can correct give one more LinkStart, with ``Ask.error``. A Redirect must carry the value
        ``state.state``, as that of ``start`` does. Called once for each step, whatever a browser repeats.
        """
