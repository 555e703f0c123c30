"""Lorelei Bank's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass

from sandbox.berlin.vault import Vault
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock


@dataclass(frozen=True, slots=True)
class Bank:
    """``url`` is where the bank listens, without a slash at its end: the base of every link."""

    url: str
    clock: BankClock
    book: Book
    vault: Vault
    browsers: BrowserSessions
    page_size: int

    def link(self, path: str) -> dict[str, str]:
        """An hrefType."""
        return {"href": f"{self.url}{path}"}
