"""What every adapter must hold, whatever its standard: the checks that a third-party adapter runs too.

A driver (providers.driving) is an adapter and a way to be its PSU and its bank. What it can play decides what is
checked: pages of the bank's own (Redirects), questions on a page of the hub (Answers), a bank on a bad day (Faulty).
Each check returns or raises NotConformant with a sentence; an error that is not of providers.errors is let through, to
be seen where it comes from. No test framework is needed:

    for check in conformance.checks_for(driver):
        check(driver)
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.driving import (
    PSU,
    Answers,
    Driver,
    FaultKind,
    Faulty,
    NotConformant,
    Redirects,
    asking,
    kept,
    kept_access,
    linked,
    need,
)
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.model import Account, Money, Page, Status, Transaction
from providers.port import Access, Ask, Rereads, Resource
from providers.resources import DirectDebit, Instalment, Offer, ScheduledPayment, StandingOrder, Statement

PAGE_LIMIT = 10_000
_FAULTS: Mapping[FaultKind, type[ProviderError]] = {
    "down": Transient,
    "busy": Transient,
    "no_json": ContractBroken,
    "loop": ContractBroken,
    "astray": ContractBroken,
}


def _pages(driver: Driver, access: Access, account: Account) -> Iterator[Page]:
    date_from, date_to = driver.period
    return driver.adapter.transactions(access, account, date_from=date_from, date_to=date_to, psu=PSU)


def _read_all(driver: Driver, access: Access, account: Account) -> list[Page]:
    return list(_pages(driver, access, account))


def _transactions(driver: Driver, access: Access) -> Iterator[Transaction]:
    for account in driver.adapter.accounts(access, psu=PSU):
        for page in _pages(driver, access, account):
            yield from page.transactions


def accounts_can_be_recognised(driver: Driver) -> None:
    """Each account has an identifier that outlives the bank consent, and a resource id of its own."""
    accounts = driver.adapter.accounts(linked(driver), psu=PSU)
    need(accounts, "no account came back")
    for account in accounts:
        need(account.identifiers, "an account has no identifier")
        need(all(one.value for one in account.identifiers), "an identifier is empty")
        need(json.loads(account.raw), "an account does not keep the bank's own JSON")
    need(len({one.resource_id for one in accounts}) == len(accounts), "two accounts share a resource id")


def balances_say_what_they_are(driver: Driver) -> None:
    access = linked(driver)
    for account in driver.adapter.accounts(access, psu=PSU):
        for balance in driver.adapter.balances(access, account, psu=PSU):
            _exact(balance.money)
            need(balance.source_label, "a balance does not keep the bank's own word for its type")
            need(balance.as_of is None or balance.as_of.utcoffset() is not None, "a balance's moment is naive")


def transactions_are_exact_and_explained(driver: Driver) -> None:
    """Amounts are Decimals in a currency; what is filled names its place; the bank's own JSON is kept."""
    seen = 0
    for transaction in _transactions(driver, linked(driver)):
        seen += 1
        _exact(transaction.money)
        need(json.loads(transaction.raw), "a transaction does not keep the bank's own JSON")
        for name in ("booking_date", "value_date", "remittance", "balance_after", "bank_transaction_code"):
            if getattr(transaction, name):
                need(name in transaction.provenance, f"{name} does not say where it comes from")
        need("money" in transaction.provenance, "money does not say where it comes from")
    need(seen, "no transaction came back")


def signs_are_the_account_holders(driver: Driver) -> None:
    """The driver's known rows have the amounts it knows, sign included."""
    known = driver.known_amounts
    signs = {one.number > 0 for one in known.values()}
    need(signs == {True, False}, "the driver knows no row of each sign")
    found: dict[str, Money] = {}
    for transaction in _transactions(driver, linked(driver)):
        for name in (*transaction.bank_ids.values(), *transaction.remittance):
            if name in known:
                found[name] = transaction.money
    for name, expected in known.items():
        need(found.get(name) == expected, f"the known row {name!r} has not its amount and sign")


def offered_resources_are_sound(driver: Driver) -> None:
    """What the capabilities offer beside the accounts can be read, and is exact and signed as everything else is."""
    access = linked(driver)
    accounts = driver.adapter.accounts(access, psu=PSU)
    for resource in driver.adapter.capabilities.resources - {Resource.CONFIRM_FUNDS}:
        read = getattr(driver.adapter, resource.value, None)
        if read is None:
            raise NotConformant(f"{resource.value} is offered and has no method")
        answered = 0
        for account in accounts:
            try:
                rows = read(access, account, psu=PSU)
            except Refused:  # a savings account has no direct debits
                continue
            answered += 1
            for row in rows:
                need(json.loads(row.raw), f"{resource.value}: a row does not keep the bank's own JSON")
                for money in _moneys(row):
                    _exact(money)
                need(
                    all(money.number <= 0 for money in _outgoing(row)), f"{resource.value}: what leaves is not negative"
                )
        need(answered, f"{resource.value} is offered and refused for every account")


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
    access = linked(driver)
    account = driver.adapter.accounts(access, psu=PSU)[0]
    pages: list[Page] = []
    for page in _pages(driver, access, account):
        pages.append(page)
        need(len(pages) <= PAGE_LIMIT, "the pages do not end")
    need(pages and pages[-1].next is None, "the last page names a next one")
    need(all(page.next for page in pages[:-1]), "a page before the last names no next one")


def a_foreign_callback_is_refused(driver: Redirects) -> None:
    """A callback that carries another attempt's state gives no access and leads nowhere."""
    start = driver.start()
    callback = {**driver.allow(start), "state": "another-attempt"}
    _must_fail(lambda: driver.adapter.finish(start.state, callback, now=datetime.now(UTC), psu=PSU), "finish")


def a_no_at_the_bank_gives_no_access(driver: Redirects) -> None:
    start = driver.start()
    callback = driver.deny(start)
    error = _must_fail(lambda: driver.adapter.finish(start.state, callback, now=datetime.now(UTC), psu=PSU), "finish")
    need(getattr(error, "code", "") == "access_denied", "a PSU's no is not Refused with code access_denied")


def secrets_are_not_shown(driver: Driver) -> None:
    state, access = driver.start().state, linked(driver)
    for one in (state, access):
        for secret in one.data.values():
            need(not secret or secret not in repr(one), "a secret is shown in a repr")


def capabilities_are_sound(driver: Driver) -> None:
    has = driver.adapter.capabilities
    need(has.standard, "the standard has no name")
    need(has.max_history_days >= 1, "no day of history can be read")
    need(has.rules_version >= 1, "rules_version counts from 1")
    try:
        ZoneInfo(has.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise NotConformant("time_zone is not of the IANA database") from None
    if not has.pending:
        rows = _transactions(driver, linked(driver))
        need(all(row.status is not Status.PENDING for row in rows), "pending rows are shown and not promised")


def a_refreshed_access_reads_the_same(driver: Driver) -> None:
    access = linked(driver)
    before = driver.adapter.accounts(access, psu=PSU)
    fresh = kept_access(driver.adapter.refresh(access, now=datetime.now(UTC)))
    after = driver.adapter.accounts(fresh, psu=PSU)
    need([one.identifiers for one in after] == [one.identifiers for one in before], "a refresh changes the accounts")


def kept_rows_are_read_again_alike(driver: Driver) -> None:
    """An adapter with reread() makes of a kept row what it made of it on its page. No bank is asked."""
    adapter = driver.adapter
    if not isinstance(adapter, Rereads):
        return  # the hub then leaves its rows as they were first read
    access = linked(driver)
    for account in driver.adapter.accounts(access, psu=PSU):
        for page in _pages(driver, access, account):
            for row in page.transactions:
                again = adapter.reread(row.raw, row.status, account, trace=row.provenance)
                need((again.money, again.status) == (row.money, row.status), "a kept row is read otherwise")
                need(again.booking_date == row.booking_date, "a kept row has another booking date")


def revoking_ends_the_access(driver: Driver) -> None:
    """After revoke() nothing can be read, every error is ours, and a second revoke() succeeds."""
    access = linked(driver)
    account = driver.adapter.accounts(access, psu=PSU)[0]
    driver.adapter.revoke(access)
    driver.adapter.revoke(access)
    _must_fail(lambda: driver.adapter.accounts(access, psu=PSU), "accounts after revoke")
    _must_fail(partial(_read_all, driver, access, account), "transactions after revoke")


def questions_can_be_answered(driver: Answers) -> None:
    """Each Ask can be shown and answered; wrong answers are asked once more with a reason, and give no access."""
    start = kept(driver.start())
    if not isinstance(start.step, Ask):
        raise NotConformant("the driver answers, and the adapter asks nothing")
    _can_be_shown(start.step)
    wrong = driver.wrong_answers(start.step)
    try:
        again = asking(driver).advance(start.state, wrong, now=datetime.now(UTC), psu=PSU)
    except ProviderError:
        return
    if isinstance(again, Access):
        raise NotConformant("wrong answers give access")
    need(isinstance(again.step, Ask) and again.step.error, "wrong answers are not said to be wrong")
    if isinstance(again.step, Ask):
        _can_be_shown(again.step)
        shown = (again.step.error, again.step.explanation)
        need(not any(one and one in text for one in wrong.values() for text in shown), "an answer is shown again")


def _can_be_shown(ask: Ask) -> None:
    names = [field.name for field in ask.fields]
    need(all(names) and len(set(names)) == len(names), "two fields share a name, or one has none")
    for field in ask.fields:
        need(field.label, f"the field {field.name!r} has no label")
        need(field.max_length > 0, f"the field {field.name!r} takes no answer")
        need((field.kind == "choice") == bool(field.options), f"the field {field.name!r}: a choice has options")
    need(not ask.help_url or urlsplit(ask.help_url).scheme == "https", "help_url is not https")


def _bad_days(driver: Faulty) -> Iterator[tuple[FaultKind, Access, Account]]:
    for kind in _FAULTS:
        access = linked(driver)
        yield kind, access, driver.adapter.accounts(access, psu=PSU)[0]


def a_bad_day_of_the_bank_is_a_named_error(driver: Faulty) -> None:
    """Down and busy are Transient, nonsense is ContractBroken, in accounts and transactions alike."""
    for kind, access, account in _bad_days(driver):
        if kind in ("loop", "astray"):
            continue
        calls: dict[str, Callable[[], object]] = {
            "accounts": partial(driver.adapter.accounts, access, psu=PSU),
            "transactions": partial(_read_all, driver, access, account),
        }
        for name, call in calls.items():
            with driver.fault(kind):
                error = _must_fail(call, f"{name} ({kind})")
            need(isinstance(error, _FAULTS[kind]), f"{name} ({kind}): the error is a {type(error).__name__}")


def pages_that_lead_astray_are_not_followed(driver: Faulty) -> None:
    """Links to read pages and to other hosts end in ContractBroken, after the pages before were handed out."""
    for kind, access, account in _bad_days(driver):
        if kind not in ("loop", "astray"):
            continue
        with driver.fault(kind):
            reading = _pages(driver, access, account)
            need(next(reading, None), f"transactions ({kind}): the first page is lost")
            error = _must_fail(partial(_to_the_end, reading), f"transactions ({kind})")
            need(isinstance(error, _FAULTS[kind]), f"transactions ({kind}): the error is a {type(error).__name__}")


def _to_the_end(pages: Iterator[Page]) -> None:
    for number, _ in enumerate(pages):
        need(number < PAGE_LIMIT, "the pages do not end")


def what_was_never_given_cannot_be_read(driver: Driver) -> None:
    """A made-up access and a made-up account are errors of ours, not of a library."""
    access = linked(driver)
    account = driver.adapter.accounts(access, psu=PSU)[0]
    forged = replace(access, bank_consent_id="forged", data=dict.fromkeys(access.data, "forged"))
    _must_fail(lambda: driver.adapter.accounts(forged, psu=PSU), "accounts with a forged access")
    for strange in ("no-such-account", "../consents", "", "a/b?c#d"):
        other = replace(account, resource_id=strange)
        _must_fail(partial(_read_all, driver, access, other), "transactions of a strange account")


def _exact(money: Money) -> None:
    need(type(money.number) is Decimal and money.number.is_finite(), "an amount is not a finite Decimal")
    need(len(money.currency) == 3, "an amount has no ISO 4217 currency")


def _must_fail(call: Callable[[], object], what: str) -> ProviderError:
    try:
        call()
    except ProviderError as error:
        need(error.institution_id and error.step, f"{what}: the error does not name its bank and step")
        return error
    raise NotConformant(f"{what} did not fail")


Check = Callable[[Driver], None]
CHECKS: tuple[Check, ...] = (
    capabilities_are_sound,
    accounts_can_be_recognised,
    balances_say_what_they_are,
    transactions_are_exact_and_explained,
    signs_are_the_account_holders,
    offered_resources_are_sound,
    pages_end,
    kept_rows_are_read_again_alike,
    a_refreshed_access_reads_the_same,
    secrets_are_not_shown,
    revoking_ends_the_access,
    what_was_never_given_cannot_be_read,
)
# What a driver can play -> what is checked with it beside CHECKS.
MORE_CHECKS: Mapping[str, tuple[Check, ...]] = {
    "allow": cast(tuple[Check, ...], (a_foreign_callback_is_refused, a_no_at_the_bank_gives_no_access)),
    "answers": cast(tuple[Check, ...], (questions_can_be_answered,)),
    "fault": cast(tuple[Check, ...], (a_bad_day_of_the_bank_is_a_named_error, pages_that_lead_astray_are_not_followed)),
}


def checks_for(driver: Driver | type[Driver]) -> tuple[Check, ...]:
    """The checks for what the driver, or its class, can play."""
    return CHECKS + tuple(check for method, more in MORE_CHECKS.items() if _plays(driver, method) for check in more)


def _plays(driver: Driver | type[Driver], method: str) -> bool:
    return callable(getattr(driver, method, None))
