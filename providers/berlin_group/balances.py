"""Balances of NextGenPSD2 in the hub's words, in whichever of their shapes a bank writes them. Pure.

The standard (psd2-api 1.3.11, balance) has a list of objects with balanceType and balanceAmount. Version 1.0 named the
type by the member that held the balance; some banks have one object where a list should be, put the list into another
object, or write the amount without an object around it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import partial

import msgspec

from providers import amount, dates, text
from providers.balances import balance_type
from providers.berlin_group import directions, wire
from providers.berlin_group.told import stated
from providers.errors import ContractBroken
from providers.links import following
from providers.model import Account, AccountType, Balance, Money
from providers.rows import BrokenRow, Lenient, Rows, core, envelope, rows_in, sift
from providers.rules.amounts import is_inverted
from providers.rules.profile import NO_RULES, Rules

NO_CURRENCY = "XXX"  # ISO 4217; what 1.3.11 has for an account of several currencies
_PAGE = Lenient(wire.BalancePage)
_ROW = Lenient(wire.BalanceRow)
_AMOUNT = Lenient(wire.Amount, loosely=True)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LISTED = msgspec.json.Decoder(list[msgspec.Raw])
_LISTS = frozenset(
    {
        "balances",
        "balance",
        "accountbalances",
        "account",
        "data",
        "content",
        "payload",
        "response",
        "result",
        "embedded",
    }
)
_OF_A_ROW = frozenset({"balanceamount", "amount", "value", "balancetype", "balance"})
_MOST_WRAPPED = 3
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def balances(
    body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC
) -> Rows[Balance]:
    """readAccountBalanceResponse-200. A sub-account of a multicurrency account comes as a balance in its currency.
    Raises ContractBroken where nothing is a balance or a list of them."""
    body = b'{"balances":%s}' % body if body.lstrip()[:1] == b"[" else body
    page = envelope(_PAGE, body)
    given = (page.balances, page.account_balances, page.balance)
    listed = next((one for one in given if one is not wire.NOTHING), None)
    if listed is None:
        listed = msgspec.Raw(msgspec.json.encode(envelope(_MEMBERS, body)))
    rows = _all(listed)
    if not rows and not _is_empty(listed):
        raise ContractBroken("no list of balances", raw=body)
    kind = account.type if account else AccountType.OTHER
    turned = directions.is_turned(page.debit_accounting, account)
    inverted = is_inverted(rules.balances.inverted, kind)
    currency = _currency_of(account.currency if account else "")
    make = partial(_balance, zone=zone, turned=turned, inverted=inverted, currency=currency)
    found, rejected = sift(rows, _ROW.of_page(rows), make)
    return Rows(found, rejected, following(page.links or page.plain_links))


def of_account(
    account: wire.AccountRow, currency: str, kind: AccountType, *, rules: Rules, zone: tzinfo
) -> tuple[Balance, ...]:
    """The balances that came with an account; what cannot be read of them is left out."""
    rows = _all(account.balances)
    turned, inverted = account.debit_accounting is True, is_inverted(rules.balances.inverted, kind)
    make = partial(_balance, zone=zone, turned=turned, inverted=inverted, currency=_currency_of(currency))
    return sift(rows, _ROW.of_page(rows), make)[0]


def _all(listed: msgspec.Raw) -> list[msgspec.Raw]:
    """None where it is neither an object nor a list."""
    try:
        return list(_rows(listed))
    except _UNREADABLE:
        return []


def _rows(raw: msgspec.Raw, depth: int = 0) -> Iterator[msgspec.Raw]:
    """Raises what a decoder raises for what is neither an object nor a list."""
    if raw is wire.NOTHING or bytes(raw) == b"null":
        return
    if bytes(raw)[:1] == b"[":
        for one in rows_in(_LISTED.decode(raw)):
            yield from _named(one) if bytes(one)[:1] == b"{" else [one]
        return
    members = _MEMBERS.decode(raw)
    inside = [value for name, value in members.items() if core(name) in _LISTS and bytes(value)[:1] in {b"[", b"{"}]
    is_row = bool({"balanceamount", "amount", "balancetype"} & {core(name) for name in members})
    if inside and depth < _MOST_WRAPPED and not is_row:
        yield from _rows(next((one for one in inside if bytes(one)[:1] == b"["), inside[0]), depth + 1)
    else:
        yield from _named(raw)


def _named(raw: msgspec.Raw) -> Iterator[msgspec.Raw]:
    """A row as it is, or as many as there are members that are named by a type and hold a balance (1.0)."""
    try:
        members = _MEMBERS.decode(raw)
    except _UNREADABLE:
        yield raw  # one broken row costs one row: whoever makes balances of them sets it aside
        return
    if not members:
        return
    is_row = bool(_OF_A_ROW & {core(name) for name in members})
    if is_row or any(bytes(one)[:1] != b"{" or bytes(one) == b"{}" for one in members.values()):
        yield raw
        return
    for name, one in members.items():
        yield msgspec.Raw(b'{"balanceType":%s,%s' % (msgspec.json.encode(name), bytes(one)[1:]))


def _is_empty(listed: msgspec.Raw) -> bool:
    """Whether the bank says that there are none."""
    return bytes(listed).strip(b"[]{} \t\r\n") in {b"", b"null"}


def _currency_of(account: str) -> str:
    return "" if account == NO_CURRENCY else account


def _balance(row: wire.BalanceRow, _: bytes, *, zone: tzinfo, turned: bool, inverted: bool, currency: str) -> Balance:
    """``currency`` is the account's, for an amount that names none. ``turned``: positive is owed, where the balance
    does not say itself which it is; ``inverted``: in any case."""
    label = text.clean(_word(row.balance_type) or _word(row.type)) or ""
    given = _amount(row)
    number, named = stated(given, "balanceAmount")
    directions.must_be_read((*row.unread, *given.unread), number)
    word = row.credit_debit_indicator or given.credit_debit_indicator or row.debit_credit_indicator
    way = directions.direction(word, number)
    if number > 0 and way == -1:
        number = number.copy_negate()
    if (inverted or (turned and way is None)) and number:
        number = number.copy_negate()
    currency = named or (text.word(row.currency) or currency).upper()
    return Balance(
        type=balance_type(label),
        money=amount.money(number, currency, "balanceAmount.currency"),
        as_of=_as_of(row, zone),
        credit_line_included=_yes_or_no(row.credit_limit_included),
        source_label=label,
        credit_limit=_limit(row.credit_limit, currency) if row.credit_limit is not None else None,
    )


def _amount(row: wire.BalanceRow) -> wire.Amount:
    for given in (row.balance_amount, row.amount, row.balance, row.value):
        raw = _only(given)
        if raw is not wire.NOTHING and bytes(raw) != b"null":
            return _AMOUNT.decode(bytes(raw)) if bytes(raw)[:1] == b"{" else wire.Amount(amount=raw)
    raise BrokenRow("balanceAmount is missing")


def _only(raw: msgspec.Raw) -> msgspec.Raw:
    """What a list of one holds."""
    listed = _LISTED.decode(raw) if bytes(raw)[:1] == b"[" else ()
    return listed[0] if len(listed) == 1 else raw


def _word(given: wire.TypeName | str | None) -> str | None:
    return given.code or given.proprietary if isinstance(given, wire.TypeName) else given


def _yes_or_no(given: bool | str | None) -> bool | None:
    return {"true": True, "false": False}.get(given.strip().lower()) if isinstance(given, str) else given


def _as_of(row: wire.BalanceRow, zone: tzinfo) -> datetime | None:
    for field, given in (
        ("lastChangeDateTime", row.last_change_date_time),
        ("lastActionDateTime", row.last_action_date_time),
        ("referenceDate", row.reference_date),
        ("date", row.date),
    ):
        try:
            found = dates.moment(given, field, zone=zone)
        except BrokenRow:
            continue
        if found is not None:
            return found
    return None


def _limit(given: wire.Amount, currency: str) -> Money | None:
    try:
        number, named = stated(given, "creditLimit")
        return amount.money(number.copy_abs(), named or currency, "creditLimit.currency")
    except BrokenRow:
        return None
