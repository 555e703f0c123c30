"""The contract an adapter fulfils. One object per institution; it keeps no state between calls.

The life of a link, from the hub's side:

    start = adapter.start(LinkRequest(...))         # a bank consent is made; send the PSU to start.url
    ... the PSU comes back to redirect_uri ...
    access = adapter.finish(start.state, callback)  # codes exchanged, consent confirmed at the bank
    accounts = adapter.accounts(access)             # then balances(), transactions(), page by page
    access = adapter.refresh(access)                # when access.expires_at has passed
    adapter.revoke(access)                          # the PSU disconnects the bank

``LinkState`` and ``Access`` are plain data that the hub seals and stores between calls; an adapter may put in their
``data`` whatever JSON it needs. Every method may raise the errors of providers.errors and nothing else. Methods that
take ``psu`` are told whether the person is present: banks count unattended reads (RTS art. 36(5)(b)).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from providers.model import Account, Balance, Page


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


@dataclass(frozen=True, slots=True)
class LinkStart:
    url: str  # where to send the PSU's browser
    state: LinkState


@dataclass(frozen=True, slots=True)
class Access:
    """The right to read one PSU's accounts at one bank. Secret; the hub seals it.

    ``expires_at`` ends the bank's access token (refresh then); ``valid_until`` ends the bank consent (only the PSU
    can renew it). Both aware UTC; None where the bank names none.
    """

    bank_consent_id: str
    expires_at: datetime | None
    valid_until: datetime | None
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``max_history_days`` readable at once; ``pending`` whether pending rows are shown."""

    standard: str
    accounts: bool = True
    balances: bool = True
    transactions: bool = True
    pending: bool = True
    payments: bool = False
    max_history_days: int = 730


class Adapter(Protocol):
    capabilities: Capabilities

    def start(self, request: LinkRequest) -> LinkStart:
        """Create the bank consent and say where the PSU must go."""

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        """Turn the callback's parameters into access.

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
        """End the bank consent. Succeeds if the bank no longer knows it."""
