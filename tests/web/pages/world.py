"""Alice with two banks, two apps and a history; and browsers that send forms as browsers do."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.context import Hub
from hub.identity import mailed_links, sessions
from hub.identity.mailed_links import Purpose
from hub.identity.origin import Origin
from hub.ids import new_id
from hub.ledger.accounts import store_accounts
from hub.ledger.balances import store_balances
from hub.ledger.ingest import Fetch
from hub.models.connection import Connection
from hub.models.ledger import Account as AccountRow
from hub.models.psu import Psu
from hub.oauth import pushed
from hub.oauth.asked import asked_by
from hub.oauth.clients import Registered
from hub.oauth.parameters import Parameters
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Identifier,
    Money,
    Party,
    Scheme,
    Status,
    Transaction,
)
from tests.conftest import TestClock
from tests.oauth.signing import ClientKey
from tests.oauth.world import s256
from tests.registered import registered

CALLBACK = "https://buddy.example/callback"
SCOPE = "openid accounts:read balances:read transactions:read"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


@dataclass
class Browser:
    """One browser. ``post`` carries the form token of the page that was last seen, unless told otherwise."""

    client: FlaskClient
    page: TestResponse | None = None

    def get(self, path: str, **more: Any) -> TestResponse:
        self.page = self.client.get(path, headers={"User-Agent": FIREFOX}, **more)
        return self.page

    def post(
        self, path: str, form: Any = None, *, token: str | None = None, headers: dict[str, str] | None = None
    ) -> TestResponse:
        """``form`` is a mapping or pairs."""
        pairs = list(form.items()) if isinstance(form, dict) else list(form or [])
        given = self.token if token is None else token
        body = urlencode([("csrf_token", given), *pairs])
        sent = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        self.page = self.client.post(path, data=body, content_type="application/x-www-form-urlencoded", headers=sent)
        return self.page

    @property
    def token(self) -> str:
        assert self.page is not None
        found = _TOKEN.search(self.page.text)
        assert found, self.page.text
        return html.unescape(found[1])


@dataclass
class World:
    hub: Hub
    app: Flask
    clock: TestClock
    alice: str = field(init=False)
    charlie: str = field(init=False)
    albion: str = field(init=False)
    lorelei: str = field(init=False)
    current: str = field(init=False)
    savings: str = field(init=False)
    giro: str = field(init=False)
    client: Registered = field(init=False)

    def __post_init__(self) -> None:
        self.alice, self.charlie = self.person("Alice"), self.person("Charlie")
        self.albion = self.connect("albion")
        self.current, self.savings = self.link(
            self.albion,
            "albion",
            [
                _account("GB33BUKB20201555555555", "GBP", "Everyday", AccountType.CURRENT),
                _account("GB33BUKB20201555555566", "GBP", "Rainy day", AccountType.SAVINGS),
            ],
        )
        self.lorelei = self.connect("lorelei")
        (self.giro,) = self.link(
            self.lorelei, "lorelei", [_account("DE89370400440532013000", "EUR", "Haushalt", AccountType.CURRENT)]
        )
        self.fill(self.albion, self.current, "GBP", "1250.00")
        self.fill(self.lorelei, self.giro, "EUR", "-80.50", coffees=3)
        self.client = self.register()

    def person(self, name: str) -> str:
        """Nobody logs in with a password here: argon2 costs tens of milliseconds."""
        now, psu_id = self.hub.clock(), new_id()
        with self.hub.db.write() as session:
            session.add(
                Psu(
                    id=psu_id,
                    email=f"{name.lower()}@people.example",
                    name=name,
                    password_hash="nobody logs in with this",
                    password_changed_at=now,
                    created_at=now,
                )
            )
        return psu_id

    def connect(self, institution_id: str, *, psu_id: str | None = None, **state: Any) -> str:
        now, connection_id = self.hub.clock(), new_id()
        facts = {"status": "ready", "sca_at": now, "last_success_at": now, "bank_consent_until": now + timedelta(90)}
        with self.hub.db.write() as session:
            session.add(
                Connection(
                    id=connection_id,
                    psu_id=psu_id or self.alice,
                    institution_id=institution_id,
                    created_at=now,
                    **(facts | state),
                )
            )
        return connection_id

    def link(self, connection_id: str, institution_id: str, shown: list[Account]) -> list[str]:
        with self.hub.db.write() as session:
            made = store_accounts(
                session,
                psu_id=self.alice,
                connection_id=connection_id,
                institution_id=institution_id,
                accounts=shown,
                now=self.hub.clock(),
            )
        return [made[one.resource_id] for one in shown]

    def fill(self, connection_id: str, account_id: str, currency: str, balance: str, *, coffees: int = 60) -> None:
        """Two balances, a salary, coffees of rising price and one pending ferry."""
        now = self.hub.clock()
        today = now.date()
        rows = [_row("2100.00", currency, today - timedelta(3), "Harbour & Sons", "Salary")]
        rows += [
            _row(f"-{number}.10", currency, today - timedelta(1 + number), "Caffè <Rosa>", f"cup {number}")
            for number in range(1, coffees + 1)
        ]
        rows.append(_row("-2.00", currency, None, "Traghetto", "ferry", status=Status.PENDING))
        with self.hub.db.write() as session:
            store_balances(
                session,
                account_id,
                [
                    Balance(BalanceType.INTERIM_BOOKED, Money(Decimal(balance), currency), now),
                    Balance(BalanceType.INTERIM_AVAILABLE, Money(Decimal(balance) + 100, currency), now),
                ],
                now,
            )
            fetch = Fetch(account_id, connection_id, today - timedelta(200), today, "test/1")
            fetch.apply(session, self.hub.sealer, tuple(rows), now)
            fetch.finish(session, now)

    def pay(self, connection_id: str, account_id: str, name: str, when: Sequence[tuple[date, str]]) -> None:
        """Booked payments, each on its day."""
        with self.hub.db.write() as session:
            days = [day for day, _ in when]
            fetch = Fetch(account_id, connection_id, min(days), min(days), "test/1")
            rows = tuple(_row(amount, "GBP", day, name, f"{name} {day}") for day, amount in when)
            fetch.apply(session, self.hub.sealer, rows, self.hub.clock())

    def register(self, *, owner: str | None = None, **changes: Any) -> Registered:
        """An app that sees accounts, or with ``public`` one that only signs people in."""
        wanted = [*SCOPE.split(), "profile", "email", "offline_access"]
        facts: dict[str, Any] = {
            "owner_psu_id": owner or self.alice,
            "name": "Budget Buddy",
            "site_uri": "https://buddy.example",
            "redirect_uris": [CALLBACK],
            "public": False,
            "scopes": ["openid", "profile", "email", "offline_access"],
            "description": "",
            "now": self.hub.clock(),
        }
        with self.hub.db.write() as session:
            made = registered(session, **(facts | changes))
            if not changes.get("public"):
                made.client.profile, made.client.scopes = "fapi2", wanted
                made.client.token_endpoint_auth_method, made.client.jwks = "private_key_jwt", ClientKey.make().jwks()
                made.client.registration = {"dpop_bound_access_tokens": True}
            return made

    def stranger(self) -> Browser:
        """A browser in which nobody is signed in."""
        return Browser(self.app.test_client())

    def browser(self, psu_id: str | None = None) -> Browser:
        """A browser in which this person is signed in."""
        hub = self.hub
        with hub.db.write() as session:
            secret = sessions.start(
                session,
                psu_id or self.alice,
                amr=("pwd",),
                origin=Origin("192.0.2.7", FIREFOX),
                now=hub.clock(),
                settings=hub.settings,
            )
        client = self.app.test_client()
        client.set_cookie("rialto_session", secret)
        return Browser(client)

    def ask(self, client: Registered | None = None, **changes: Any) -> str:
        """The path of the consent page for a new request, pushed where the client's profile wants it."""
        row = (client or self.client).client
        facts: dict[str, Any] = {
            "response_type": "code",
            "client_id": row.client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPE if row.profile == "fapi2" else "openid",
            "state": "st4te",
            "code_challenge": s256(),
            "code_challenge_method": "S256",
        }
        wanted = {name: value for name, value in (facts | changes).items() if value is not None}
        if row.profile == "fapi2":
            checked = pushed.check(asked_by(self.hub, Parameters(wanted), client=row))
            request_uri = pushed.keep(self.hub, row.client_id, checked, self.hub.clock())
            wanted = {"client_id": row.client_id, "request_uri": request_uri}
        response = self.app.test_client().get("/oauth/authorize?" + urlencode(wanted))
        location = response.headers["Location"]
        assert location.startswith("/consent/"), location
        return location

    def picks(self, *accounts: str, permissions: list[str] | None = None, **fields: str) -> list[tuple[str, str]]:
        """The consent form, filled in; a field that is None is left out."""
        wanted = permissions if permissions is not None else [word for word in SCOPE.split() if word != "openid"]
        pairs = [("account", account) for account in accounts]
        pairs += [(f"permission:{account}", word) for account in accounts for word in wanted]
        given = {"history": "asked", "duration": "asked", "decision": "approve"} | fields
        return pairs + [(name, value) for name, value in given.items() if value]

    def consent(self, *accounts: str, browser: Browser | None = None) -> str:
        """A consent that Alice gave; returns its id."""
        page, person = self.ask(), browser or self.browser()
        person.get(page)
        answer = person.post(page, self.picks(*(accounts or (self.current,))))
        assert answer.status_code == 303, answer.text
        found = re.findall(r'href="/consents/([^"]+)"', person.get("/consents").text)
        return str(found[0])

    def mailed_links(self, psu_id: str | None = None) -> dict[str, str]:
        """A token of each purpose that was mailed to Alice, whose address is verified from now on."""
        hub, whose = self.hub, psu_id or self.alice
        tokens = {}
        with hub.db.write() as session:
            person = session.get_one(Psu, whose)
            person.email_verified_at = hub.clock()
            for purpose in Purpose:
                made = mailed_links.make(
                    hub, session, purpose, psu_id=whose, address=person.email, ttl_s=3600, now=hub.clock()
                )
                tokens[purpose.value] = made.url.rpartition("/")[2]
        return tokens

    def a_transaction(self, browser: Browser) -> str:
        found = re.findall(r'href="/transactions/([^"]+)"', browser.get(f"/accounts/{self.current}").text)
        return str(found[0])

    def set_connection(self, connection_id: str, **values: Any) -> None:
        with self.hub.db.write() as session:
            row = session.get_one(Connection, connection_id)
            for name, value in values.items():
                setattr(row, name, value)

    def account(self, account_id: str) -> AccountRow:
        with self.hub.db.read() as session:
            return session.get_one(AccountRow, account_id)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def _account(iban: str, currency: str, name: str, kind: AccountType) -> Account:
    return Account(
        resource_id=iban,
        currency=currency,
        type=kind,
        name=name,
        identifiers=(Identifier(Scheme.IBAN, iban),),
        owner_name="Alice",
    )


def _row(amount: str, currency: str, day: Any, name: str, text: str, *, status: Status = Status.BOOKED) -> Transaction:
    return Transaction(
        status=status,
        money=Money(Decimal(amount), currency),
        booking_date=day if status is Status.BOOKED else None,
        value_date=day,
        counterparty=Party(name),
        remittance=(text,),
        provenance={"money": "transactionAmount", "counterparty": "creditorName"},
        raw=f'{{"amount":"{amount}","text":"{text}"}}'.encode(),
    )
