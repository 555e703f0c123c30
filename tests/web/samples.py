"""Every page twice: rich, as Alice would see it, and as bare as a page can be. Also renders them, without Flask.

``python -m tests.web.samples DIR`` writes them all to DIR with the static files, to be looked at in a browser.
"""

import shutil
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from hub.web import charts, format
from hub.web import viewmodels as v
from hub.web.present import problems
from providers.model import Money
from tests.web import (
    samples_accounts,
    samples_decoupled,
    samples_developers,
    samples_events,
    samples_factors,
    samples_imports,
    samples_notifications,
)

WEB = Path(format.__file__).parent
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ALICE = v.Viewer("Alice Moro", "alice@example.org")
EVIL = '"><script>alert(1)</script>'


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(WEB / "templates"), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    env.filters.update(format.FILTERS | charts.FILTERS)
    return env


def render(name: str, page: Any, viewer: v.Viewer | None = ALICE, flashes: tuple[v.Flash, ...] = ()) -> str:
    template = environment().get_template(name)
    return template.render(page=page, viewer=viewer, flashes=flashes, now=NOW, csrf_token="token-of-the-form")


def eur(number: str) -> Money:
    return Money(Decimal(number), "EUR")


def gbp(number: str) -> Money:
    return Money(Decimal(number), "GBP")


ALBION = v.Bank("albion", "Albion Bank", "#7a1f3d", "GB")
CASSA = v.Bank("cassa", "Cassa di San Polo", "#e0b040", "IT")
NORD = v.Bank("nord", "Nordlicht Bank", "#1d4e89", "DE")
LISTED = v.DirectoryRow(CASSA, "Italy", "Berlin Group 1.3", "unverified", False, ("current accounts", "cards"))
BUDGET = v.App("client-7f3a", "Lagoon Budget", "https://budget.example/start")
LEDGERLY = v.App(
    "client-91bb",
    "Ledgerly",
    "https://ledgerly.example",
    verified=True,
    vouched_by="Lagoon Directory",
    policy="https://ledgerly.example/privacy",
    terms="https://ledgerly.example/terms",
)

SALARY = v.AccountRow(
    "a1",
    "Everyday",
    format.masked("GB33BUKB20201555555555"),
    "Current account",
    gbp("2418.07"),
    NOW - timedelta(minutes=4),
)
SAVINGS = v.AccountRow("a2", "Rainy day", "•••• 5678", "Savings", gbp("11250.00"), NOW - timedelta(minutes=4))
CONTO = v.AccountRow(
    "a3", "Conto corrente", "IT•• •••• 3456", "Current account", eur("-132.40"), NOW - timedelta(hours=7)
)
CARD = v.AccountRow("a4", "Carta", "•••• 0042", "Card", None, None)


def row(number: str, name: str, detail: str, money: Money, days: int | None, **more: Any) -> v.TransactionRow:
    booked = None if days is None else (NOW - timedelta(days=days)).date()
    return v.TransactionRow(number, booked, name, detail, money, is_pending=days is None, **more)


ROWS = (
    row("t1", "Traghetto San Tomà", "Card payment", eur("-2.00"), None, account_name="Carta", bank=CASSA),
    row("t2", "Harbour & Sons Ltd", "Salary November", gbp("3120.55"), 0, account_name="Everyday", bank=ALBION),
    row("t3", "Bob Moro", "half of the rent", gbp("610.00"), 1, account_name="Everyday", bank=ALBION),
    row(
        "t4",
        "Rialto Fish Market, a name that is a good deal longer than a phone is wide",
        "Card payment",
        eur("-48.30"),
        1,
        account_name="Conto corrente",
        bank=CASSA,
    ),
    row(
        "t5",
        "Water and Light Company",
        "Invoice 2026-1187",
        eur("-84.10"),
        5,
        account_name="Conto corrente",
        bank=CASSA,
    ),
    row("t6", "Albion Bank", "Correction", gbp("0.00"), 330, account_name="Everyday", bank=ALBION),
)


def series(currency: str, start: int, moves: tuple[tuple[int, int], ...]) -> v.BalanceSeries:
    """90 days that begin at ``start``; each move is (day, change)."""
    first, total, points = date(2026, 8, 25), Decimal(start), []
    for number in range(91):
        total += sum(change for on, change in moves if on == number)
        points.append((first + timedelta(days=number), total - Decimal(number % 30) * 21))
    return v.BalanceSeries(currency, tuple(points))


HOME = v.HomePage(
    totals=(gbp("13668.07"), eur("-132.40")),
    banks=(
        v.BankCard("c1", ALBION, v.ConnectionState.READY, (SALARY, SAVINGS)),
        v.BankCard("c2", CASSA, v.ConnectionState.NEEDS_PSU, (CONTO, CARD), "Its permission ended on 20 November."),
        v.BankCard("c3", NORD, v.ConnectionState.SYNCING),
        v.BankCard(
            "c4", v.Bank("x", "Mercantile", "red;}"), v.ConnectionState.FAILING, (), "It has not answered since 07:10."
        ),
    ),
    spent=(
        v.Spent("Housing", gbp("900"), 100),
        v.Spent("Food and drink", gbp("312.40"), 34),
        v.Spent("Energy, water, phone", gbp("95"), 10),
        v.Spent("Travel", eur("80.50"), 100),
    ),
    series=(
        series("GBP", 9100, ((2, 3100), (9, -700), (33, 3100), (41, -1200), (63, 3100), (70, -900), (89, 3120))),
        series("EUR", 420, ((10, -200), (33, 900), (60, -900))),
    ),
    transactions=ROWS,
)

LEDGER = v.LedgerPage(
    SALARY,
    "c1",
    ALBION,
    balances=(
        v.TypedBalance("Available now", "ITAV", gbp("2418.07"), NOW - timedelta(minutes=4)),
        v.TypedBalance("Booked", "ITBD", gbp("2466.37"), NOW - timedelta(minutes=4)),
    ),
    transactions=ROWS,
    filter=v.TransactionFilter(
        q='rent "half"',
        date_from="2026-11-01",
        amount_min="x",
        direction="in",
        errors={"min": "Type an amount, like 12.50"},
    ),
    pager=v.Pager("cursor=abc&q=rent", "cursor=def&q=rent"),
    history_since=date(2024, 11, 23),
)
PLANNED = v.Planned(
    rows=(
        v.PlannedRow(
            "Water and Light Company", "Direct debit · every month", date(2026, 11, 21), None, last=gbp("-84.10")
        ),
        v.PlannedRow(
            "Landlord & Sons, a name that is a good deal longer than a phone is wide",
            "Standing order · every month on the 1st · rent of the flat in the High Street, paid in advance",
            date(2026, 12, 1),
            gbp("-1250.00"),
        ),
        v.PlannedRow("Gwyn Window Cleaning", "Set for later · WINDOW CLEANER", date(2026, 12, 3), gbp("-24.00")),
        v.PlannedRow("Rowing Club", "Standing order · every year", None, gbp("-180.00"), note="Suspended"),
        v.PlannedRow("Gym", "Direct debit"),
    ),
    over=(
        v.PlannedRow(
            "Old Landlord",
            "Standing order · every month on the last day",
            None,
            gbp("-1100.00"),
            note="Last shown on 3 Nov 2026",
        ),
    ),
    missing=("payments set for later",),
    read_at=NOW - timedelta(hours=5),
)
ABOUT = v.AboutAccount(
    product="Everyday Plus",
    holders=(
        v.HolderRow(
            "Alice Moro", "Principal", ("1 High Street, Bath, BA1 1AA, GB", "alice@example.org", "+44 7700 900000")
        ),
        v.HolderRow("Bob Moro", "Secondary owner"),
    ),
    payees=(
        v.PayeeRow("Bob Moro", "990019 12345678", "BOB"),
        v.PayeeRow("Landlord & Sons", "GB33BUKB20201555555555", "Trusted: may be paid without a second proof"),
    ),
    statements=(
        v.StatementRow("1 Oct 2026 to 31 Oct 2026", (("Closing balance", gbp("2101.12")), ("Fees", gbp("-3.00")))),
        v.StatementRow("1 Sep 2026 to 30 Sep 2026"),
    ),
)
PLANNED_LEDGER = replace(
    LEDGER, planned=PLANNED, about=ABOUT, filter=v.TransactionFilter(), pager=v.Pager(older="cursor=def")
)

SEE = (
    v.PermissionText("accounts", "See the accounts you tick", "Their names, numbers and kind.", "card"),
    v.PermissionText(
        "balances",
        "See their balances",
        "What is there now and what is available.",
        "balance",
        ("Refreshed a few times a day.",),
    ),
    v.PermissionText(
        "transactions",
        "See their transactions",
        "Dates, amounts, who paid whom, and the text.",
        "list",
        ("Only from the day you choose below.",),
    ),
)
FINE = (
    v.Choice("accounts", "Name and number", checked=True),
    v.Choice("balances", "Balances", checked=True),
    v.Choice("transactions", "Transactions", checked=True),
)
CONSENT_REQUEST = v.ConsentRequestPage(
    "r1",
    BUDGET,
    "Lagoon Budget asks to see your accounts",
    SEE,
    purpose="In their own words: “We sort your spending into envelopes and warn you before one is empty.”",
    never=(
        "They cannot move money.",
        "They never see your bank password.",
        "You can stop this at any time.",
    ),
    banks=(
        v.ConsentBank(ALBION, (v.ConsentAccount(SALARY, True, FINE), v.ConsentAccount(SAVINGS, False, FINE))),
        v.ConsentBank(CASSA, (v.ConsentAccount(CONTO, False, FINE), v.ConsentAccount(CARD, False, FINE[:1]))),
    ),
    history=(
        v.Choice("90", "90 days", checked=True),
        v.Choice("365", "12 months"),
        v.Choice("all", "Everything"),
        v.Choice("asked", "Since 1 January", "as the app asked"),
    ),
    durations=(
        v.Choice("30", "30 days", "23 December 2026"),
        v.Choice("90", "90 days", "21 February 2027", True),
        v.Choice("180", "180 days", "22 May 2027"),
    ),
    returns_to="budget.example",
    connect_path="/connect?next=%2Fconsent%2Fr1",
)
PAYMENT_REQUEST = v.ConsentRequestPage(
    "r3",
    LEDGERLY,
    "Ledgerly asks to pay 1,230.50 EUR to “Squero di San Trovaso” for you.",
    (v.PermissionText("payments:write", "One payment", "They make this one payment.", "pay", ("Pay a second time.",)),),
    never=("No other payment can be made with this.",),
    banks=(v.ConsentBank(CASSA, (v.ConsentAccount(CONTO, False, (v.Choice("payments:write", "One payment"),)),)),),
    returns_to="ledgerly.example",
    is_payment=True,
    details=(
        v.ConsentDetail(
            "Pay 1,230.50 EUR to “Squero di San Trovaso” (DE02 1001 0010 9307 1186 03) at once",
            (
                v.Fact("Amount", "1,230.50 EUR"),
                v.Fact("To", "Squero di San Trovaso"),
                v.Fact("Their account", "IBAN DE02 1001 0010 9307 1186 03"),
                v.Fact("From", "The account you pick"),
                v.Fact("Note", "Caulking, three planks"),
                v.Fact("When", "At once"),
                v.Fact("How often", "Once"),
            ),
        ),
    ),
)
MERGE_REQUEST = replace(
    CONSENT_REQUEST,
    request_id="r4",
    details=(
        v.ConsentDetail("See your balances", ()),
        v.ConsentDetail(
            "See your transactions since 1 Jan 2026, until 31 Dec 2026",
            (
                v.Fact("Accounts it would like", "IBAN IT60 X054 2811 1010 0000 0123 456"),
                v.Fact("Until", "31 Dec 2026"),
            ),
        ),
    ),
    standing="This adds to what you allowed on 3 May 2026 (accounts and balances). "
    "All of that stays, and ends together with what you allow now.",
    banks=(
        v.ConsentBank(ALBION, (v.ConsentAccount(SALARY, False, FINE, is_wished=True),)),
        v.ConsentBank(CASSA, (v.ConsentAccount(CONTO, False, FINE),)),
    ),
    history=(),
)
LOGIN_REQUEST = v.ConsentRequestPage(
    "r2",
    LEDGERLY,
    "Log in to Ledgerly with Rialto",
    (
        v.PermissionText("profile", "Your name", "Alice Moro", "person"),
        v.PermissionText("email", "Your e-mail", "alice@example.org", "mail"),
    ),
    never=("You can stop this at any time.",),
    returns_to="ledgerly.example",
    is_login_only=True,
)
ACTIVE = v.ConsentCard(
    "k1",
    BUDGET,
    True,
    "Active",
    SEE,
    ("Albion Bank: Everyday", "Cassa di San Polo: Conto corrente"),
    NOW - timedelta(days=40),
    NOW + timedelta(days=50),
    None,
    NOW - timedelta(hours=2),
    312,
    "https://budget.example/start?iss=https%3A%2F%2Frialto.example",
)
ENDED = v.ConsentCard(
    "k0",
    LEDGERLY,
    False,
    "You ended it",
    SEE[:1],
    ("Albion Bank: Everyday",),
    NOW - timedelta(days=400),
    None,
    NOW - timedelta(days=30),
    None,
    0,
)
RECEIPTS = (
    v.ReceiptRow(NOW - timedelta(days=40, minutes=3), "Lagoon Budget asked", "Lagoon Budget", "5f2c" * 16, "asked"),
    v.ReceiptRow(NOW - timedelta(days=40), "You allowed it for 90 days, 2 accounts", "Alice", "9be1" * 16, "allowed"),
    v.ReceiptRow(NOW - timedelta(hours=2), "Read balances of 2 accounts", "Lagoon Budget", "a07d" * 16, "accessed"),
)

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Rialto API", "version": "1.0", "description": "Read what a person allowed, nothing else."},
    "tags": [{"name": "Accounts", "description": "The accounts that the person ticked."}, {"name": "Money in & out"}],
    "paths": {
        "/v1/accounts": {
            "get": {
                "operationId": "listAccounts",
                "tags": ["Accounts"],
                "summary": "List accounts",
                "security": [{"oauth": ["accounts"]}],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}, "description": "1 to 500"}
                ],
                "responses": {
                    "200": {
                        "description": "A page of accounts.",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/AccountPage"},
                                "example": {"data": [{"account_id": "a1", "name": "<Everyday>"}], "next_cursor": None},
                            }
                        },
                    },
                    "403": {"$ref": "#/components/responses/Denied"},
                },
            }
        },
        "/v1/accounts/{account_id}/transactions": {
            "parameters": [{"$ref": "#/components/parameters/AccountId"}],
            "get": {
                "tags": ["Money in & out"],
                "summary": "List transactions",
                "responses": {"200": {"description": "A page."}},
            },
            "post": {
                "summary": "Untagged",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["note"],
                                "properties": {"note": {"type": ["string", "null"]}},
                            }
                        }
                    }
                },
                "responses": {"204": {"description": "Kept."}},
            },
        },
    },
    "components": {
        "parameters": {
            "AccountId": {
                "name": "account_id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
        },
        "responses": {"Denied": {"description": "The consent does not reach this far."}},
        "schemas": {
            "Account": {
                "type": "object",
                "description": "One account.",
                "required": ["account_id"],
                "properties": {
                    "account_id": {"type": "string", "format": "uuid", "description": "Survives re-consent."},
                    "type": {"enum": ["CACC", "SVGS"]},
                    "name": {"type": ["string", "null"]},
                },
            },
            "AccountPage": {
                "type": "object",
                "properties": {
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/Account"}},
                    "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            },
        },
    },
}

WRONG_LOGIN = v.Form({"email": "alice@example.org"}, {"": "E-mail and password do not fit together."})
FACTS = (
    v.Fact("Amount", "−€48.30", "transactionAmount.amount"),
    v.Fact("Booked on", "22 November 2026", "bookingDate"),
    v.Fact("Creditor", "Rialto Fish Market", "creditorName"),
    v.Fact("Direction", "money out"),
)

# Each: name of the page -> template, page value, viewer.
RICH: dict[str, tuple[str, Any, v.Viewer | None]] = {
    "landing": ("landing.html", None, None),
    "login": ("login.html", v.LoginPage(WRONG_LOGIN, "/consent/r1", BUDGET, NOW + timedelta(minutes=12)), None),
    "register": (
        "register.html",
        v.RegisterPage(v.Form({"name": EVIL}, {"password": "Too short: 12 characters at least."}), "/x"),
        None,
    ),
    "password": (
        "password.html",
        v.PasswordPage(v.Form({}, {"current_password": "That is not your password."})),
        ALICE,
    ),
    "email": (
        "email.html",
        v.EmailPage("alice@example.org", True, v.Form({"email": EVIL}, {"email": "This is not an e-mail address."})),
        ALICE,
    ),
    "mailed_link": (
        "mailed_link.html",
        v.MailedLinkPage(
            "Was it not you?",
            "We set this address for your account again, end every login everywhere, and you choose a new password.",
            "Take the change back",
            "/email/undo/t",
            address="a.name.that.is.rather.longer.than.a.phone.is.wide@lagoon.example",
            is_grave=True,
            cancel_label="It was me",
        ),
        None,
    ),
    "recover": (
        "recover.html",
        v.RecoverPage(v.Form({"email": EVIL}, {"email": "This is not an e-mail address."})),
        None,
    ),
    "recover_sent": ("recover_sent.html", v.RecoverSentPage(20), None),
    "reset": (
        "reset.html",
        v.ResetPage("/recover/t", "alice@example.org", v.Form({}, {"new_password": "This password is known."})),
        None,
    ),
    "security": (
        "security.html",
        v.SecurityPage(
            (
                v.SessionRow("s1", "Firefox on Linux", "Venice, 203.0.113.7", NOW - timedelta(days=3), NOW, True),
                v.SessionRow("s2", "Safari on iPhone", "Mestre", NOW - timedelta(days=60), NOW - timedelta(days=1)),
            ),
            (
                v.ActivityRow(NOW - timedelta(hours=1), "Wrong password, five times", "198.51.100.4", True),
                v.ActivityRow(NOW - timedelta(days=3), "Logged in", "Venice"),
            ),
            NOW - timedelta(days=200),
            passkeys=2,
            authenticator_since=NOW - timedelta(days=9),
            recovery_codes=2,
        ),
        ALICE,
    ),
    **samples_factors.rich(NOW, ALICE, BUDGET, EVIL),
    **samples_accounts.rich(NOW, ALICE, EVIL),
    **samples_developers.rich(NOW, ALICE, BUDGET, EVIL),
    **samples_decoupled.rich(NOW, ALICE, EVIL, CONSENT_REQUEST),
    **samples_imports.rich(ALICE, EVIL),
    **samples_notifications.rich(NOW, ALICE, EVIL),
    **samples_events.rich(NOW, ALICE, EVIL),
    "home": ("home.html", HOME, ALICE),
    "ledger": ("ledger.html", LEDGER, ALICE),
    "ledger_planned": ("ledger.html", PLANNED_LEDGER, ALICE),
    "ledger_nothing_planned": (
        "ledger.html",
        replace(PLANNED_LEDGER, planned=v.Planned(read_at=NOW - timedelta(hours=5)), about=v.AboutAccount()),
        ALICE,
    ),
    "transaction": (
        "transaction.html",
        v.TransactionPage(
            ROWS[3],
            "a3",
            "Conto corrente",
            CASSA,
            FACTS,
            '{"transactionAmount":{"amount":48.30,"currency":"EUR"},"text":"</pre><script>"}',
            NOW,
            "berlin_group 3",
            v.CategoryForm(
                "Groceries",
                f"We know “{EVIL}”.",
                {"Food and drink": (v.Choice("food.groceries", "Groceries", checked=True),)},
                EVIL,
                is_corrected=True,
            ),
            ("valueDate", EVIL),
        ),
        ALICE,
    ),
    "regular": (
        "regular.html",
        v.RegularPage(
            (
                v.SeriesRow(
                    "Netflix",
                    "Streaming and television",
                    "every month",
                    gbp("-12.99"),
                    True,
                    date(2026, 12, 3),
                    date(2026, 11, 3),
                    "t1",
                    changes=("Up from £9.99 to £12.99 on 3 August 2026",),
                ),
                v.SeriesRow(
                    EVIL, EVIL, "every week", eur("-20"), False, date(2026, 12, 1), date(2026, 11, 20), "t2", True
                ),
            ),
            (
                v.SeriesRow(
                    "ACME Ltd",
                    "Salary",
                    "every month",
                    gbp("2510"),
                    False,
                    date(2026, 11, 30),
                    date(2026, 10, 30),
                    "t3",
                ),
            ),
            (
                v.SeriesRow(
                    "Old Gym", "Sport and fitness", "every month", gbp("-30"), True, None, date(2026, 5, 1), "t4"
                ),
            ),
        ),
        ALICE,
    ),
    "connect": (
        "connect.html",
        v.ConnectPage(
            (ALBION, CASSA, NORD),
            "b",
            (v.Choice("GB", "United Kingdom", checked=True), v.Choice("IT", "Italy")),
            "/consent/r1",
            True,
        ),
        ALICE,
    ),
    "connect_confirm": (
        "connect_confirm.html",
        v.ConnectConfirmPage(
            ALBION, "/consent/r1", 180, "Have your card reader ready.", "The bank did not answer. Try again."
        ),
        ALICE,
    ),
    "bank_return": ("bank_return.html", None, None),
    "connect_step": (
        "connect_step.html",
        v.ConnectStepPage(
            ALBION,
            "state-1",
            2,
            (
                v.Question("user", "User name at the bank", "As on your card."),
                v.Question("pin", "PIN", input_type="password"),
                v.Question("tan", "Code from your app", is_code=True, max_length=6),
                v.Question(
                    "how", EVIL, "One of these.", choices=(v.Choice("sms", "A text message"), v.Choice("app", EVIL))
                ),
            ),
            "Your bank asks here, on our page.",
            "That code was not right. Two tries are left.",
            "https://bank.example/help",
            "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=",
        ),
        ALICE,
    ),
    "connection": (
        "connection.html",
        v.ConnectionPage(
            "c2",
            CASSA,
            v.ConnectionState.NEEDS_PSU,
            "Its permission ended on 20 November.",
            (CONTO, CARD),
            2,
            2,
            NOW - timedelta(days=3),
            NOW - timedelta(hours=2),
            "the bank wants you to log in again",
            NOW,
            NOW - timedelta(days=180),
            quota=v.Quota(4, 4, NOW + timedelta(hours=9), is_closed=True),
        ),
        ALICE,
    ),
    "connection_refreshed": (
        "connection.html",
        v.ConnectionPage("c4", NORD, v.ConnectionState.READY, can_refresh=True, refreshed_at=NOW, added=12),
        ALICE,
    ),
    "connection_waits": (
        "connection.html",
        v.ConnectionPage(
            "c5", NORD, v.ConnectionState.FAILING, refreshable_at=NOW + timedelta(hours=2), bank_waits=True
        ),
        ALICE,
    ),
    "connection_syncing": (
        "connection.html",
        v.ConnectionPage("c3", NORD, v.ConnectionState.SYNCING, "", (SALARY,), 1, 3, linked_at=NOW),
        ALICE,
    ),
    "disconnect": ("disconnect.html", v.DisconnectPage("c1", ALBION, 2, (BUDGET,)), ALICE),
    "consent_request": ("consent_request.html", CONSENT_REQUEST, ALICE),
    "consent_payment": ("consent_request.html", PAYMENT_REQUEST, ALICE),
    "consent_merge": ("consent_request.html", MERGE_REQUEST, ALICE),
    "consent_no_payer": ("consent_request.html", replace(PAYMENT_REQUEST, banks=(), can_approve=False), ALICE),
    "consent_login_only": ("consent_request.html", LOGIN_REQUEST, ALICE),
    "form_post": (
        "form_post.html",
        v.FormPostPage("https://budget.example/cb", {"code": "c0de"}, "budget.example"),
        ALICE,
    ),
    "consents": ("consents.html", v.ConsentsPage((ACTIVE,), (ENDED,)), ALICE),
    "consent": ("consent.html", v.ConsentPage(ACTIVE, "Envelopes.", date(2026, 8, 1), RECEIPTS, True), ALICE),
    "api_reference": ("api_reference.html", v.ApiReferencePage(DOCUMENT), None),
    "error": (
        "error.html",
        v.ErrorPage(
            404,
            "There is nothing here",
            "The page has moved, or it never was.",
            "Check the address, or start over.",
            "01JD-7K2M",
        ),
        ALICE,
    ),
    "logout": (
        "logout.html",
        v.LogoutPage(BUDGET, "/oauth/logout/confirm", {"state": EVIL}, (BUDGET, LEDGERLY)),
        ALICE,
    ),
    "logout_somebody_else": (
        "logout.html",
        v.LogoutPage(BUDGET, "/oauth/logout/confirm", {"state": "x"}, (), is_for_somebody_else=True),
        ALICE,
    ),
    "logged_out": ("logged_out.html", v.LoggedOutPage(BUDGET, "https://budget.example/bye"), None),
    "directory": (
        "directory.html",
        v.DirectoryPage(
            (LISTED, replace(LISTED, bank=ALBION, is_enabled=True, status="sandbox", health="degraded", can=())),
            total=99,
            q=EVIL,
            countries=(v.Choice("IT", "Italy"), v.Choice("GB", "United Kingdom", checked=True)),
            standards=(v.Choice("stet", "STET"),),
            states=(v.Choice("verified", "Verified at the bank"),),
            next_path="/banks?q=%22&from=48",
        ),
        ALICE,
    ),
    "directory_entry": (
        "directory_entry.html",
        v.DirectoryEntryPage(
            LISTED,
            (("Accounts", "current accounts, cards"), ("Group", EVIL)),
            (("For developers", "https://developer.cassa.example/docs"),),
            ("an eIDAS certificate for the connection (QWAC)", "api.client_id"),
            ("Pots have a resource of their own.", EVIL),
            (("a letter", "2022-05-10"),),
        ),
        None,
    ),
    "directory_entry_enabled": (
        "directory_entry.html",
        v.DirectoryEntryPage(replace(LISTED, is_enabled=True, status="verified", health="healthy")),
        ALICE,
    ),
    "developer_webhooks": (
        "developer_webhooks.html",
        v.WebhooksPage(
            BUDGET,
            (
                v.EndpointRow("e-1", "https://budget.example/hooks/rialto", "called"),
                v.EndpointRow("e-2", "https://budget.example/old", "off", "gone", NOW),
                v.EndpointRow("e-3", EVIL, "failing", "", NOW),
            ),
            (v.Choice("transactions.updated", "Transactions changed", "Ask again.", checked=True),),
            (v.Choice("v1", "A shared secret", "", checked=True),),
            v.Form({"url": EVIL}, {"url": "The URL must be https."}),
        ),
        ALICE,
    ),
    "developer_webhooks_none": ("developer_webhooks.html", v.WebhooksPage(BUDGET, is_local=True), ALICE),
    "developer_webhook": (
        "developer_webhook.html",
        v.EndpointPage(
            BUDGET,
            v.EndpointRow("e-1", "https://budget.example/hooks/rialto", "called"),
            "v1",
            True,
            (v.Choice("consent.ended", "A consent has ended", "Nothing of it can be read any more."),),
            (
                v.MessageRow("m-1", "consent.ended", "dead", NOW, NOW, EVIL, (v.AttemptRow(NOW, 500, 9, "HTTP 500"),)),
                v.MessageRow("m-2", "transactions.updated", "taken", NOW, NOW, "{}", (v.AttemptRow(NOW, 204, 41),)),
                v.MessageRow("m-3", "consent.ended", "due", NOW, NOW, "{}", (v.AttemptRow(NOW, None, 3000, EVIL),)),
                v.MessageRow("m-4", "webhook.test", "due", NOW, NOW, "{}"),
            ),
            2,
            1,
            NOW + timedelta(hours=20),
            "whsec_c2VjcmV0IG9mIHRoZSBlbmRwb2ludCwgMzIgYnl0ZXM=",
        ),
        ALICE,
    ),
    "developer_webhook_off": (
        "developer_webhook.html",
        v.EndpointPage(BUDGET, v.EndpointRow("e-2", "https://budget.example/old", "off", "gone", NOW), "v1a", False),
        ALICE,
    ),
    "operator_jobs": (
        "operator_jobs.html",
        v.JobsPage(
            (
                v.QueueRow("connection", 4, 210, 90_000, 3, 0, 190.0),
                v.QueueRow("webhook", 0, 0, 12, 0, 2, 0.0),
                v.QueueRow("housekeeping", 1, 1, 0, 0, 0, 0.4),
            ),
            (v.DeadRow("dead-1", "webhook", EVIL, 8, EVIL, NOW - timedelta(hours=3), "c1b2"),),
            2,
        ),
        ALICE,
    ),
    "operator_overview": (
        "operator_overview.html",
        v.OverviewPage((v.PartRow("Workers", "bad", EVIL, EVIL), v.PartRow("Mail", "good", "fine")), (EVIL,)),
        ALICE,
    ),
    "operator_overview_none": ("operator_overview.html", v.OverviewPage(), ALICE),
    "operator_trace": (
        "operator_trace.html",
        v.TracePage(
            EVIL,
            (
                v.HopRow(NOW, "app", "GET api.transactions", "client-1", "failed", "HTTP 500 KeyError", 31),
                v.HopRow(NOW, "bank", "GET /accounts/*", EVIL, "unreachable", EVIL, 3004, "c1b2"),
            ),
            (v.WaitingRow("webhook", EVIL, NOW, EVIL, True), v.WaitingRow("connection", "c", NOW, "", False)),
            "network",
            EVIL,
        ),
        ALICE,
    ),
    "operator_trace_none": ("operator_trace.html", v.TracePage("nothing"), ALICE),
    "operator_jobs_none": ("operator_jobs.html", v.JobsPage(), ALICE),
    "status": (
        "status.html",
        v.StatusPage(
            (
                v.BankHealth(
                    ALBION,
                    "healthy",
                    0.998,
                    NOW - timedelta(minutes=1),
                    hour=v.ServiceLevel(),
                    day=v.ServiceLevel(480, 0.9979, 210, 900),
                    month=v.ServiceLevel(14_000, 0.93, 220, 2400),
                    days=(*([None] * 10), *([1.0] * 17), 0.95, 0.4, 0.0),
                ),
                v.BankHealth(CASSA, "degraded", 0.91, NOW, "Slow in the morning."),
                v.BankHealth(NORD, "down", 0.0),
            )
        ),
        None,
    ),
}

NOBODY = v.App("client", "App")
EMPTY_CARD = v.ConsentCard("k", NOBODY, False, "Expired")
BARE: dict[str, tuple[str, Any, v.Viewer | None]] = {
    "login": ("login.html", v.LoginPage(), None),
    "login_passkeys": ("login.html", v.LoginPage(acr="phr", has_passkeys=True, needs_passkey=True), None),
    **samples_factors.bare(ALICE),
    **samples_accounts.bare(ALICE),
    **samples_developers.bare(ALICE, NOBODY),
    **samples_decoupled.bare(NOW, ALICE, LOGIN_REQUEST),
    **samples_imports.bare(ALICE),
    **samples_notifications.bare(NOW, ALICE),
    **samples_events.bare(ALICE),
    "register": ("register.html", v.RegisterPage(), None),
    "password": ("password.html", v.PasswordPage(), ALICE),
    "security": ("security.html", v.SecurityPage(), ALICE),
    "email": ("email.html", v.EmailPage("alice@example.org"), ALICE),
    "mailed_link": ("mailed_link.html", v.MailedLinkPage("Is it so?", "Then press.", "Yes", "/x"), None),
    "recover": ("recover.html", v.RecoverPage(), None),
    "recover_sent": ("recover_sent.html", v.RecoverSentPage(20), None),
    "reset": ("reset.html", v.ResetPage("/recover/t", "alice@example.org"), None),
    "home": ("home.html", v.HomePage(), ALICE),
    "home_waiting": (
        "home.html",
        v.HomePage(
            banks=(v.BankCard("c", v.Bank("", ""), v.ConnectionState.SYNCING),), series=(v.BalanceSeries("EUR"),)
        ),
        ALICE,
    ),
    "ledger": ("ledger.html", v.LedgerPage(CARD, "c", v.Bank("", "")), ALICE),
    "transaction": ("transaction.html", v.TransactionPage(ROWS[0], "a", "A", CASSA), ALICE),
    "regular": ("regular.html", v.RegularPage(has_accounts=False), ALICE),
    "connect": ("connect.html", v.ConnectPage(), ALICE),
    "connect_confirm": ("connect_confirm.html", v.ConnectConfirmPage(v.Bank("", "B")), ALICE),
    "connect_step": ("connect_step.html", v.ConnectStepPage(v.Bank("", "B"), "s", 1), ALICE),
    **{
        f"connection_{state}": ("connection.html", v.ConnectionPage("c", v.Bank("", "B"), state), ALICE)
        for state in v.ConnectionState
    },
    "disconnect": ("disconnect.html", v.DisconnectPage("c", v.Bank("", "B")), ALICE),
    "consent_request": (
        "consent_request.html",
        v.ConsentRequestPage("r", NOBODY, "App asks", (), can_approve=False),
        ALICE,
    ),
    "form_post": ("form_post.html", v.FormPostPage("com.example.app:/cb", {}), None),
    "consents": ("consents.html", v.ConsentsPage(), ALICE),
    "consent": ("consent.html", v.ConsentPage(EMPTY_CARD, is_chain_intact=False), ALICE),
    "api_reference": ("api_reference.html", v.ApiReferencePage({}), None),
    "error": ("error.html", v.ErrorPage(500, "Error", "Something broke."), None),
    "logout": ("logout.html", v.LogoutPage(), ALICE),
    "logged_out": ("logged_out.html", v.LoggedOutPage(), None),
    "status": ("status.html", v.StatusPage(), None),
    "directory": ("directory.html", v.DirectoryPage(), None),
    "directory_entry": ("directory_entry.html", v.DirectoryEntryPage(LISTED), None),
    "problems": ("problems.html", problems.page("https://r.example"), None),
}


def write_all(folder: Path) -> None:
    shutil.copytree(WEB / "static", folder / "static", dirs_exist_ok=True)
    for kind, pages in (("", RICH), ("bare_", BARE)):
        for name, (template, page, viewer) in pages.items():
            (folder / f"{kind}{name}.html").write_text(render(template, page, viewer), "utf-8")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
