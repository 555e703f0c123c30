"""The keys that banks encrypt to: one published, those before it still open, and none is lost or used too early."""

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from hub import housekeeping
from hub.app import create_app
from hub.context import Hub
from hub.encryption import OPENS_FOR, PUBLISH_AFTER_S, EncryptionKeys
from hub.models.key import EncryptionKey
from hub.models.signal import Signal
from hub.oauth import addresses
from hub.reseal import reseal_all
from providers.errors import ContractBroken
from providers.fapi.jwe import opened
from tests.conftest import TestClock
from tests.oauth.test_races import at_once


def encrypted(key: dict[str, Any]) -> str:
    """As a bank does with our published key."""
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": key["kid"]}
    return jwe.encrypt_compact(header, b"a.b.c", RSAKey.import_key(key))


def another_process(hub: Hub) -> EncryptionKeys:
    return EncryptionKeys(hub.db, hub.sealer, hub.clock)


def rotate(hub: Hub, *, compromised: bool = False) -> str:
    done = hub.encryption_keys.rotate(hub.encryption_keys.present() or "", now=hub.clock(), at_once=compromised)
    assert done is not None
    return done.present


def test_the_jwks_for_banks_holds_one_key_to_encrypt_to(hub: Hub) -> None:
    found = create_app(hub).test_client().get(addresses.TPP_JWKS).get_json()["keys"]
    (key,) = (one for one in found if one["use"] == "enc")
    assert (key["kty"], key["alg"]) == ("RSA", "RSA-OAEP")
    assert not set(key) & {"d", "p", "q", "dp", "dq", "qi"}
    assert opened(encrypted(key), hub.tpp) == "a.b.c"
    assert another_process(hub).published() == key
    row_private = [one.private_sealed for one in rows(hub)]
    assert row_private[0] is not None
    assert b"PRIVATE" not in row_private[0]


def rows(hub: Hub) -> list[EncryptionKey]:
    with hub.db.read() as session:
        return list(session.scalars(select(EncryptionKey).order_by(EncryptionKey.created_at)))


def test_a_new_key_is_published_only_once_every_process_opens_with_it(hub: Hub, clock: TestClock) -> None:
    first = hub.encryption_keys.published()
    other = another_process(hub)
    assert [one.kid for one in other.opening()] == [first["kid"]]
    clock.advance(seconds=60)
    second = rotate(hub)
    assert hub.encryption_keys.published() == first
    clock.advance(seconds=PUBLISH_AFTER_S)
    assert hub.encryption_keys.published()["kid"] == second
    assert [one.kid for one in other.opening()] == [second, first["kid"]]


def test_who_we_are_to_a_bank_follows_a_rotation(hub: Hub, clock: TestClock) -> None:
    us = hub.tpp  # as an adapter holds it, made before there was any key
    first = hub.encryption_keys.published()
    assert opened(encrypted(first), us) == "a.b.c"
    clock.advance(seconds=60)
    rotate(hub)
    clock.advance(seconds=PUBLISH_AFTER_S)
    assert hub.encryption_keys.published()["kid"] != first["kid"]
    assert opened(encrypted(hub.encryption_keys.published()), us) == opened(encrypted(first), us) == "a.b.c"


def test_the_old_key_opens_as_long_as_copies_of_the_jwks_live_and_is_wiped_then(hub: Hub, clock: TestClock) -> None:
    old = hub.encryption_keys.published()
    clock.advance(seconds=60)
    rotate(hub)
    clock.advance(seconds=PUBLISH_AFTER_S + OPENS_FOR.total_seconds() - 1)
    housekeeping.tidy(hub)
    assert opened(encrypted(old), hub.tpp) == "a.b.c"
    clock.advance(seconds=1)
    with pytest.raises(ContractBroken, match="no key"):
        opened(encrypted(old), hub.tpp)
    housekeeping.tidy(hub)
    housekeeping.tidy(hub)
    assert [one.private_sealed is None for one in rows(hub)] == [True, False]
    with hub.db.read() as session:
        told = session.scalars(
            select(Signal.kind).where(Signal.subject_id == "enc:RSA-OAEP").order_by(Signal.seq)
        ).all()
    assert told == ["key.made", "key.rotated", "key.gone"]


def test_a_compromised_key_opens_nothing_from_now_on(hub: Hub, clock: TestClock) -> None:
    first = hub.encryption_keys.published()
    clock.advance(seconds=60)
    rotate(hub)
    clock.advance(seconds=PUBLISH_AFTER_S)
    second = hub.encryption_keys.published()
    third = rotate(hub, compromised=True)
    assert hub.encryption_keys.published()["kid"] == third
    for key in (first, second):
        with pytest.raises(ContractBroken, match="no key"):
            opened(encrypted(key), hub.tpp)
    assert [one.private_sealed is None for one in rows(hub)] == [True, True, False]


def test_of_many_at_once_one_makes_the_first_key_and_one_replaces_it(hub: Hub, clock: TestClock) -> None:
    made = at_once([another_process(hub).published] * 4)
    assert len({one["kid"] for one in made}) == 1
    kid = hub.encryption_keys.present() or ""
    clock.advance(seconds=60)
    done = at_once([lambda: another_process(hub).rotate(kid, now=clock())] * 4)
    assert len([one for one in done if one is not None]) == 1
    assert len(rows(hub)) == 2


def test_the_database_refuses_a_second_present_key_and_one_that_opens_nothing(hub: Hub, clock: TestClock) -> None:
    hub.encryption_keys.published()
    clock.advance(seconds=60)
    rotate(hub)
    old, new = rows(hub)
    for kid, values in (
        (old.kid, {"retired_at": None, "opens_until": None}),
        (new.kid, {"private_sealed": None}),
        (new.kid, {"retired_at": clock()}),
    ):
        with pytest.raises(IntegrityError), hub.db.write() as session:
            session.execute(update(EncryptionKey).where(EncryptionKey.kid == kid).values(values))


def test_it_is_resealed_with_the_rest(hub: Hub) -> None:
    hub.encryption_keys.published()
    assert "encryption_key.private_sealed" in dict(reseal_all(hub))
    assert another_process(hub).opening() == hub.encryption_keys.opening()
    assert timedelta(hours=1) < OPENS_FOR
