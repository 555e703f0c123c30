"""The consent screen in English. Any change here changes ``wording.WORDING_VERSION``."""

from collections.abc import Sequence
from datetime import date
from types import MappingProxyType

from consent.model import Permission
from consent.wording_en_details import adds, day_in_words, information, listed, pay, payment, takes_place
from consent.wording_form import Language, Line, Text

_ACCOUNTS = Permission.ACCOUNTS_READ
_BALANCES = Permission.BALANCES_READ
_TRANSACTIONS = Permission.TRANSACTIONS_READ
_PARTIES = Permission.PARTIES_READ
_REGULAR = Permission.REGULAR_PAYMENTS_READ
_BENEFICIARIES = Permission.BENEFICIARIES_READ
_STATEMENTS = Permission.STATEMENTS_READ
_HOLDERS = Permission.HOLDERS_READ
_PAYMENTS = Permission.PAYMENTS_WRITE

# What would betray it: a transaction may carry the balance after it, a statement the one that it closes with.
_TELLS_BALANCE = frozenset({_BALANCES, _TRANSACTIONS, _STATEMENTS})
_TELLS_SPENDING = frozenset({_TRANSACTIONS, _STATEMENTS, _REGULAR})


def _headline(client: str, sign_in: bool, reads: Sequence[str], payment: str | None) -> str:
    asks = ["sign you in"] if sign_in else []
    if reads:
        asks.append(f"see your {listed(reads)}")
    if payment:
        asks.append(f"pay {payment} for you")
    return f"{client} asks to {', and to '.join(asks)}."


def _purpose(words: str) -> str:
    return f"In their own words: “{words}”"


def _summary(
    count: int | None, accounts_concerned: bool, history_concerned: bool, since: date | None, until: date
) -> str:
    parts = []
    if accounts_concerned:
        picked = "the accounts you pick" if count is None else "1 account" if count == 1 else f"{count} accounts"
        parts.append(f"for {picked}")
    if history_concerned:
        parts.append(f"history since {day_in_words(since)}" if since else "all the history your bank gives")
    parts.append(f"until {day_in_words(until)}")
    sentence = ", ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


ENGLISH = Language(
    permissions=MappingProxyType(
        {
            Permission.SIGN_IN: Text(
                title="A way to recognise you",
                noun="sign-in",
                shows=(Line("That it is you again: a private number made for this app alone"),),
                hides=(Line("Your Rialto password, or where else you sign in"),),
            ),
            Permission.PROFILE: Text(
                title="Your name",
                noun="name",
                shows=(Line("Your name, as you gave it here"),),
                hides=(
                    Line("Your date of birth, home address or phone number", absent=frozenset({_HOLDERS})),
                    Line("Your date of birth", given=frozenset({_HOLDERS})),
                ),
            ),
            Permission.EMAIL: Text(
                title="Your email address",
                noun="email address",
                shows=(Line("Your email address, as you gave it here"),),
                hides=(Line("Your mailbox: they cannot read or send your mail"),),
            ),
            _ACCOUNTS: Text(
                title="Your accounts",
                noun="accounts",
                shows=(
                    Line("Bank, account name, type and currency"),
                    Line("The last digits of the account number", absent=frozenset({_PARTIES})),
                ),
                hides=(
                    Line("How much money you have", absent=_TELLS_BALANCE),
                    Line("What you spend or receive", absent=_TELLS_SPENDING),
                    Line("Your full account number", absent=frozenset({_PARTIES})),
                ),
            ),
            _BALANCES: Text(
                title="Your balances",
                noun="balances",
                shows=(Line("How much money is in each account you pick, now and as it changes"),),
                hides=(Line("What you spend or receive", absent=_TELLS_SPENDING),),
            ),
            _TRANSACTIONS: Text(
                title="Your transactions",
                noun="transactions",
                shows=(
                    Line("What you spent and received: amount, date, who with, and the note on it"),
                    Line("New transactions, as they come in"),
                    Line("The balance after each one, where your bank states it"),
                ),
                hides=(
                    # Not "any account number": a note is free text, and somebody may have written one into it.
                    Line("The bank details of those you pay or who pay you", absent=frozenset({_PARTIES})),
                ),
            ),
            _PARTIES: Text(
                title="Names and full account numbers",
                noun="full account numbers",
                shows=(
                    Line("The account holder's name, the full account number and the bank code (IBAN, BIC)"),
                    Line(
                        "The account numbers of people and companies you pay or who pay you",
                        given=frozenset({_TRANSACTIONS}),
                    ),
                    Line(
                        "The account numbers that your planned payments go to",
                        given=frozenset({_REGULAR}),
                        absent=frozenset({_TRANSACTIONS}),
                    ),
                    Line("The account numbers of your saved payees", given=frozenset({_BENEFICIARIES})),
                ),
                hides=(
                    Line("How much money you have", absent=_TELLS_BALANCE),
                    Line("Your cards' security codes or PINs"),
                ),
            ),
            _REGULAR: Text(
                title="Your planned payments",
                noun="planned payments",
                shows=(Line("Standing orders, direct debits and payments set for later: to whom, how much and when"),),
                hides=(
                    Line("How much money you have", absent=_TELLS_BALANCE),
                    Line("The account numbers that they go to", absent=frozenset({_PARTIES})),
                    Line("Change or stop any of them"),
                ),
            ),
            _BENEFICIARIES: Text(
                title="Your saved payees",
                noun="saved payees",
                shows=(Line("The people and companies you have saved at your bank, by name"),),
                hides=(
                    Line("The account numbers of your payees", absent=frozenset({_PARTIES})),
                    Line("Whether and what you have paid them", absent=frozenset({_TRANSACTIONS, _REGULAR})),
                ),
            ),
            _STATEMENTS: Text(
                title="Your statements",
                noun="statements",
                shows=(Line("Each statement’s dates, balances, fees and interest"),),
                hides=(Line("The single payments in it", absent=frozenset({_TRANSACTIONS})),),
            ),
            _HOLDERS: Text(
                title="Contact details at your bank",
                noun="contact details",
                shows=(Line("Name, address, email and phone of everybody who holds the account"),),
                hides=(
                    Line("How much money you have", absent=_TELLS_BALANCE),
                    Line("Your account number", absent=frozenset({_PARTIES})),
                ),
            ),
            Permission.PRODUCTS_READ: Text(
                title="Your kind of account",
                noun="kind of account",
                shows=(Line("What your bank calls this kind of account"),),
                hides=(Line("How much money you have", absent=_TELLS_BALANCE),),
            ),
            _PAYMENTS: Text(
                title="One payment",
                noun="payment",
                shows=(Line("They make this one payment, from the account you pick"),),
                hides=(
                    Line("Pay a second time, another amount, or somebody else"),
                    Line("See how much money you have", absent=_TELLS_BALANCE),
                ),
            ),
        }
    ),
    limits=(
        Line("They cannot move money.", absent=frozenset({_PAYMENTS})),
        Line("No other payment can be made with this.", given=frozenset({_PAYMENTS})),
        Line("They never see your bank password."),
        Line("You can stop this at any time.", absent=frozenset({_PAYMENTS})),
        Line(
            "You can stop this until the payment is made; then only your bank can help.", given=frozenset({_PAYMENTS})
        ),
    ),
    headline=_headline,
    purpose=_purpose,
    summary=_summary,
    once="Once, from the account you pick.",
    pay=pay,
    payment=payment,
    information=information,
    adds=adds,
    takes_place=takes_place,
)
