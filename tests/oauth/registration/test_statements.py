"""Software statements (RFC 7591 2.3): who is believed, what they may say, and who pretends.

Names in brackets are the conformance suite's modules that ask the same.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from hub.errors import BadInput, Conflict, NotFound
from hub.models.client import Client
from hub.oauth.registration import anchors, fetch, own_token
from tests.conftest import TestClock
from tests.oauth.registration.conftest import DIRECTORY, Registry
from tests.oauth.registration.documents import CALLBACK, bank_data, jwks, key, public, sign_in
from tests.race import at_once

KEYS = "https://keys.directory.example/nest-egg"


@pytest.fixture
def trusting(registry: Registry) -> Registry:
    """A hub that believes the directory, which publishes the software's keys."""
    registry.trust()
    registry.publish(KEYS, jwks())
    return registry


def stated(registry: Registry, statement: str | None = None, **changes: Any) -> dict[str, Any]:
    """A registration for data that brings a statement."""
    return bank_data(jwks=None, software_statement=statement or registry.statement(), **changes)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def row(registry: Registry, client_id: str) -> Client:
    with registry.hub.db.read() as session:
        return session.get_one(Client, client_id)


def test_what_the_statement_says_takes_the_place_of_what_is_asked(trusting: Registry) -> None:
    """[brazildcr-happy-flow]"""
    statement = trusting.statement(contacts=["ops@nest.example"])
    asked = stated(trusting, statement, client_name="Albion Bank", contacts=["x@evil.example"])
    told = trusting.register(asked | {"client_name#fr": "Banque", "policy_uri": "https://evil.example/p"})
    assert told["client_name"] == "Nest Egg, certified"
    assert told["contacts"] == ["ops@nest.example"]
    assert told["software_statement"] == statement
    assert (told["software_id"], told["jwks_uri"], told["redirect_uris"]) == ("nest-egg", KEYS, [CALLBACK])
    assert {"client_name#fr", "policy_uri"}.isdisjoint(told)
    kept = row(trusting, told["client_id"])
    assert (kept.trust_anchor, kept.verified_at) == ("Directory", trusting.hub.clock())


def test_keys_of_the_statement_replace_keys_of_the_request(trusting: Registry) -> None:
    told = trusting.register(stated(trusting) | {"jwks": jwks(public(kid="mine"))})
    assert "jwks" not in told
    by_value = trusting.statement(software_jwks_uri=None, jwks=jwks())
    told = trusting.register(stated(trusting, by_value) | {"jwks_uri": "https://evil.example/jwks"})
    assert (told["jwks"], "jwks_uri" in told) == (jwks(), False)


def test_all_redirect_uris_of_the_statement_or_some_but_no_others(trusting: Registry) -> None:
    every = trusting.register(stated(trusting, redirect_uris=None))
    assert every["redirect_uris"] == [CALLBACK, "https://nest.example/other"]
    answer = trusting.post(stated(trusting, redirect_uris=[CALLBACK, "https://evil.example/cb"]))
    assert refusal(answer) == (400, "invalid_redirect_uri")


def flipped(statement: str) -> str:
    return statement[:-2] + ("A" if statement[-2] != "A" else "B") + statement[-1]


FORGED: list[Any] = [
    lambda _: 7,
    lambda _: "",
    lambda _: "not.a.jwt",
    lambda world: flipped(world.statement()),
    lambda world: world.statement(signer=key(kid="another")),
    lambda world: world.statement(alg="PS256", signer=key("2048", "anchor")),
    lambda world: world.statement().rpartition(".")[0] + ".",
    lambda world: world.statement(iat=None),
    lambda world: world.statement(iat=int(world.hub.clock().timestamp()) - 3601),
    lambda world: world.statement(iat=int(world.hub.clock().timestamp()) + 120),
    lambda world: world.statement(exp=int(world.hub.clock().timestamp())),
    lambda world: world.statement(aud="https://another.example"),
    lambda world: world.statement(software_client_name=None),
    lambda world: world.statement(software_redirect_uris=None),
    lambda world: world.statement(software_jwks_uri=None),
]


@pytest.mark.parametrize("forge", FORGED, ids=range(len(FORGED)))
def test_a_statement_that_does_not_hold_is_refused(trusting: Registry, forge: Any) -> None:
    """[brazil-dcr-invalid-software-statement-signature]"""
    asked = bank_data() | {"software_statement": forge(trusting)}
    answer = trusting.post(asked)
    assert answer.status_code == 400
    member = answer.get_json()["error_description"].partition(":")[0]
    assert member == "software_statement"
    assert answer.get_json()["error"] in {"invalid_software_statement", "invalid_client_metadata"}


def test_rs256_is_not_taken_from_an_anchor(registry: Registry) -> None:
    registry.trust(jwks=jwks(public("2048", "anchor")), jwks_uri=None)
    registry.publish(KEYS, jwks())
    good = registry.statement(alg="PS256", signer=key("2048", "anchor"))
    assert registry.post(stated(registry, good)).status_code == 201
    bad = registry.statement(alg="RS256", signer=key("2048", "anchor"))
    assert refusal(registry.post(stated(registry, bad))) == (400, "invalid_software_statement")


def test_an_issuer_that_nobody_declared_is_not_approved(trusting: Registry) -> None:
    for issuer in ("https://another.example", None, 7):
        answer = trusting.post(stated(trusting, trusting.statement(iss=issuer)))
        assert refusal(answer) == (400, "unapproved_software_statement")


def test_somebody_elses_statement_does_not_pass_for_ones_own(trusting: Registry) -> None:
    """Statements are not secret. A thief's redirect URI, keys and names do not get past it."""
    statement = trusting.statement(grant_types=None)
    thief = stated(trusting, statement, client_name="Albion") | {"jwks": jwks(public(kid="thief"))}
    assert trusting.post(thief | {"redirect_uris": ["https://evil.example/cb"]}).status_code == 400
    told = trusting.register(thief)
    assert (told["client_name"], told["jwks_uri"], "jwks" in told) == ("Nest Egg, certified", KEYS, False)
    ciba = {
        "grant_types": ["urn:openid:params:grant-type:ciba"],
        "response_types": [],
        "backchannel_token_delivery_mode": "poll",
    }
    assert refusal(trusting.post(thief | ciba)) == (400, "invalid_software_statement")
    certificate = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "evil.example"}
    assert refusal(trusting.post(thief | certificate)) == (400, "invalid_software_statement")


def test_where_the_operator_wants_one_data_takes_a_statement_and_signing_in_does_not(trusting: Registry) -> None:
    """[brazil-dcr-no-software-statement]"""
    strict = trusting.configured(require_software_statement=1)
    assert refusal(strict.post(bank_data())) == (400, "invalid_software_statement")
    assert strict.post(sign_in()).status_code == 201
    assert strict.post(stated(trusting)).status_code == 201


def test_a_token_may_want_the_statement_of_one_anchor(trusting: Registry) -> None:
    trusting.trust("Other", issuer="https://other.example")
    token = trusting.initial(uses=9, trust_anchor="Directory")
    assert refusal(trusting.post(bank_data(), token=token)) == (400, "invalid_software_statement")
    other = stated(trusting, trusting.statement(iss="https://other.example"))
    assert refusal(trusting.post(other, token=token)) == (400, "invalid_software_statement")
    assert trusting.post(stated(trusting), token=token).status_code == 201
    with pytest.raises(NotFound):
        trusting.initial(trust_anchor="Nobody")


def test_an_update_cannot_shake_off_the_statement(trusting: Registry, clock: TestClock) -> None:
    told = trusting.register(stated(trusting))
    client_id, token = told["client_id"], told["registration_access_token"]
    clock.advance(days=30)  # its iat is long past; it was checked when it was new
    change = bank_data(client_id=client_id, client_name="Albion Bank", jwks=jwks(public(kid="thief")))
    answer = trusting.call("PUT", client_id, token, change)
    assert answer.status_code == 200, answer.text
    now_told = answer.get_json()
    assert (now_told["client_name"], now_told["jwks_uri"]) == ("Nest Egg, certified", KEYS)
    assert now_told["software_statement"] == told["software_statement"]
    assert row(trusting, client_id).trust_anchor == "Directory"
    evil = change | {"redirect_uris": ["https://evil.example/cb"]}
    assert refusal(trusting.call("PUT", client_id, token, evil)) == (400, "invalid_redirect_uri")
    newer = change | {"software_statement": trusting.statement(software_client_name="Nest Egg 2"), "jwks": None}
    assert trusting.call("PUT", client_id, token, newer).get_json()["client_name"] == "Nest Egg 2"


def test_an_anchor_that_is_removed_vouches_for_nobody_any_more(trusting: Registry) -> None:
    told = trusting.register(stated(trusting))
    with trusting.hub.db.write() as session:
        assert anchors.remove(session, "Directory", trusting.hub.clock()) == 1
    kept = row(trusting, told["client_id"])
    assert (kept.trust_anchor, kept.verified_at, kept.deleted_at) == (None, None, None)
    assert refusal(trusting.post(stated(trusting))) == (400, "unapproved_software_statement")
    with trusting.hub.db.write() as session, pytest.raises(NotFound):
        anchors.remove(session, "Directory", trusting.hub.clock())


def removed(registry: Registry, name: str = "Directory") -> None:
    with registry.hub.db.write() as session:
        anchors.remove(session, name, registry.hub.clock())


@pytest.mark.parametrize("added_anew", [False, True])
def test_an_anchor_that_is_removed_while_a_client_registers_vouches_for_nobody(
    trusting: Registry, monkeypatch: pytest.MonkeyPatch, clock: TestClock, added_anew: bool
) -> None:
    """Its statement was verified, its keys are being fetched, and then the operator withdraws what was believed."""
    get = fetch._get

    def meanwhile(hub: Any, member: str, url: str) -> bytes:
        removed(trusting)
        if added_anew:  # with other keys, say, because the first were stolen
            clock.advance(seconds=1)
            trusting.trust(jwks=jwks(public(kid="another")), jwks_uri=None)
        return get(hub, member, url)

    asked = stated(trusting)
    monkeypatch.setattr(fetch, "_get", meanwhile)
    assert refusal(trusting.post(asked)) == (400, "unapproved_software_statement")
    with trusting.hub.db.read() as session:
        assert session.scalars(select(Client)).all() == []


@pytest.mark.parametrize("added_anew", [False, True])
def test_nor_for_one_that_changes_its_registration_at_that_moment(
    trusting: Registry, monkeypatch: pytest.MonkeyPatch, clock: TestClock, added_anew: bool
) -> None:
    told = trusting.register(stated(trusting))
    client_id, token = told["client_id"], told["registration_access_token"]
    change = bank_data(client_id=client_id, jwks=None)
    of_client = own_token.holder

    def meanwhile(session: Any, *given: Any, lock: bool = False) -> Client:
        client = of_client(session, *given, lock=lock)
        if not lock:  # it was looked at, and everything comes after that
            removed(trusting)
            if added_anew:
                clock.advance(seconds=1)
                trusting.trust(jwks=jwks(public(kid="another")), jwks_uri=None)
        return client

    monkeypatch.setattr(own_token, "holder", meanwhile)
    assert refusal(trusting.call("PUT", client_id, token, change)) == (400, "unapproved_software_statement")
    monkeypatch.undo()
    kept = row(trusting, client_id)
    assert (kept.trust_anchor, kept.verified_at) == (None, None)


def test_of_registrations_changes_and_a_removal_at_once_nobody_keeps_the_mark(trusting: Registry) -> None:
    known = [trusting.register(stated(trusting)) for _ in range(4)]
    jobs: list[Callable[[], object]] = [lambda: removed(trusting)]
    for told in known:
        change = bank_data(client_id=told["client_id"], jwks=None)
        given = ("PUT", told["client_id"], told["registration_access_token"], change)
        jobs += [lambda given=given: trusting.call(*given).status_code]  # type: ignore[misc]
    asked = stated(trusting)
    jobs += [lambda: trusting.post(asked).status_code] * 6
    todo = iter(random.Random(7).sample(jobs, len(jobs)))
    found = at_once(len(jobs), lambda: next(todo)())
    assert {one for one in found if one is not None} <= {200, 201, 400}
    with trusting.hub.db.read() as session:
        rows = session.scalars(select(Client)).all()
    assert {(one.trust_anchor, one.verified_at) for one in rows} == {(None, None)}


OTHERS: dict[str, dict[str, Any]] = {
    "another software": {"software_id": "lagoon-pay", "software_client_name": "Lagoon Pay"},
    "no software in particular": {"software_id": None},
    "another issuer's of that id": {"iss": "https://other.example"},
}


@pytest.mark.parametrize("claims", OTHERS.values(), ids=OTHERS.keys())
def test_an_update_cannot_make_a_client_another_software(trusting: Registry, claims: dict[str, Any]) -> None:
    """Statements are not secret: whoever holds this registration may hold another software's statement too."""
    trusting.trust("Other", issuer="https://other.example")
    told = trusting.register(stated(trusting))
    client_id, token = told["client_id"], told["registration_access_token"]
    other = stated(trusting, trusting.statement(**claims), client_id=client_id)
    assert refusal(trusting.call("PUT", client_id, token, other)) == (400, "invalid_software_statement")
    removed(trusting)  # nor once nobody vouches for it any more
    trusting.trust("Directory again")
    assert refusal(trusting.call("PUT", client_id, token, other)) == (400, "invalid_software_statement")
    newer = stated(trusting, trusting.statement(software_client_name="Nest Egg 2"), client_id=client_id)
    assert trusting.call("PUT", client_id, token, newer).get_json()["client_name"] == "Nest Egg 2"
    assert row(trusting, client_id).trust_anchor == "Directory again"


def test_a_statement_without_a_software_id_is_not_replaced_by_another(trusting: Registry) -> None:
    nameless = trusting.statement(software_id=None)
    told = trusting.register(stated(trusting, nameless))
    client_id, token = told["client_id"], told["registration_access_token"]
    other = stated(trusting, trusting.statement(software_id=None, software_client_name="B"), client_id=client_id)
    assert refusal(trusting.call("PUT", client_id, token, other)) == (400, "invalid_software_statement")
    same = stated(trusting, nameless, client_id=client_id)
    assert trusting.call("PUT", client_id, token, same).status_code == 200


def test_a_mark_that_the_operator_took_back_does_not_come_back_with_an_update(trusting: Registry) -> None:
    told = trusting.register(stated(trusting))
    client_id, token = told["client_id"], told["registration_access_token"]
    with trusting.hub.db.write() as session:
        session.get_one(Client, client_id).verified_at = None  # rialto clients verify --off
    newer = stated(trusting, trusting.statement(software_client_name="Nest Egg 2"), client_id=client_id)
    for change in (bank_data(client_id=client_id, jwks=None), newer):
        assert trusting.call("PUT", client_id, token, change).status_code == 200
        assert row(trusting, client_id).verified_at is None


def test_an_anchors_keys_may_be_at_an_address(registry: Registry) -> None:
    url = "https://directory.example/jwks"
    registry.trust(jwks=None, jwks_uri=url)
    registry.publish(KEYS, jwks())
    assert refusal(registry.post(stated(registry)))[0] == 400  # nothing is there yet
    registry.publish(url, jwks(public(kid="anchor")))
    assert registry.post(stated(registry)).status_code == 201


def test_what_cannot_be_an_anchor_is_refused(registry: Registry) -> None:
    registry.trust()
    for name, keys in (
        ("x" * 37, {"jwks": jwks(), "jwks_uri": None}),
        ("Di\u202erectory", {"jwks": jwks(), "jwks_uri": None}),
        ("None", {"jwks": None, "jwks_uri": None}),
        ("Both", {"jwks": jwks(), "jwks_uri": "https://a.example/"}),
        ("Plain", {"jwks": None, "jwks_uri": "http://a.example/"}),
        ("Private", {"jwks": jwks(key().as_dict(private=True)), "jwks_uri": None}),
        ("Empty", {"jwks": {"keys": []}, "jwks_uri": None}),
    ):
        with pytest.raises(BadInput):
            registry.trust(name, issuer="https://new.example", **keys)
    with pytest.raises(Conflict):
        registry.trust("Directory", issuer="https://new.example")
    with pytest.raises(Conflict):
        registry.trust("New", issuer=DIRECTORY)
