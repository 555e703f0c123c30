"""Banque Mélusine's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass

from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.oauth.pages import House
from sandbox.oauth.vault import Vault
from sandbox.tpp import Tpp

API_PATH = "/stet/psd2/v1"
ACCESS_TTL_S = 600
VALIDITY_DAYS = 180  # RTS art. 10a: strong authentication again after 180 days
MOST_CALLS_PER_DAY = 4  # RTS art. 36(5)(b)


@dataclass(frozen=True, slots=True)
class Bank:
    url: str
    tpp: Tpp
    clock: BankClock
    book: Book
    vault: Vault
    house: House
    page_size: int
