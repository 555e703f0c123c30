"""What every adapter must hold, whatever its standard: the checks that a third-party adapter runs too.

Give ``CHECKS`` a Driver (an adapter, and a way to walk a PSU through the bank); each check returns or raises
NotConformant with a sentence. No test framework is needed:

    for check in conformance.CHECKS:
        check(driver)
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Protocol

from providers.errors import ProviderError, Refused
from providers.model import Account, Money, Page, Transaction
from providers.port import Access, Adapter, LinkStart, Psu, Resource
from providers.resources import DirectDebit, Instalment, Offer, ScheduledPayment, StandingOrder, Statement

_PSU = Psu(ip_address="192.0.2.7", user_agent="conformance")  # RFC 5737: nobody's address
PAGE_LIMIT = 10_000


class NotConformant(AssertionError):
    """The adapter breaks its contract; the message says how."""


class Driver(Protocol):
    """``start`` begins a link; ``allow`` and ``deny`` play the PSU at the bank and return the callback's parameters.

    ``known_amounts`` are amounts that the bank is known to hold, by any of the bank's own ids for the row (or by
    remittance text), signed from the account holder's side; at least one of each sign.
    """

    @property
    def adapter(self) -> Adapter: ...

    @property
    def period(self) -> tuple[date, date]: ...

    @property
    def known_amounts(self) -> Mapping[str, Money]: ...

    def start(self) -> LinkStart: ...

    def allow(self, start: LinkStart) -> Mapping[str, str]: ...

    def deny(self, start: LinkStart) -> Mapping[str, str]: ...


def _need(holds: object, sentence: str) -> None:
    if not holds:
        raise NotConformant(sentence)


def _linked(driver: Driver) -> Access:
    from_bank = driver.start()
    now, psu = datetime.now(UTC), _PSU
    return driver.adapter.finish(from_bank.state, driver.allow(from_bank), now=now, psu=psu)


def _pages(driver: Driver, access: Access, account: Account) -> Iterator[Page]:
    date_from, date_to = driver.period
    return driver.adapter.transactions(access, account, date_from=date_from, date_to=date_to, psu=_PSU)


def _read_all(driver: Driver, access: Access, account: Account) -> list[Page]:
    return list(_pages(driver, access, account))


def _transactions(driver: Driver, access: Access) -> Iterator[Transaction]:
    for account in driver.adapter.accounts(access, psu=_PSU):
        for page in _pages(driver, access, account):
            yield from page.transactions


def accounts_can_be_recognised(driver: Driver) -> None:
    """Each account has an identifier that outlives the bank consent, and a resource id of its own."""
    accounts = driver.adapter.accounts(_linked(driver), psu=_PSU)
    _need(accounts, "no account came back")
    for account in accounts:
        _need(account.identifiers, "an account has no identifier")
        _need(all(one.value for one in account.identifiers), "an identifier is empty")
        _need(json.loads(account.raw), "an account does not keep the bank's own JSON")
    _need(len({one.resource_id for one in accounts}) == len(accounts), "two accounts share a resource id")


def balances_say_what_they_are(driver: Driver) -> None:
    access = _linked(driver)
    for account in driver.adapter.accounts(access, psu=_PSU):
        for balance in driver.adapter.balances(access, account, psu=_PSU):
            _exact(balance.money)
            _need(balance.source_label, "a balance does not keep the bank's own word for its type")
            _need(balance.as_of is None or balance.as_of.utcoffset() is not None, "a balance's moment is naive")


def transactions_are_exact_and_explained(driver: Driver) -> None:
    """Amounts are Decimals in a currency; what is filled names its place; the bank's own JSON is kept."""
    seen = 0
    for transaction in _transactions(driver, _linked(driver)):
        seen += 1
        _exact(transaction.money)
        _need(json.loads(transaction.raw), "a transaction does not keep the bank's own JSON")
        for name in ("booking_date", "value_date", "remittance", "balance_after", "bank_transaction_code"):
            if getattr(transaction, name):
                _need(name in transaction.provenance, f"{name} does not say where it comes from")
        _need("money" in transaction.provenance, "money does not say where it comes from")
    _need(seen, "no transaction came back")


def signs_are_the_account_holders(driver: Driver) -> None:
    """The driver's known rows have the amounts it knows, sign included."""
    known = driver.known_amounts
    signs = {one.number > 0 for one in known.values()}
    _need(signs == {True, False}, "the driver knows no row of each sign")
    found: dict[str, Money] = {}
    for transaction in _transactions(driver, _linked(driver)):
        for name in (*transaction.bank_ids.values(), *transaction.remittance):
            if name in known:
                found[name] = transaction.money
    for name, expected in known.items():
        _need(found.get(name) == expected, f"the known row {name!r} has not its amount and sign")


def offered_resources_are_sound(driver: Driver) -> None:
    """What the capabilities offer beside the accounts can be read, and is exact and signed as everything else is."""
    access = _linked(driver)
    accounts = driver.adapter.accounts(access, psu=_PSU)
    for resource in driver.adapter.capabilities.resources - {Resource.CONFIRM_FUNDS}:
        read = getattr(driver.adapter, resource.value, None)
        if read is None:
            raise NotConformant(f"{resource.value} is offered and has no method")
        answered = 0
        for account in accounts:
            try:
                rows = read(access, account, psu=_PSU)
            except Refused:  # a savings account has no direct debits
                continue
            answered += 1
            for row in rows:
                _need(json.loads(row.raw), f"{resource.value}: a row does not keep the bank's own JSON")
                for money in _moneys(row):
                    _exact(money)
                _need(
                    all(money.number <= 0 for money in _outgoing(row)), f"{resource.value}: what leaves is not negative"
                )
        _need(answered, f"{resource.value} is offered and refused for every account")


def _outgoing(row: object) -> Iterator[Money]:
    if isinstance(row, StandingOrder | DirectDebit):
        parts = (getattr(row, name, None) for name in ("first", "previous", "next", "last", "final"))
        yield from (part.money for part in parts if isinstance(part, Instalment) and part.money is not None)
    if isinstance(row, ScheduledPayment) and row.money is not None:
        yield row.money


def _moneys(row: object) -> Iterator[Money]:
    yield from _outgoing(row)
    if isinstance(row, Statement):
        yield from (line.money for line in row.lines)
    if isinstance(row, Offer):
        yield from (money for money in (row.amount, row.fee) if money is not None)


def pages_end(driver: Driver) -> None:
    """Only the last page has no cursor."""
    access = _linked(driver)
    account = driver.adapter.accounts(access, psu=_PSU)[0]
    pages: list[Page] = []
    for page in _pages(driver, access, account):
        pages.append(page)
        _need(len(pages) <= PAGE_LIMIT, "the pages do not end")
    _need(pages and pages[-1].next is None, "the last page names a next one")
    _need(all(page.next for page in pages[:-1]), "a page before the last names no next one")


def a_foreign_callback_is_refused(driver: Driver) -> None:
    """A callback that carries another attempt's state gives no access."""
    start = driver.start()
    callback = {**driver.allow(start), "state": "another-attempt"}
    _must_fail(lambda: driver.adapter.finish(start.state, callback, now=datetime.now(UTC), psu=_PSU), "finish")


def a_no_at_the_bank_gives_no_access(driver: Driver) -> None:
    start = driver.start()
    callback = driver.deny(start)
    error = _must_fail(lambda: driver.adapter.finish(start.state, callback, now=datetime.now(UTC), psu=_PSU), "finish")
    _need(getattr(error, "code", "") == "access_denied", "a PSU's no is not Refused with code access_denied")


def secrets_are_not_shown(driver: Driver) -> None:
    start = driver.start()
    access = driver.adapter.finish(start.state, driver.allow(start), now=datetime.now(UTC), psu=_PSU)
    for shown in (repr(start.state), repr(access)):
        for secret in (*start.state.data.values(), *access.data.values()):
            _need(secret not in shown, "a secret is shown in a repr")


def revoking_ends_the_access(driver: Driver) -> None:
    """After revoke() nothing can be read, every error is ours, and a second revoke() succeeds."""
    access = _linked(driver)
    account = driver.adapter.accounts(access, psu=_PSU)[0]
    driver.adapter.revoke(access)
    driver.adapter.revoke(access)
    _must_fail(lambda: driver.adapter.accounts(access, psu=_PSU), "accounts after revoke")
    _must_fail(partial(_read_all, driver, access, account), "transactions after revoke")


def what_was_never_given_cannot_be_read(driver: Driver) -> None:
    """A made-up access and a made-up account are errors of ours, not of a library."""
    access = _linked(driver)
    account = driver.adapter.accounts(access, psu=_PSU)[0]
    forged = replace(access, bank_consent_id="forged", data=dict.fromkeys(access.data, "forged"))
    _must_fail(lambda: driver.adapter.accounts(forged, psu=_PSU), "accounts with a forged access")
    for strange in ("no-such-account", "../consents", "", "a/b?c#d"):
        other = replace(account, resource_id=strange)
        _must_fail(partial(_read_all, driver, access, other), "transactions of a strange account")


def _exact(money: Money) -> None:
    _need(type(money.number) is Decimal and money.number.is_finite(), "an amount is not a finite Decimal")
    _need(len(money.currency) == 3, "an amount has no ISO 4217 currency")


def _must_fail(call: Callable[[], object], what: str) -> ProviderError:
    try:
        call()
    except ProviderError as error:
        _need(error.institution_id and error.step, f"{what}: the error does not name its bank and step")
        return error
    raise NotConformant(f"{what} did not fail")


Check = Callable[[Driver], None]
CHECKS: tuple[Check, ...] = (
    accounts_can_be_recognised,
    balances_say_what_they_are,
    transactions_are_exact_and_explained,
    signs_are_the_account_holders,
    offered_resources_are_sound,
    pages_end,
    a_foreign_callback_is_refused,
    a_no_at_the_bank_gives_no_access,
    secrets_are_not_shown,
    revoking_ends_the_access,
    what_was_never_given_cannot_be_read,
)
