"""Who banks where: Alice, Bob and Charlie, and their accounts at each of the partner banks.

Everything is invented and fixed: sort code 99-00-17, Bankleitzahl 99912345, code banque 99998, BSB 999-117 and ISPB
99912345 belong to no real bank.
"""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.iban import make_iban

SORT_CODE = "990017"
BANKLEITZAHL = "99912345"
CODE_BANQUE, CODE_GUICHET = "99998", "00117"
BSB = "999117"
ISPB, AGENCIA = "99912345", "0117"


class BankName(StrEnum):
    ALBION = "albion"
    CAMBRIA = "cambria"
    LORELEI = "lorelei"
    MELUSINE = "melusine"
    BUNYIP = "bunyip"
    IARA = "iara"


class AccountKind(StrEnum):
    CURRENT = "current"
    SAVINGS = "savings"
    CARD = "card"
    MORTGAGE = "mortgage"  # at Bunyip Bank only


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of every bank. The password is a sandbox password, shown on the login page."""

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
        """ "" at Bunyip Bank: Australia has no IBANs."""
        return iban_at(self.bank, self.number)

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


def iban_at(bank: BankName, number: str) -> str:
    match bank:
        case BankName.ALBION:
            return make_iban("GB", f"ALBN{SORT_CODE}{number}")
        case BankName.CAMBRIA:
            return make_iban("GB", f"CMBR{SORT_CODE}{number}")
        case BankName.LORELEI:
            return make_iban("DE", f"{BANKLEITZAHL}{number}")
        case BankName.MELUSINE:
            return make_iban("FR", f"{CODE_BANQUE}{CODE_GUICHET}{number}{_rib_key(number):02d}")
        case BankName.IARA:
            return make_iban("BR", f"{ISPB}{AGENCIA:>05}{number:>010}C1")
        case BankName.BUNYIP:
            return ""


def _rib_key(number: str) -> int:
    """The two check digits of a French relevé d'identité bancaire."""
    return 97 - (89 * int(CODE_BANQUE) + 15 * int(CODE_GUICHET) + 3 * int(number)) % 97


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
    _account("cambria.alice.current", "71882017", AccountKind.CURRENT, "GBP", "Current Account|Cardiff money", 300),
    _account("cambria.alice.savings", "71882025", AccountKind.SAVINGS, "GBP", "Dragon Saver|Holiday"),
    _account("cambria.bob.current", "72093318", AccountKind.CURRENT, "GBP", "Current Account|Bob's account"),
    _account("cambria.charlie.current", "73770541", AccountKind.CURRENT, "GBP", "Current Account|Main"),
    _account("lorelei.alice.giro", "0417700231", AccountKind.CURRENT, "EUR", "Girokonto Komfort|Haushalt", 1000),
    _account("lorelei.alice.tagesgeld", "0417700249", AccountKind.SAVINGS, "EUR", "Tagesgeld Plus|Für später"),
    _account("lorelei.alice.usd", "0417700256", AccountKind.CURRENT, "USD", "Fremdwährungskonto USD|Dollars"),
    _account("lorelei.alice+bob.joint", "0555120087", AccountKind.CURRENT, "EUR", "Gemeinschaftskonto|Unser Konto"),
    _account("lorelei.bob.giro", "0528801164", AccountKind.CURRENT, "EUR", "Girokonto Basis|Bobs Giro"),
    _account("lorelei.charlie.giro", "0639904422", AccountKind.CURRENT, "EUR", "Girokonto Basis|Hauptkonto"),
    _account(
        "melusine.alice.courant", "00417700231", AccountKind.CURRENT, "EUR", "Compte de dépôt|Compte courant", 300
    ),
    _account("melusine.alice.livret", "00417700249", AccountKind.SAVINGS, "EUR", "Livret A|Épargne"),
    _account("melusine.alice.carte", "4970419988776655", AccountKind.CARD, "EUR", "Visa Premier débit différé|Carte"),
    _account("melusine.bob.courant", "00528801164", AccountKind.CURRENT, "EUR", "Compte de dépôt|Compte de Bob"),
    _account("melusine.charlie.courant", "00639904422", AccountKind.CURRENT, "EUR", "Compte de dépôt|Compte principal"),
    _account("bunyip.alice.everyday", "417700231", AccountKind.CURRENT, "AUD", "Everyday Access|Bills"),
    _account("bunyip.alice.saver", "417700249", AccountKind.SAVINGS, "AUD", "Bonus Saver|Uluru trip"),
    _account("bunyip.alice.card", "4564807651231234", AccountKind.CARD, "AUD", "Low Rate Credit Card|Card", 4000),
    _account("bunyip.alice.home", "417700256", AccountKind.MORTGAGE, "AUD", "Basic Home Loan|Home"),
    _account("bunyip.bob.everyday", "528801164", AccountKind.CURRENT, "AUD", "Everyday Access|Bob's"),
    _account("bunyip.charlie.everyday", "639904422", AccountKind.CURRENT, "AUD", "Everyday Access|Main"),
    _account("iara.alice.corrente", "41770023", AccountKind.CURRENT, "BRL", "Conta Corrente|Dia a dia", 1500),
    _account("iara.alice.poupanca", "41770024", AccountKind.SAVINGS, "BRL", "Conta Poupança|Reserva"),
    _account("iara.alice.cartao", "4001780000004453", AccountKind.CARD, "BRL", "Cartão Platinum|Cartão", 8000),
    _account("iara.bob.corrente", "52880116", AccountKind.CURRENT, "BRL", "Conta Corrente|Bob"),
    _account("iara.charlie.corrente", "63990442", AccountKind.CURRENT, "BRL", "Conta Corrente|Principal"),
)
BY_KEY = {account.key: account for account in ACCOUNTS}


def accounts_at(bank: BankName) -> tuple[Account, ...]:
    return tuple(account for account in ACCOUNTS if account.bank is bank)


def accounts_of(bank: BankName, username: str) -> tuple[Account, ...]:
    """The accounts that ``username`` owns, alone or jointly, in the order in which the bank shows them."""
    return tuple(account for account in accounts_at(bank) if username in account.owners)
