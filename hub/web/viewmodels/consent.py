"""The consent screen, and who sees what."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from hub.web.viewmodels.decoupled import AskedElsewhere
from hub.web.viewmodels.money import AccountRow, Fact
from hub.web.viewmodels.shared import App, Bank, Choice


@dataclass(frozen=True, slots=True)
class PermissionText:
    """A permission in plain words. ``icon`` is a name in macros/icons.html; ``limits`` say where it stops."""

    permission: str
    title: str
    explanation: str
    icon: str = "eye"
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentAccount:
    """A row to tick: checkbox ``account`` = account_id; ``permissions`` are ``permission:<account_id>``
    boxes.
    """

    account: AccountRow
    checked: bool = False
    permissions: tuple[Choice, ...] = ()
    is_wished: bool = False  # the app named it


@dataclass(frozen=True, slots=True)
class ConsentBank:
    bank: Bank
    accounts: tuple[ConsentAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentDetail:
    """One of the request's authorization_details in words: ``title`` says it whole, ``facts`` one by one."""

    title: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentRequestPage:
    """consent_request.html. Posts ``account``*, ``permission:<id>``*, ``history``, ``duration``,
    ``decision``.

    ``decision`` is ``approve`` or ``deny``. ``is_login_only``: nothing but openid, profile, email is asked,
    so there are no accounts, no history and no end date to choose. ``connect_path`` links a bank and comes
    back here. ``is_payment``: ``account`` is one radio button, and there is nothing else to choose. ``standing`` says
    what becomes of what was allowed before.
    """

    request_id: str
    app: App
    title: str
    permissions: tuple[PermissionText, ...]
    purpose: str = ""  # the app's own words, quoted and named as theirs
    never: tuple[str, ...] = ()  # what holds whatever the person picks, as whole sentences
    banks: tuple[ConsentBank, ...] = ()
    history: tuple[Choice, ...] = ()
    durations: tuple[Choice, ...] = ()
    returns_to: str = ""  # host that the browser goes back to, empty if to none
    connect_path: str = "/connect"
    is_login_only: bool = False
    is_payment: bool = False
    has_accounts: bool = True  # whether any account is linked, though perhaps not the one that was named
    can_approve: bool = True  # False (no account to tick, say) greys out Allow; ``error`` or the page says why
    elsewhere: AskedElsewhere | None = None  # it was asked in another place than this browser
    details: tuple[ConsentDetail, ...] = ()
    standing: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """One consent in the list. ``status_text`` is its state in words; ``accounts`` are ready labels.
    ``details``: what was asked for in detail, a sentence for each.

    ``start_url``: an https URL at the app where a login begins, empty if it has none.
    """

    consent_id: str
    app: App
    is_active: bool
    status_text: str
    permissions: tuple[PermissionText, ...] = ()
    accounts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    ended_at: datetime | None = None
    last_access_at: datetime | None = None
    access_count: int = 0
    start_url: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """consents.html: who sees what."""

    active: tuple[ConsentCard, ...] = ()
    past: tuple[ConsentCard, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One record of the chain. ``digest`` is the hex SHA-256 that the next record repeats."""

    at: datetime
    text: str
    actor: str
    digest: str
    kind: Literal["asked", "allowed", "accessed", "changed", "ended"] = "changed"


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """consent.html. ``is_chain_intact``: the digests were recomputed for this page; None: not checked."""

    consent: ConsentCard
    purpose: str = ""
    history_since: date | None = None  # None: everything
    receipts: tuple[ReceiptRow, ...] = ()
    is_chain_intact: bool | None = None
