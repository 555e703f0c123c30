"""Who banks where: Alice, Bob and Charlie, and their accounts at Albion Bank (GB) and Lorelei Bank (DE).

Everything is invented and fixed: sort code 99-00-17 and Bankleitzahl 99912345 belong to no real bank.
"""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.iban import make_iban

SORT_CODE = "990017"
BANKLEITZAHL = "99912345"


class BankName(StrEnum):
    ALBION = "albion"
    LORELEI = "lorelei"


class AccountKind(StrEnum):
    CURRENT = "current"
    SAVINGS = "savings"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of both banks. The password is a sandbox password, shown on the login page."""

    username: str
    full_name: str

    def password_at(self, bank: BankName) -> str:
        return f"{self.username}-at-{bank}"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``key`` never leaves the bank; ``number`` is the local account number, or the PAN of a card.

    ``credit_line`` is an amount in the account's currency that is *not* part of any balance (0: none).
    """

    key: str
    bank: BankName
    owners: tuple[str, ...]
    holder: str
    kind: AccountKind
    currency: str
    name: str
    nickname: str
    number: str
    credit_line: int = 0

    @property
    def iban(self) -> str:
        if self.bank is BankName.ALBION:
            return make_iban("GB", f"ALBN{SORT_CODE}{self.number}")
        return make_iban("DE", f"{BANKLEITZAHL}{self.number}")

    @property
    def masked_number(self) -> str:
        return "*" * (len(self.number) - 4) + self.number[-4:]


PEOPLE = {
    person.username: person
    for person in (
        Person("alice", "Alice O'Connor"),
        Person("bob", "Bob Müller"),
        Person("charlie", "Charlie Weiß"),
    )
}


def _account(key: str, number: str, kind: AccountKind, currency: str, names: str, credit_line: int = 0) -> Account:
    """``key`` is bank.owner[+owner].word; ``names`` is the product's name and the nickname, parted by a bar."""
    bank, usernames, _ = key.split(".")
    owners = tuple(usernames.split("+"))
    name, nickname = names.split("|")
    holder = " und ".join(PEOPLE[owner].full_name for owner in owners)
    return Account(key, BankName(bank), owners, holder, kind, currency, name, nickname, number, credit_line)


ACCOUNTS = (
    _account("albion.alice.current", "41882017", AccountKind.CURRENT, "GBP", "Everyday Account|Bills & coffee", 500),
    _account("albion.alice.savings", "41882025", AccountKind.SAVINGS, "GBP", "Rainy Day Saver|Rainy day"),
    _account("albion.alice.card", "4929420573595709", AccountKind.CARD, "GBP", "Platinum Credit Card|Plastic", 5000),
    _account("albion.alice.euro", "41882033", AccountKind.CURRENT, "EUR", "Euro Account|Cologne money"),
    _account("albion.bob.current", "52093318", AccountKind.CURRENT, "GBP", "Everyday Account|Bob's account", 250),
    _account("albion.bob.savings", "52093326", AccountKind.SAVINGS, "GBP", "Rainy Day Saver|New bike"),
    _account("albion.charlie.current", "63770541", AccountKind.CURRENT, "GBP", "Everyday Account|Main"),
    _account("lorelei.alice.giro", "0417700231", AccountKind.CURRENT, "EUR", "Girokonto Komfort|Haushalt", 1000),
    _account("lorelei.alice.tagesgeld", "0417700249", AccountKind.SAVINGS, "EUR", "Tagesgeld Plus|Für später"),
    _account("lorelei.alice.usd", "0417700256", AccountKind.CURRENT, "USD", "Fremdwährungskonto USD|Dollars"),
    _account("lorelei.alice+bob.joint", "0555120087", AccountKind.CURRENT, "EUR", "Gemeinschaftskonto|Unser Konto"),
    _account("lorelei.bob.giro", "0528801164", AccountKind.CURRENT, "EUR", "Girokonto Basis|Bobs Giro"),
    _account("lorelei.charlie.giro", "0639904422", AccountKind.CURRENT, "EUR", "Girokonto Basis|Hauptkonto"),
)
BY_KEY = {account.key: account for account in ACCOUNTS}


def accounts_at(bank: BankName) -> tuple[Account, ...]:
    return tuple(account for account in ACCOUNTS if account.bank is bank)


def accounts_of(bank: BankName, username: str) -> tuple[Account, ...]:
    """The accounts that ``username`` owns, alone or jointly, in the order in which the bank shows them."""
    return tuple(account for account in accounts_at(bank) if username in account.owners)
