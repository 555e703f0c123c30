"""Signing keys and lasting secrets: one of each, however many processes start at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from hub.context import Hub
from hub.keys import AS, TPP, KeyRing
from hub.models.key import Secret, SigningKey


@pytest.mark.parametrize(("purpose", "kty", "alg"), [(AS, "EC", "ES256"), (TPP, "RSA", "PS256")])
def test_a_key_is_made_once_and_published_without_its_private_half(hub: Hub, purpose: str, kty: str, alg: str) -> None:
    kid = hub.keys.active(purpose).kid
    (published,) = hub.keys.jwks(purpose)["keys"]
    assert published["kid"] == kid
    assert (published["kty"], published["alg"], published["use"]) == (kty, alg, "sig")
    assert {"d", "p", "q", "dp", "dq", "qi"}.isdisjoint(published)


def test_simultaneous_first_starts_agree_on_one_key_and_one_secret(hub: Hub) -> None:
    rings = [KeyRing(hub.db, hub.sealer, hub.clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(lambda ring: ring.active(AS).kid, rings))
        salts = set(pool.map(lambda ring: ring.secret("pairwise"), rings))
    assert len(kids) == len(salts) == 1
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(SigningKey)) == 1
        assert session.scalar(select(func.count()).select_from(Secret)) == 1


def test_nothing_private_is_stored_in_the_clear(hub: Hub) -> None:
    pem = hub.keys.active(TPP).as_pem(private=True)
    with hub.db.read() as session:
        (row,) = session.scalars(select(SigningKey)).all()
    assert pem not in row.private_sealed
    assert b"PRIVATE" not in row.private_sealed
