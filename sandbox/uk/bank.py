"""A British bank's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass

from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.jose import BankKey
from sandbox.tpp import Tpp
from sandbox.uk.profile import Profile
from sandbox.uk.vault import Vault


@dataclass(frozen=True, slots=True)
class Bank:
    """``issuer`` is the bank's URL, without a slash at its end. ``client_secret`` is the TPP's, "" for none."""

    profile: Profile
    issuer: str
    tpp: Tpp
    clock: BankClock
    book: Book
    vault: Vault
    key: BankKey
    browsers: BrowserSessions
    page_size: int
    client_secret: str = ""

    @property
    def token_endpoint(self) -> str:
        return f"{self.issuer}/token"

    @property
    def api_url(self) -> str:
        return f"{self.issuer}{self.profile.aisp_path}"
