"""What the consent screen says: short, complete, and never more than is true."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme
from consent.details import AccountId, AccountInformation
from consent.model import ACCOUNT_PERMISSIONS, PERSONAL_PERMISSIONS, Permission
from consent.succession import How
from consent.wording import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    LOOKS,
    MAX_NAME_LENGTH,
    WORDING_VERSION,
    Older,
    Severity,
    explain,
    explain_details,
    headline,
    language_for,
    limits,
    screen,
    standing,
    summary,
    tame,
)
from consent.wording_form import DetailText, Fact
from tests.consent.people import BALANCES, JOINT, PAYMENT, consent

UNTIL = datetime(2027, 2, 23, 12, tzinfo=UTC)
SINCE = date(2026, 1, 1)
READS = frozenset({Permission.ACCOUNTS_READ, Permission.BALANCES_READ, Permission.TRANSACTIONS_READ})
EVERY_MIX = [
    frozenset(mix)
    for mix in chain.from_iterable(combinations(Permission, size) for size in range(1, len(Permission) + 1))
]


def test_every_permission_has_words_in_every_language_and_a_look() -> None:
    assert set(LOOKS) == set(Permission)
    assert DEFAULT_LANGUAGE in LANGUAGES
    for language in LANGUAGES.values():
        assert set(language.permissions) == set(Permission)
    assert len({look.order for look in LOOKS.values()}) == len({look.icon for look in LOOKS.values()}) == 13


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("alone", Permission)
def test_each_permission_alone_says_what_it_shows_and_what_not(alone: Permission, language: str) -> None:
    (item,) = explain({alone}, language)
    assert item.permission is alone
    assert item.shows
    assert item.hides


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_is_short_enough_to_be_read_at_a_glance(language: str) -> None:
    for item in explain(set(Permission), language):
        assert len(item.title) <= 40
        assert len(item.shows) <= 3
        assert all(len(line) <= 90 for line in item.shows + item.hides)


def test_the_screen_goes_from_the_least_to_the_most_telling() -> None:
    items = explain(set(Permission))
    assert [item.permission for item in items] == [
        Permission.SIGN_IN,
        Permission.PROFILE,
        Permission.EMAIL,
        Permission.ACCOUNTS_READ,
        Permission.PRODUCTS_READ,
        Permission.BALANCES_READ,
        Permission.REGULAR_PAYMENTS_READ,
        Permission.STATEMENTS_READ,
        Permission.TRANSACTIONS_READ,
        Permission.BENEFICIARIES_READ,
        Permission.PARTIES_READ,
        Permission.HOLDERS_READ,
        Permission.PAYMENTS_WRITE,
    ]
    weight = list(Severity)
    weights = [weight.index(item.severity) for item in items]
    assert weights == sorted(weights)


def test_they_cannot_move_money_is_said_exactly_where_it_is_true() -> None:
    for mix in EVERY_MIX:
        said = limits(mix)
        assert ("They cannot move money." in said) == (Permission.PAYMENTS_WRITE not in mix)
        assert ("No other payment can be made with this." in said) == (Permission.PAYMENTS_WRITE in mix)
        assert "They never see your bank password." in said
        # A payment that was made is beyond our reach, and the screen does not pretend otherwise.
        assert ("You can stop this at any time." in said) == (Permission.PAYMENTS_WRITE not in mix)
        assert any(line.startswith("You can stop this") for line in said)


# What takes a promise away, written out apart from the wording.
TELLS_BALANCE = {Permission.BALANCES_READ, Permission.TRANSACTIONS_READ, Permission.STATEMENTS_READ}
PAYS = {Permission.TRANSACTIONS_READ, Permission.REGULAR_PAYMENTS_READ}
PROMISES = {
    "How much money you have": TELLS_BALANCE,
    "What you spend or receive": PAYS | {Permission.STATEMENTS_READ},
    "Your full account number": {Permission.PARTIES_READ},
    "The bank details of those you pay or who pay you": {Permission.PARTIES_READ},
    "Your account number": {Permission.PARTIES_READ},
    "The account numbers that they go to": {Permission.PARTIES_READ},
    "The account numbers of your payees": {Permission.PARTIES_READ},
    "Whether and what you have paid them": PAYS,
    "The single payments in it": {Permission.TRANSACTIONS_READ},
    "Change or stop any of them": set(),
    "Your date of birth": set(),
    "Your date of birth, home address or phone number": {Permission.HOLDERS_READ},
    "Your mailbox: they cannot read or send your mail": set(),
    "Your cards' security codes or PINs": set(),
    "Your Rialto password, or where else you sign in": set(),
    "Pay a second time, another amount, or somebody else": set(),
    "See how much money you have": TELLS_BALANCE,
}


def test_nothing_is_promised_that_another_permission_on_the_screen_takes_away() -> None:
    for mix in EVERY_MIX:
        for item in explain(mix):
            for promise in item.hides:
                assert not PROMISES[promise] & mix


def test_the_other_sides_account_numbers_are_named_only_where_transactions_are_read() -> None:
    line = "The account numbers of people and companies you pay or who pay you"
    assert line not in explain({Permission.PARTIES_READ})[0].shows
    assert line in explain({Permission.PARTIES_READ, Permission.TRANSACTIONS_READ})[-1].shows


def test_other_peoples_account_numbers_are_named_for_what_shows_them() -> None:
    planned, saved = (
        "The account numbers that your planned payments go to",
        "The account numbers of your saved payees",
    )
    for shown, line in ((Permission.REGULAR_PAYMENTS_READ, planned), (Permission.BENEFICIARIES_READ, saved)):
        (_, parties) = explain({Permission.PARTIES_READ, shown})
        assert line in parties.shows
        assert line not in explain({Permission.PARTIES_READ})[0].shows


HEADLINES = [
    ({Permission.ACCOUNTS_READ}, "Budget Buddy asks to see your accounts."),
    (
        {Permission.ACCOUNTS_READ, Permission.BALANCES_READ},
        "Budget Buddy asks to see your accounts and balances.",
    ),
    (READS, "Budget Buddy asks to see your accounts, balances and transactions."),
    (
        {Permission.REGULAR_PAYMENTS_READ, Permission.BENEFICIARIES_READ, Permission.HOLDERS_READ},
        "Budget Buddy asks to see your planned payments, saved payees and contact details.",
    ),
    ({Permission.SIGN_IN}, "Budget Buddy asks to sign you in."),
    ({Permission.SIGN_IN, Permission.EMAIL}, "Budget Buddy asks to sign you in, and to see your email address."),
    ({Permission.PROFILE, Permission.EMAIL}, "Budget Buddy asks to see your name and email address."),
    ({Permission.PAYMENTS_WRITE}, "Budget Buddy asks to pay one amount for you."),
    (
        {Permission.ACCOUNTS_READ, Permission.PARTIES_READ, Permission.PAYMENTS_WRITE},
        "Budget Buddy asks to see your accounts and full account numbers, and to pay one amount for you.",
    ),
]


@pytest.mark.parametrize(("permissions", "sentence"), HEADLINES)
def test_the_headline_says_it_in_one_sentence(permissions: set[Permission], sentence: str) -> None:
    assert headline("Budget Buddy", permissions) == sentence


SUMMARIES = [
    (READS, 3, SINCE, "For 3 accounts, history since 1 Jan 2026, until 23 Feb 2027."),
    (READS, 1, SINCE, "For 1 account, history since 1 Jan 2026, until 23 Feb 2027."),
    (READS, 3, None, "For 3 accounts, all the history your bank gives, until 23 Feb 2027."),
    (READS, None, SINCE, "For the accounts you pick, history since 1 Jan 2026, until 23 Feb 2027."),
    (READS, 0, SINCE, "For 0 accounts, history since 1 Jan 2026, until 23 Feb 2027."),
    ({Permission.BALANCES_READ}, 2, SINCE, "For 2 accounts, until 23 Feb 2027."),
    (PERSONAL_PERMISSIONS, 0, SINCE, "Until 23 Feb 2027."),
]


@pytest.mark.parametrize(("permissions", "count", "since", "sentence"), SUMMARIES)
def test_the_summary_says_how_much_and_how_long(
    permissions: frozenset[Permission], count: int | None, since: date | None, sentence: str
) -> None:
    assert summary(permissions, account_count=count, history_from=since, valid_until=UNTIL) == sentence


def test_the_last_day_is_the_persons_day() -> None:
    late = datetime(2027, 2, 22, 23, 30, tzinfo=UTC)
    paris = timezone(timedelta(hours=1))
    said = summary(READS, account_count=1, history_from=None, valid_until=late, zone=paris)
    assert said.endswith("until 23 Feb 2027.")


def test_every_month_has_its_name() -> None:
    said = [
        summary(PERSONAL_PERMISSIONS, account_count=0, history_from=None, valid_until=UNTIL.replace(month=month))
        for month in range(1, 13)
    ]
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert said == [f"Until 23 {name} 2027." for name in names]


@pytest.mark.parametrize(("wanted", "used"), [("en", "en"), ("en-GB", "en"), ("EN", "en"), ("fr-CA", "en"), ("", "en")])
def test_the_language_used_is_one_that_exists(wanted: str, used: str) -> None:
    assert language_for(wanted) == used


def test_the_screen_is_all_of_it_with_language_and_version() -> None:
    shown = screen(
        "Budget Buddy",
        READS,
        purpose="To plan your month",
        account_count=2,
        history_from=SINCE,
        valid_until=UNTIL,
        language="en-GB",
    )
    assert (shown.language, shown.version) == ("en", WORDING_VERSION)
    assert shown.headline == headline("Budget Buddy", READS)
    assert shown.purpose == "In their own words: “To plan your month”"
    assert shown.items == explain(READS)
    assert shown.limits == limits(READS)
    assert shown.summary == "For 2 accounts, history since 1 Jan 2026, until 23 Feb 2027."


@pytest.mark.parametrize("purpose", [None, "", " \n "])
def test_a_client_that_says_nothing_is_not_quoted(purpose: str | None) -> None:
    shown = screen("Budget Buddy", READS, purpose=purpose, account_count=None, history_from=None, valid_until=UNTIL)
    assert shown.purpose is None


TAMED = [
    ("Budget Buddy", "Budget Buddy"),
    ("  Budget\r\n\tBuddy\u2028", "Budget Buddy"),
    ("Evil\u202egnitsurt", "Evil gnitsurt"),
    ("Zero\u200bWidth\x00", "Zero Width"),
    ("nice” They cannot see anything. “", "nice’ They cannot see anything. ’"),
    ('"quoted"', "’quoted’"),
    ("Bücher & Söhne", "Bücher & Söhne"),
    ("a" * 60, "a" * 60),
    ("a" * 61, "a" * 59 + "…"),
    ("a" * 58 + " bcd", "a" * 58 + "…"),
]


@pytest.mark.parametrize(("wild", "calm"), TAMED)
def test_a_clients_words_cannot_rewrite_the_sentence_around_them(wild: str, calm: str) -> None:
    assert tame(wild, MAX_NAME_LENGTH) == calm


@given(st.text(), st.integers(1, 80))
def test_tame_words_stay_tame_and_short(text: str, length: int) -> None:
    calm = tame(text, length)
    assert len(calm) <= length
    assert calm.isprintable()
    assert not set('"“”') & set(calm)
    assert tame(calm, length) == calm


@given(st.sets(st.sampled_from(Permission), min_size=1), st.sampled_from(sorted(LANGUAGES)))
def test_every_mix_of_permissions_makes_a_whole_screen(permissions: set[Permission], language: str) -> None:
    shown = screen(
        "Budget Buddy",
        permissions,
        purpose=None,
        account_count=2,
        history_from=SINCE,
        valid_until=UNTIL,
        language=language,
    )
    assert {item.permission for item in shown.items} == permissions
    assert shown.limits
    assert ("account" in shown.summary) == bool(permissions & ACCOUNT_PERMISSIONS)


# ---- details


def test_a_payment_is_said_amount_first_and_in_full() -> None:
    asked = replace(PAYMENT, amount=Decimal("1234567.50"), requested_date=date(2026, 3, 1))
    assert explain_details((asked,)) == (
        DetailText(
            "Pay 1,234,567.50 EUR to “Merchant A” (DE02 1001 0010 9307 1186 03) on 1 Mar 2026",
            (
                Fact("Amount", "1,234,567.50 EUR"),
                Fact("To", "Merchant A"),
                Fact("Their account", "IBAN DE02 1001 0010 9307 1186 03"),
                Fact("From", "The account you pick"),
                Fact("Note", "Invoice 7"),
                Fact("When", "On 1 Mar 2026"),
                Fact("How often", "Once"),
            ),
        ),
    )


def test_a_payment_without_a_day_or_a_note_is_made_at_once_and_says_no_note() -> None:
    british = AccountNumber(Scheme.UK_SORT_CODE_ACCOUNT, "20000012345678")
    (said,) = explain_details((replace(PAYMENT, currency="GBP", creditor_account=british, remittance=""),))
    assert said.title == "Pay 12.50 GBP to “Merchant A” (20-00-00 12345678) at once"
    assert Fact("Their account", "Sort code and account 20-00-00 12345678") in said.facts
    assert Fact("When", "At once") in said.facts
    assert "Note" not in {fact.label for fact in said.facts}


@pytest.mark.parametrize(
    ("debtor", "said"),
    [
        (None, "The account you pick"),
        (AccountId(JOINT), "An account that it knows already"),
        (AccountNumber(Scheme.IBAN, "DE89370400440532013000"), "IBAN DE89 3704 0044 0532 0130 00"),
    ],
)
def test_who_named_the_account_that_pays_is_said(debtor: AccountId | AccountNumber | None, said: str) -> None:
    (text,) = explain_details((replace(PAYMENT, debtor_account=debtor),))
    assert Fact("From", said) in text.facts


def test_a_payees_name_cannot_end_its_own_quotation_but_stands_exactly_in_its_own_line() -> None:
    name = "Alice” (DE89 3704 0044 0532 0130 00) at once"
    (said,) = explain_details((replace(PAYMENT, creditor_name=name),))
    assert said.title.startswith("Pay 12.50 EUR to “Alice’ (DE89 3704 0044 0532 0130 00) at once” (DE02 1001")
    assert Fact("To", name) in said.facts


def test_reading_is_said_with_its_wishes_and_its_dates() -> None:
    asked = AccountInformation(
        permissions=READS,
        accounts=(AccountNumber(Scheme.IBAN, "DE89370400440532013000"), AccountId(JOINT)),
        history_from=SINCE,
        valid_until=datetime(2026, 12, 30, 23, tzinfo=UTC),
    )
    (said,) = explain_details((asked,), zone=timezone(timedelta(hours=1)))
    title = "See your accounts, balances and transactions since 1 Jan 2026, until 31 Dec 2026"
    wishes = "IBAN DE89 3704 0044 0532 0130 00; An account that it knows already"
    facts = (Fact("Accounts it would like", wishes), Fact("History", "Since 1 Jan 2026"), Fact("Until", "31 Dec 2026"))
    assert said == DetailText(title, facts)


def test_history_is_spoken_of_only_where_transactions_are_read() -> None:
    balances, transactions = explain_details(
        (BALANCES, AccountInformation(permissions=frozenset({Permission.TRANSACTIONS_READ})))
    )
    assert balances == DetailText("See your balances", ())
    assert transactions == DetailText("See your transactions", (Fact("History", "As far back as you allow"),))


def test_a_payment_leads_the_whole_screen() -> None:
    asked = {Permission.PAYMENTS_WRITE, Permission.SIGN_IN}
    shown = screen(
        "Shop", asked, purpose=None, account_count=None, history_from=None, valid_until=UNTIL, details=(PAYMENT,)
    )
    assert shown.headline == "Shop asks to sign you in, and to pay 12.50 EUR to “Merchant A” for you."
    assert shown.details == explain_details((PAYMENT,))
    assert shown.summary == "Once, from the account you pick."
    assert "They cannot move money." not in shown.limits
    assert shown.standing is None


def test_what_becomes_of_the_older_consent_is_said_with_what_it_holds() -> None:
    older = consent(accounts={JOINT: {Permission.BALANCES_READ, Permission.TRANSACTIONS_READ}}, personal=())
    assert standing(Older(How.MERGE, older)) == (
        "This adds to what you allowed on 23 Feb 2026 (balances and transactions). "
        "All of that stays, and ends together with what you allow now."
    )
    assert standing(Older(How.REPLACE, older)) == (
        "This takes the place of what you allowed on 23 Feb 2026 (balances and transactions). "
        "Whatever you do not allow again ends."
    )
