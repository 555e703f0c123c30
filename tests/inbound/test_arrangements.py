"""A data holder tells that a person ended an arrangement there: believed once, of its own arrangements, and of nobody
else."""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode
from sqlalchemy import select
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.connections.plan import QUEUE, put_job
from hub.context import Hub
from hub.ids import new_id
from hub.inbound.arrangements import REVOKE
from hub.models.connection import Connection
from hub.models.job import Job
from hub.models.psu import Psu
from hub.models.signal import Signal
from providers.fapi.keys import HeldKeys
from tests.conftest import TestClock
from tests.connections.world import one_store
from tests.oauth.test_races import at_once
from tests.providers import tpp

BRAND = "5c2d51d1-3a4f-4c6a-9a50-0b6f1c0a7e42"  # as in the shipped file
JWKS = "http://127.0.0.1:8104/jwks"
ARRANGEMENT = "arr-1"


@dataclass
class World:
    hub: Hub
    client: FlaskClient
    clock: TestClock
    bank: responses.RequestsMock

    @property
    def address(self) -> str:
        return self.hub.settings.base_url + REVOKE

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        claims = {"iss": BRAND, "sub": BRAND, "aud": self.address, "iat": now, "exp": now + 120, "jti": new_id()}
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def tell(self, bearer: str | None = None, arrangement: str | None = None, **form: str) -> TestResponse:
        bearer = tpp.id_token(self.claims()) if bearer is None else bearer
        arrangement = tpp.id_token({"cdr_arrangement_id": ARRANGEMENT}) if arrangement is None else arrangement
        data = {"cdr_arrangement_jwt": arrangement} | form
        return self.client.post(REVOKE, data=data, headers={"Authorization": f"Bearer {bearer}"})

    def linked(self, *, institution_id: str = "bunyip", consent_id: str = ARRANGEMENT, status: str = "ready") -> str:
        connection_id, psu_id, now = new_id(), new_id(), self.clock()
        with self.hub.db.write() as session:
            session.add(
                Psu(
                    id=psu_id,
                    email=f"{psu_id}@people.example",
                    name="Alice",
                    password_hash="unused",
                    password_changed_at=now,
                    created_at=now,
                )
            )
            session.flush()
            session.add(
                Connection(
                    id=connection_id,
                    psu_id=psu_id,
                    institution_id=institution_id,
                    status=status,
                    bank_consent_id=consent_id,
                    next_sync_at=now,
                    sync_owner="a-sync",
                    sync_until=now + timedelta(minutes=5),
                    created_at=now,
                )
            )
            put_job(session, connection_id, institution_id, now, now=now)
        return connection_id

    def row(self, connection_id: str) -> Connection:
        with self.hub.db.read() as session:
            return session.get_one(Connection, connection_id)

    def planned(self) -> set[str]:
        with self.hub.db.read() as session:
            return set(session.scalars(select(Job.key).where(Job.queue == QUEUE)))

    def events(self) -> list[str]:
        with self.hub.db.read() as session:
            return list(session.scalars(select(Signal.subject_id).where(Signal.kind == "connection.needs_psu")))


@pytest.fixture
def world(hub: Hub, clock: TestClock) -> Iterator[World]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as bank:
        bank.get(JWKS, json=tpp.bank_jwks())
        yield World(hub, create_app(hub).test_client(), clock, bank)


def test_the_connection_needs_the_person_and_a_running_sync_cannot_undo_that(world: World) -> None:
    one, other = world.linked(), world.linked(consent_id="arr-2")
    answer = world.tell()
    assert (answer.status_code, answer.data) == (204, b"")
    row = world.row(one)
    assert (row.status, row.failure_kind, row.next_sync_at) == ("needs_psu", "consent_ended", None)
    assert (row.sync_owner, row.sync_until) == (None, None)
    assert (world.row(other).status, world.planned()) == ("ready", {other}), "nobody is sent there in vain"
    assert world.events() == [one]
    assert world.tell().status_code == 204, "said again in new words"
    assert world.events() == [one]


def test_some_holders_name_the_base_uri_and_repeat_their_claims(world: World) -> None:
    one = world.linked()
    claims = world.claims(aud=[world.hub.settings.base_url])
    named = tpp.id_token(claims | {"cdr_arrangement_id": ARRANGEMENT})
    assert world.tell(tpp.id_token(claims), named, cdr_arrangement_id="arr-2").status_code == 204
    assert world.row(one).status == "needs_psu"


def test_an_arrangement_of_another_bank_or_one_that_was_replaced_is_unknown(world: World) -> None:
    foreign, renewed = world.linked(institution_id="iara"), world.linked(consent_id="arr-new")
    answer = world.tell()
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["code"] == "urn:au-cds:error:cds-all:Authorisation/InvalidArrangement"
    assert {world.row(one).status for one in (foreign, renewed)} == {"ready"}


@pytest.mark.parametrize("status", ["needs_psu", "revoked"])
def test_what_is_over_already_stays_as_it_is(world: World, status: str) -> None:
    one = world.linked(status=status)
    assert world.tell().status_code == 204
    assert world.row(one).status == status
    assert world.events() == []


def forged() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "bank-1"})


def by_secret(claims: dict[str, Any]) -> str:
    """Signed with the bank's public key as if it were a shared secret (RFC 8725 2.1)."""
    parts = ({"alg": "HS256", "kid": "bank-1"}, claims)
    signed = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    proof = hmac.digest(tpp.bank_key().as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(proof).decode()}"


BEARERS: dict[str, Callable[[World], str]] = {
    "by another key": lambda world: tpp.id_token(world.claims(), key=forged()),
    "by the public key as a secret": lambda world: by_secret(world.claims()),
    "by RS256": lambda world: tpp.id_token(world.claims(), alg="RS256"),
    "of nobody": lambda world: tpp.id_token(world.claims(iss=None)),
    "of a bank we do not know": lambda world: tpp.id_token(world.claims(iss="other", sub="other")),
    "about another": lambda world: tpp.id_token(world.claims(sub="other")),
    "for another recipient": lambda world: tpp.id_token(world.claims(aud="https://other.example/arrangements/revoke")),
    "for nobody": lambda world: tpp.id_token(world.claims(aud=None)),
    "too old": lambda world: tpp.id_token(world.claims(exp=int(world.clock().timestamp()) - 60)),
    "without an end": lambda world: tpp.id_token(world.claims(exp=None)),
    "good for too long": lambda world: tpp.id_token(world.claims(exp=int(world.clock().timestamp()) + 7200)),
    "from the future": lambda world: tpp.id_token(world.claims(iat=int(world.clock().timestamp()) + 3600)),
    "without a jti": lambda world: tpp.id_token(world.claims(jti=None)),
    "with a jti that is no text": lambda world: tpp.id_token(world.claims(jti=7)),
    "with a jti that cannot be written": lambda world: tpp.id_token(world.claims(jti="\x00")),
    "that is no JWT": lambda world: "a.b.c",
    "that is endless": lambda world: "a" * 100_000,
    "that is not there": lambda world: "",
}


@one_store
@pytest.mark.parametrize("bearer", BEARERS.values(), ids=list(BEARERS))
def test_a_bearer_that_proves_nothing_ends_nothing(world: World, bearer: Callable[[World], str]) -> None:
    one = world.linked()
    answer = world.tell(bearer(world))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert world.row(one).status == "ready"


ARRANGEMENTS: dict[str, Callable[[World], str]] = {
    "by another key": lambda world: tpp.id_token({"cdr_arrangement_id": ARRANGEMENT}, key=forged()),
    "without an arrangement": lambda world: tpp.id_token(world.claims()),
    "of an arrangement that is no text": lambda world: tpp.id_token({"cdr_arrangement_id": [ARRANGEMENT]}),
    "of an endless arrangement": lambda world: tpp.id_token({"cdr_arrangement_id": ARRANGEMENT + "x" * 200}),
    "for another recipient": lambda world: tpp.id_token(
        world.claims(aud="https://other.example") | {"cdr_arrangement_id": ARRANGEMENT}
    ),
    "too old": lambda world: tpp.id_token(world.claims(exp=1) | {"cdr_arrangement_id": ARRANGEMENT}),
    "of another bank": lambda world: tpp.id_token({"iss": "other", "cdr_arrangement_id": ARRANGEMENT}),
    "that is endless": lambda world: tpp.id_token({"cdr_arrangement_id": ARRANGEMENT, "x": "y" * 8192}),
}


@one_store
@pytest.mark.parametrize("arrangement", ARRANGEMENTS.values(), ids=list(ARRANGEMENTS))
def test_an_arrangement_that_the_bank_did_not_name_to_us_is_not_ended(
    world: World, arrangement: Callable[[World], str]
) -> None:
    one = world.linked()
    assert world.tell(arrangement=arrangement(world)).status_code == 401
    assert world.row(one).status == "ready"


def test_the_bare_id_of_an_arrangement_proves_nothing(world: World) -> None:
    one = world.linked()
    bearer = {"Authorization": f"Bearer {tpp.id_token(world.claims())}"}
    arrangement = tpp.id_token({"cdr_arrangement_id": ARRANGEMENT})
    for body in (
        {"cdr_arrangement_id": ARRANGEMENT},
        {"cdr_arrangement_jwt": [arrangement, arrangement]},
        {},
    ):
        assert world.client.post(REVOKE, data=body, headers=bearer).status_code == 400
    assert world.client.post(REVOKE, json={"cdr_arrangement_jwt": arrangement}, headers=bearer).status_code == 400
    assert world.client.post(f"{REVOKE}?cdr_arrangement_jwt={arrangement}", headers=bearer).status_code == 400
    assert world.client.post(REVOKE, data={"cdr_arrangement_jwt": arrangement}).status_code == 401
    assert world.client.get(REVOKE).status_code == 405
    assert world.row(one).status == "ready"


def test_the_same_words_are_believed_once_however_many_bring_them(world: World) -> None:
    world.linked()
    bearer = tpp.id_token(world.claims())
    arrangement = tpp.id_token({"cdr_arrangement_id": ARRANGEMENT})
    app = world.client.application

    def bring() -> int:
        headers = {"Authorization": f"Bearer {bearer}"}
        return app.test_client().post(REVOKE, data={"cdr_arrangement_jwt": arrangement}, headers=headers).status_code

    assert sorted(at_once([bring] * 6)) == [204] + [401] * 5
    other = world.linked(consent_id="arr-2")
    named = tpp.id_token({"cdr_arrangement_id": "arr-2"})
    assert world.tell(bearer, named).status_code == 401, "a bearer that was seen on its way opens nothing more"
    assert world.row(other).status == "ready"


def test_forged_words_do_not_make_us_call_the_bank_each_time(world: World) -> None:
    world.linked()
    for _ in range(20):
        assert world.tell(tpp.id_token(world.claims(), key=forged())).status_code == 401
    assert len(world.bank.calls) == 1
    world.clock.advance(seconds=HeldKeys.PAUSE.total_seconds())
    new = RSAKey.generate_key(2048, {"kid": "bank-2", "use": "sig"})
    world.bank.replace(responses.GET, JWKS, json={"keys": [new.as_dict(private=False)]})
    named = tpp.id_token({"cdr_arrangement_id": ARRANGEMENT}, key=new, kid="bank-2")
    assert world.tell(tpp.id_token(world.claims(), key=new, kid="bank-2"), named).status_code == 204
    assert len(world.bank.calls) == 2


def test_a_bank_whose_keys_cannot_be_had_is_asked_to_come_again(world: World) -> None:
    one = world.linked()
    bearer = tpp.id_token(world.claims())
    world.bank.replace(responses.GET, JWKS, body=requests.ConnectionError())
    answer = world.tell(bearer)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    asked = len(world.bank.calls)
    assert world.tell(bearer).status_code == 503
    assert len(world.bank.calls) == asked, "nor do many callers wait for it one after the other"
    world.bank.replace(responses.GET, JWKS, json=tpp.bank_jwks())
    world.clock.advance(seconds=HeldKeys.PAUSE.total_seconds())
    assert world.tell(bearer).status_code == 204, "nothing was used up"
    assert world.row(one).status == "needs_psu"
