"""Lorelei Bank's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass, field

from sandbox.berlin.vault import Vault
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.oauth.vault import Vault as Tokens


@dataclass(frozen=True, slots=True)
class Ways:
    """How this bank lets people in, and gives out what it has. ``pre_step``: a token of the person's comes before the
    consent, and with every call. ``confirms``: what a person agreed to counts once the TPP has said the confirmation
    code back. ``downloads``: transactions come as reports that are prepared and fetched."""

    pre_step: bool = False
    confirms: bool = False
    downloads: bool = False


@dataclass(slots=True)
class Prepared:
    """A report that waits to be fetched under one consent."""

    consent_id: str
    resource_id: str
    body: bytes
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Bank:
    """``url`` is where the bank listens, without a slash at its end: the base of every link."""

    url: str
    clock: BankClock
    book: Book
    vault: Vault
    browsers: BrowserSessions
    page_size: int
    ways: Ways
    tokens: Tokens
    reports: dict[str, Prepared] = field(default_factory=dict)

    def link(self, path: str) -> dict[str, str]:
        """An hrefType."""
        return {"href": f"{self.url}{path}"}
