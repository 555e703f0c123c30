"""Connecting banks, a connection, the status page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.web.viewmodels.money import AccountRow
from hub.web.viewmodels.shared import App, Bank, Choice, ConnectionState


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """connect.html. GET ``q``, ``country``. ``next``: a path of ours to come back to, carried to the
    confirm page.
    """

    banks: tuple[Bank, ...] = ()
    q: str = ""
    countries: tuple[Choice, ...] = ()  # value = ISO code, label = name
    next: str = ""
    is_truncated: bool = False  # more banks match than are shown


@dataclass(frozen=True, slots=True)
class ConnectConfirmPage:
    """connect_confirm.html. POST to /connect/<institution_id> with ``next``."""

    bank: Bank
    next: str = ""
    access_days: int | None = None  # how long the bank lets us in before it asks again
    note: str = ""  # anything this bank does differently, plainly
    error: str = ""
    by_token: bool = False  # the person brings a token of their own bridge and is sent nowhere


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a step: see providers.port.Field. ``choices``: pick one of them instead of typing."""

    name: str
    label: str
    hint: str = ""
    input_type: Literal["text", "password"] = "text"
    is_code: bool = False
    max_length: int = 200
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectStepPage:
    """connect_step.html. POST to /connect/step/<state> with ``number`` and ``answer.<name>`` for each question.

    ``image`` is a data: URL, "" for none. ``help_url``: where the person gets what is asked for: https (in
    development also this machine) or "".
    """

    bank: Bank
    state: str
    number: int
    questions: tuple[Question, ...] = ()
    explanation: str = ""
    error: str = ""
    help_url: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """How often the bank was asked today while the person was away, of the account that has least left."""

    used: int
    limit: int
    resets_at: datetime
    is_closed: bool = False  # the bank says itself that there are none left


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """connection.html. While ``state`` is syncing the page reloads itself every ``refresh_s`` seconds.

    ``can_refresh``: POST to /connections/<id>/refresh reads the bank now; before ``refreshable_at`` it does not,
    because ``bank_waits`` (the bank asked for that) or because it was read so a moment ago. ``added``: so many rows
    were new when the person asked at ``refreshed_at``; None while that is not known.
    """

    connection_id: str
    bank: Bank
    state: ConnectionState
    reason: str = ""
    accounts: tuple[AccountRow, ...] = ()
    accounts_done: int = 0
    accounts_total: int | None = None  # None: not known yet
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
    access_until: datetime | None = None  # when the bank will ask the person again (its SCA clock, not ours)
    linked_at: datetime | None = None
    refresh_s: int = 3
    is_file: bool = False  # files that the person brought: nothing is fetched
    quota: Quota | None = None
    can_refresh: bool = False
    refreshable_at: datetime | None = None
    bank_waits: bool = False
    refreshed_at: datetime | None = None
    added: int | None = None


@dataclass(frozen=True, slots=True)
class DisconnectPage:
    """disconnect.html. ``apps``: who loses sight of these accounts. POST to /connections/<id>/disconnect."""

    connection_id: str
    bank: Bank
    account_count: int = 0
    apps: tuple[App, ...] = ()
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Of the calls to a bank in some time: ``availability`` is the share answered, 0 to 1, None without calls."""

    calls: int = 0
    availability: float | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BankHealth:
    """``state``: how reading it went in the last day. ``success_share``: 0 to 1, None if it was not read. ``hour``,
    ``day`` and ``month`` are measured at its door; ``days``: the share answered on each of the last thirty, the oldest
    first, None for one without calls; empty if it was not called at all."""

    bank: Bank
    state: Literal["healthy", "degraded", "down", "unknown"]
    success_share: float | None = None
    last_success_at: datetime | None = None
    note: str = ""
    hour: ServiceLevel = ServiceLevel()
    day: ServiceLevel = ServiceLevel()
    month: ServiceLevel = ServiceLevel()
    days: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusPage:
    """status.html."""

    banks: tuple[BankHealth, ...] = ()
