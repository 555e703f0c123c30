"""Kiosk Bank's interface: a key that the person makes in the bank's app, accounts, and pages of movements.

    GET    /accounts                              {"accounts": [{"number", "iban", "name", "currency", "balance"}]}
    GET    /accounts/{number}/movements?from&to   {"movements": [{"id", "day", "amount", "payee", "text"}], "next"}
    DELETE /key                                   the key is void

The key travels in ``X-Key``. Amounts are decimal text, negative where money leaves; ``day`` is null while a movement is
pending; ``next`` is the address of the following page or null.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from hashlib import sha256
from urllib.parse import quote

import msgspec

from providers.amount import exact_text, money
from providers.edge import edge, guarded, kept
from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Identifier,
    Page,
    Party,
    Scheme,
    Status,
    Transaction,
)
from providers.paging import walk
from providers.port import Access, Ask, Capabilities, Field, LinkRequest, LinkStart, LinkState, Psu
from providers.registry import Institution, settings_of
from providers.rows import BrokenRow, Lenient, Rows, envelope, sift
from providers.tpp import Tpp
from providers.transport import Answer, Transport

KEY = "key"
WRONG_KEY = "The bank does not know this key. Make a new one in its app and copy the whole of it."


# 1. What the bank's file says under "api", and what the bank sends: shapes, checked where they come in.
class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base_url: str


class AccountRow(msgspec.Struct, frozen=True):
    number: str
    iban: str
    name: str
    currency: str
    balance: str


class MovementRow(msgspec.Struct, frozen=True):
    id: str
    amount: str
    day: date | None = None
    payee: str | None = None
    text: str | None = None


class AccountsAnswer(msgspec.Struct, frozen=True):
    accounts: list[msgspec.Raw]


class MovementsAnswer(msgspec.Struct, frozen=True):
    movements: list[msgspec.Raw]
    next: str | None = None


ACCOUNTS, MOVEMENTS = msgspec.json.Decoder(AccountsAnswer), msgspec.json.Decoder(MovementsAnswer)
ACCOUNT, MOVEMENT = Lenient(AccountRow), Lenient(MovementRow)


class KioskAdapter:
    """One object per bank; nothing is remembered between calls."""

    def __init__(self, institution: Institution, tpp: Tpp) -> None:
        self._id = institution.id
        self._base = settings_of(institution, Settings).base_url.rstrip("/")
        self._transport = Transport(institution.id, [self._base])
        self.capabilities = Capabilities("kiosk", max_history_days=institution.max_history_days)

    # 2. The link. Where a bank has pages of its own, start() gives a Redirect and finish() takes the callback.
    def start(self, request: LinkRequest) -> LinkStart:
        return _ask(LinkState("", request.redirect_uri, request.state, request.nonce))

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        key = answers.get(KEY, "").strip()
        if not (key.isascii() and key.isalnum()):  # it goes into a header
            return _ask(state, WRONG_KEY)
        with edge(self._id, "advance"):
            try:
                self._get(f"{self._base}/accounts", key)
            except ReconsentRequired:
                return _ask(state, WRONG_KEY)
        return Access(sha256(key.encode()).hexdigest()[:32], expires_at=None, valid_until=None, data={"key": key})

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        raise ContractBroken("Kiosk Bank sends nobody back", institution_id=self._id, step="finish")

    def refresh(self, access: Access, *, now: datetime) -> Access:
        return access  # a key stays good until it is void

    # 3. What is read. edge() names the bank and the step in every error; a broken row costs no other.
    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            body = self._get(f"{self._base}/accounts", access.data["key"]).body
            return kept([Rows(*sift(envelope(ACCOUNTS, body).accounts, ACCOUNT, _account))], self._id, "accounts")

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        """They came with the account."""
        with edge(self._id, "balances"):
            row = ACCOUNT.decode(account.raw)
            try:
                booked = money(exact_text(row.balance, "balance"), row.currency, "currency")
            except BrokenRow as error:
                raise ContractBroken(str(error), raw=account.raw) from None
            return (Balance(BalanceType.INTERIM_BOOKED, booked, source_label="balance"),)

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        number = quote(account.resource_id, safe="")  # an id is never a path
        pages = walk(
            f"{self._base}/accounts/{number}/movements?from={date_from}&to={date_to}",
            fetch=lambda url: self._get(url, access.data["key"]),
            parse=lambda body: _page(body, account),
            resolve=self._transport.resolve,  # a link that leads away from the bank is an error
        )
        return guarded(pages, self._id, "transactions")

    # 4. The end. A second time, or for a key that is void already, it succeeds too.
    def revoke(self, access: Access) -> None:
        with edge(self._id, "revoke"):
            answer = self._transport.call("DELETE", f"{self._base}/key", headers={"X-Key": access.data["key"]})
            if answer.status not in (204, 401):
                _refuse(answer)

    def _get(self, url: str, key: str) -> Answer:
        answer = self._transport.call("GET", url, headers={"X-Key": key})
        if answer.status != 200:
            _refuse(answer)
        return answer


# 5. Each refusal, in the terms of providers.errors: what can the caller do about it? (5xx and silence are Transport's.)
def _refuse(answer: Answer) -> None:
    match answer.status:
        case 401:
            raise ReconsentRequired("HTTP 401: the key is void")
        case 429:
            raise Transient("HTTP 429", answered=True)
        case status:
            raise Refused(f"HTTP {status}", code=str(status))


def _ask(state: LinkState, error: str = "") -> LinkStart:
    field = Field(KEY, "Key", "secret", "In the bank's app: Settings, Keys, New key.", max_length=100)
    return LinkStart(Ask((field,), "Kiosk Bank shows your accounts to whoever has this key.", error), state)


# 6. From the bank's words to ours. Say where each field stood; keep the row as it came.
def _account(row: AccountRow, raw: bytes) -> Account:
    identifiers = (Identifier(Scheme.IBAN, row.iban.replace(" ", "")),)
    return Account(row.number, row.currency, AccountType.CURRENT, row.name, identifiers=identifiers, raw=raw)


def _page(body: bytes, account: Account) -> Page:
    answer = envelope(MOVEMENTS, body)
    rows, rejected = sift(answer.movements, MOVEMENT, lambda row, raw: _transaction(row, raw, account))
    return Page(rows, answer.next, rejected)


def _transaction(row: MovementRow, raw: bytes, account: Account) -> Transaction:
    provenance = {
        "money": "amount",
        "status": "day",
        "booking_date": "day",
        "counterparty": "payee",
        "remittance": "text",
    }
    return Transaction(
        Status.BOOKED if row.day else Status.PENDING,
        money(exact_text(row.amount, "amount"), account.currency, "currency"),
        booking_date=row.day,
        value_date=None,
        counterparty=Party(row.payee),
        remittance=(row.text,) if row.text else (),
        bank_ids={"id": row.id},
        provenance=provenance,
        raw=raw,
    )
