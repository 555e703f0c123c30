"""Bunyip Bank's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass

from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.oauth.fapi import Door
from sandbox.oauth.pages import House
from sandbox.oauth.vault import Vault

API_PATH = "/cds-au/v1"
ACCESS_TTL_S = 300
LONGEST_SHARING_S = 31_536_000
BRAND_ID = "5c2d51d1-3a4f-4c6a-9a50-0b6f1c0a7e42"  # dataHolderBrandId in the Register


@dataclass(frozen=True, slots=True)
class Bank:
    url: str
    clock: BankClock
    book: Book
    vault: Vault
    door: Door
    house: House
    page_size: int
