"""authorization_details and what becomes of an older consent, in English. Changes as ``wording_en`` does."""

from collections.abc import Sequence
from datetime import date, tzinfo

from consent.account_number import AccountNumber, Scheme
from consent.details import AccountId, AccountInformation, AccountReference, PaymentInitiation
from consent.model import HISTORY_PERMISSIONS
from consent.wording_form import DetailText, Fact, unquoted

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_in_words(day: date) -> str:
    # By hand: strftime's month names follow the machine's locale, and a receipt must not.
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def pay(detail: PaymentInitiation | None) -> str:
    """``12.50 EUR to “Merchant A”``: the name is the client's word for it, and stands in quotes as such."""
    return "one amount" if detail is None else f"{_amount(detail)} to “{unquoted(detail.creditor_name)}”"


def payment(detail: PaymentInitiation) -> DetailText:
    """``Pay 12.50 EUR to “Merchant A” (DE02 1001 0010 9307 1186 03) on 1 Mar 2026``, and its terms one by one."""
    when = "at once" if detail.requested_date is None else f"on {day_in_words(detail.requested_date)}"
    facts = [
        Fact("Amount", _amount(detail)),
        Fact("To", detail.creditor_name),
        Fact("Their account", _number(detail.creditor_account)),
        Fact("From", "The account you pick" if detail.debtor_account is None else _account(detail.debtor_account)),
        *([Fact("Note", detail.remittance)] if detail.remittance else []),
        Fact("When", when[0].upper() + when[1:]),
        Fact("How often", "Once"),
    ]
    return DetailText(f"Pay {pay(detail)} ({detail.creditor_account.spaced}) {when}", tuple(facts))


def information(detail: AccountInformation, nouns: Sequence[str], zone: tzinfo) -> DetailText:
    """``See your balances and transactions since 1 Jan 2026, until 31 Dec 2026``, and the wishes one by one."""
    title = f"See your {listed(nouns)}"
    facts = []
    if detail.accounts:
        facts.append(Fact("Accounts it would like", "; ".join(map(_account, detail.accounts))))
    if detail.history_from is not None:
        title += f" since {day_in_words(detail.history_from)}"
        facts.append(Fact("History", f"Since {day_in_words(detail.history_from)}"))
    elif detail.permissions & HISTORY_PERMISSIONS:
        facts.append(Fact("History", "As far back as you allow"))
    if detail.valid_until is not None:
        last = day_in_words(detail.valid_until.astimezone(zone).date())
        title += f", until {last}"
        facts.append(Fact("Until", last))
    return DetailText(title, tuple(facts))


def adds(given: date, nouns: Sequence[str]) -> str:
    return (
        f"This adds to what you allowed on {day_in_words(given)} ({listed(nouns)}). "
        "All of that stays, and ends together with what you allow now."
    )


def takes_place(given: date, nouns: Sequence[str]) -> str:
    return (
        f"This takes the place of what you allowed on {day_in_words(given)} ({listed(nouns)}). "
        "Whatever you do not allow again ends."
    )


def _amount(detail: PaymentInitiation) -> str:
    return f"{detail.amount:,f} {detail.currency}"


def _account(account: AccountReference) -> str:
    return "An account that it knows already" if isinstance(account, AccountId) else _number(account)


def _number(number: AccountNumber) -> str:
    return f"IBAN {number.spaced}" if number.scheme is Scheme.IBAN else f"Sort code and account {number.spaced}"
