"""Alice with accounts at two banks and a history, Charlie with one of his own, and apps that hold consents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from consent.model import READ_PERMISSIONS, Permission, permissions_of
from hub.consents import service as consents
from hub.context import Hub
from hub.identity.subjects import pairwise_sub
from hub.ids import new_id
from hub.ledger.accounts import store_accounts
from hub.ledger.balances import store_balances
from hub.ledger.ingest import Fetch
from hub.ledger.resources import store as resources
from hub.models.client import Client
from hub.models.connection import Connection
from hub.models.consent import ConsentRow
from hub.models.ledger import Account as AccountRow
from hub.models.oauth import Grant
from hub.oauth.tokens import mint_access_token
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
from providers.port import Resource
from tests.oauth.signing import ClientKey

READS = READ_PERMISSIONS


@dataclass(frozen=True, slots=True)
class Caller:
    """A client's side: a token and the requests it makes. Answers are werkzeug's TestResponse, their JSON unchecked."""

    hub: Hub
    http: FlaskClient
    token: str
    consent_id: str
    client_id: str
    key: ClientKey

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers=self.shown(path, "GET") | headers)

    def delete(self, path: str) -> Any:
        return self.http.delete(path, headers=self.shown(path, "DELETE"))

    def shown(self, path: str, method: str) -> dict[str, str]:
        """The headers that show the token and prove its key (RFC 9449)."""
        now, nonces = self.hub.clock(), self.hub.dpop_nonces
        nonce = None if nonces is None else nonces.current(now)
        url = self.hub.settings.base_url + path.partition("?")[0]
        proof = self.key.proof(method=method, url=url, now=now, access_token=self.token, nonce=nonce)
        return {"Authorization": f"DPoP {self.token}", "DPoP": proof}


@dataclass
class World:
    hub: Hub
    app: Flask

    def link(self, psu_id: str, institution_id: str, ibans: Mapping[str, str]) -> list[str]:
        """A connection with one account per (IBAN: currency), each with two balances; the account ids."""
        connection_id = new_id()
        now = self.hub.clock()
        given = [
            Account(
                resource_id=f"at-the-bank-{iban}",
                currency=currency,
                type=AccountType.CURRENT,
                name=f"Account {iban[-4:]}",
                owner_name="Alice Rialto",
                identifiers=(Identifier(Scheme.IBAN, iban),),
            )
            for iban, currency in ibans.items()
        ]
        with self.hub.db.write() as session:
            session.add(
                Connection(
                    id=connection_id, psu_id=psu_id, institution_id=institution_id, status="ready", created_at=now
                )
            )
            session.flush()
            ids = store_accounts(
                session,
                psu_id=psu_id,
                connection_id=connection_id,
                institution_id=institution_id,
                accounts=given,
                now=now,
            )
            for one in given:
                balances = [
                    Balance(BalanceType.INTERIM_BOOKED, Money(Decimal("1234.50"), one.currency), now),
                    Balance(BalanceType.INTERIM_AVAILABLE, Money(Decimal("1200.00"), one.currency), now),
                ]
                store_balances(session, ids[one.resource_id], balances, now)
        return [ids[one.resource_id] for one in given]

    def history(self, account_id: str, count: int, *, currency: str = "GBP", last: date | None = None) -> None:
        """``count`` booked transactions, one a day, the newest on ``last`` (today)."""
        last = last or self.hub.clock().date()
        rows = [
            Transaction(
                status=Status.BOOKED,
                money=Money(Decimal(number) / -4, currency),
                booking_date=last - timedelta(days=number),
                value_date=last - timedelta(days=number),
                counterparty=Party(f"Shop {number}", Identifier(Scheme.IBAN, "DE02120300000000202051")),
                remittance=(f"bill {number}", "thank you"),
                bank_ids={"transactionId": f"{account_id}-{number}"},
                raw=b"{}",
            )
            for number in range(count)
        ]
        self.store(account_id, rows, first=last - timedelta(days=count - 1), last=last)

    def store(self, account_id: str, rows: Sequence[Transaction], *, first: date, last: date) -> None:
        """``rows`` as one fetch of these days."""
        with self.hub.db.write() as session:
            connection_id = session.get_one(AccountRow, account_id).connection_id
            fetch = Fetch(account_id, connection_id, first, last, "test/1")
            fetch.apply(session, self.hub.sealer, rows, self.hub.clock())
            fetch.finish(session, self.hub.clock())

    def hang(self, account_id: str, kind: Resource, *values: Any) -> None:
        """``values`` as what the bank shows of this kind now."""
        with self.hub.db.write() as session:
            resources.store(session, self.hub.sealer, account_id, kind, values, self.hub.clock())

    def caller(
        self,
        psu_id: str,
        accounts: Mapping[str, frozenset[Permission]],
        *,
        scope: str | None = None,
        history_from: date | None = None,
    ) -> Caller:
        """A client with a consent for these accounts, and a token of that grant."""
        now, client_id, grant_id, key = self.hub.clock(), new_id(), new_id(), ClientKey.make()
        wanted = scope or " ".join(sorted({"openid", "profile"} | {one.value for one in READS}))
        requested = permissions_of(wanted.split())
        with self.hub.db.write() as session:
            session.add(
                Client(
                    client_id=client_id,
                    name="Budget Buddy",
                    redirect_uris=[],
                    token_endpoint_auth_method="private_key_jwt",
                    profile="fapi2",
                    jwks=key.jwks(),
                    registration={"dpop_bound_access_tokens": True},
                    grant_types=["authorization_code"],
                    scopes=wanted.split(),
                    sector="buddy.example",
                    created_at=now,
                )
            )
            session.flush()
            row = consents.propose(
                session,
                psu_id=psu_id,
                client_id=client_id,
                requested=requested | READS,
                purpose=None,
                history_from=history_from,
                valid_until=now + timedelta(days=90),
                now=now,
            )
            consent = consents.authorise(
                session,
                session.get_one(ConsentRow, row.id),
                accounts=accounts,
                personal=requested & {Permission.SIGN_IN, Permission.PROFILE},
                valid_until=now + timedelta(days=90),
                history_from=history_from,
                now=now,
            )
            session.add(
                Grant(
                    id=grant_id,
                    client_id=client_id,
                    psu_id=psu_id,
                    consent_id=consent.id,
                    scope=wanted,
                    auth_time=now,
                    created_at=now,
                )
            )
        token = mint_access_token(
            self.hub,
            client_id=client_id,
            sub=pairwise_sub(self.hub.keys.secret("pairwise"), "buddy.example", psu_id),
            scope=wanted,
            now=now,
            cnf={"jkt": key.thumbprint},
            more={"authorization_id": grant_id, "consent_id": consent.id, "auth_time": int(now.timestamp())},
        )
        return Caller(self.hub, self.app.test_client(), token.value, consent.id, client_id, key)
