"""Banco Iara's parts, wired once at the start and handed to every blueprint."""

from dataclasses import dataclass

from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.oauth.fapi import Door
from sandbox.oauth.pages import House
from sandbox.oauth.vault import Vault

API_PATH = "/open-banking"
CONSENTS = f"{API_PATH}/consents/v3/consents"
ACCOUNTS = f"{API_PATH}/accounts/v2/accounts"
CARDS = f"{API_PATH}/credit-cards-accounts/v2/accounts"
ACCESS_TTL_S = 300
CONSENT_URN = "urn:bancoiara:"
AUTHORISE_WITHIN_S = 3600  # then the consent is REJECTED by itself
LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Bank:
    url: str
    clock: BankClock
    book: Book
    vault: Vault
    door: Door
    house: House
    page_size: int
