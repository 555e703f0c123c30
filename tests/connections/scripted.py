"""A bank whose every answer is written down beforehand: it fulfils the port, it does not stand in for code of ours."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.context import Hub
from hub.db import in_transaction
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Identifier,
    Money,
    Page,
    Scheme,
    Status,
    Transaction,
)
from providers.port import Access, Adapter, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Redirect, Resource
from providers.resources import Beneficiary, DirectDebit, StandingOrder

Step = str  # start, finish, refresh, accounts, balances, transactions, page, revoke


def account(number: int, currency: str = "EUR") -> Account:
    return Account(
        resource_id=f"resource-{number}",
        currency=currency,
        type=AccountType.CURRENT,
        name=f"Account {number}",
        identifiers=(Identifier(Scheme.IBAN, f"DE{number:020d}"),),
        raw=b"{}",
    )


def movement(number: int, day: date, amount: str = "-12.30") -> Transaction:
    return Transaction(
        status=Status.BOOKED,
        money=Money(Decimal(amount), "EUR"),
        booking_date=day,
        value_date=day,
        remittance=(f"Invoice {number}",),
        bank_ids={"transactionId": f"tx-{number}"},
        raw=b'{"n": %d}' % number,
    )


class ScriptedBank:
    """``errors`` maps a step, or (step, resource id), to what it raises; ``hook`` sees every step before it happens.

    ``calls`` lists (step, resource id or ""). Fails the test if it is called inside a transaction.
    """

    def __init__(self, *, max_history_days: int = 730) -> None:
        self.capabilities = Capabilities(standard="scripted", max_history_days=max_history_days)
        self.shown: list[Account] = [account(1), account(2)]
        self.pages: dict[str, list[Page]] = defaultdict(list)
        self.resources: dict[tuple[Step, str], tuple[Any, ...]] = {}  # by (providers.port.Resource, resource id)
        self.errors: dict[Step | tuple[Step, str], Exception] = {}
        self.hook: Callable[[Step, str], object] = lambda _step, _key: None
        self.calls: list[tuple[Step, str]] = []
        self.windows: list[tuple[str, date, date]] = []
        self.presence: list[Psu | None] = []
        self.requests: list[LinkRequest] = []
        self.revoked: list[str] = []
        self.used: list[Access] = []
        self.access_ttl: timedelta | None = None
        self.covered: frozenset[Resource] | None = None
        self.url = "http://bank.example/authorise"
        self.consents = 0

    def _enter(self, step: Step, key: str = "") -> None:
        assert not in_transaction(), f"{step} was called inside a transaction"
        self.calls.append((step, key))
        self.hook(step, key)
        if (error := self.errors.get((step, key)) or self.errors.get(step)) is not None:
            raise error

    def start(self, request: LinkRequest) -> LinkStart:
        self.requests.append(request)
        self._enter("start")
        self.consents += 1
        consent_id = f"bank-consent-{self.consents}"
        state = LinkState(consent_id, request.redirect_uri, request.state, request.nonce, {"v": "secret"})
        return LinkStart(Redirect(f"{self.url}?state={request.state}"), state)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        self._enter("finish")
        assert callback["state"] == state.state
        assert state.data == {"v": "secret"}
        expires_at = now + self.access_ttl if self.access_ttl else None
        return Access(state.bank_consent_id, expires_at, now + timedelta(days=180), {"token": "token-0"}, self.covered)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        self._enter("refresh")
        token = f"token-{int(access.data['token'][6:]) + 1}"
        expires_at = now + self.access_ttl if self.access_ttl else None
        return Access(access.bank_consent_id, expires_at, access.valid_until, {"token": token}, access.resources)

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        self.presence.append(psu)
        self.used.append(access)
        self._enter("accounts")
        return tuple(self.shown)

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        self.used.append(access)
        self._enter("balances", account.resource_id)
        return (Balance(BalanceType.CLOSING_BOOKED, Money(Decimal("100.00"), account.currency)),)

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        self.windows.append((account.resource_id, date_from, date_to))
        self.used.append(access)
        self._enter("transactions", account.resource_id)
        for page in self.pages[account.resource_id]:
            self._enter("page", account.resource_id)
            yield page
        self._enter("end", account.resource_id)

    def standing_orders(self, _access: Access, account: Account, *, psu: Psu | None) -> tuple[StandingOrder, ...]:
        return self._resource(Resource.STANDING_ORDERS, account)

    def direct_debits(self, _access: Access, account: Account, *, psu: Psu | None) -> tuple[DirectDebit, ...]:
        return self._resource(Resource.DIRECT_DEBITS, account)

    def beneficiaries(self, _access: Access, account: Account, *, psu: Psu | None) -> tuple[Beneficiary, ...]:
        return self._resource(Resource.BENEFICIARIES, account)

    def _resource(self, kind: Resource, account: Account) -> tuple[Any, ...]:
        self._enter(kind.value, account.resource_id)
        return self.resources.get((kind.value, account.resource_id), ())

    def revoke(self, access: Access) -> None:
        self._enter("revoke")
        self.revoked.append(access.bank_consent_id)

    def steps(self) -> list[Step]:
        return [step for step, _key in self.calls]


@dataclass(frozen=True)
class HubWithBanks(Hub):
    """A whole hub whose banks are scripted."""

    banks: Mapping[str, Adapter] = field(default_factory=dict)

    def adapter(self, institution_id: str) -> Adapter:
        return self.banks[institution_id]
