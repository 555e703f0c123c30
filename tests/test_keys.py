"""The ring of signing keys, as one process and as several see it; and the lasting secrets."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from hub import keys
from hub.context import Hub
from hub.keys import AS, TPP, KeyRing
from hub.logs import quiet_libraries
from hub.models.key import KeyState, Secret, SigningKey
from hub.signing import lines, rotation
from hub.signing.lines import line_of
from tests.conftest import TestClock
from tests.statements import statements

ES256 = line_of(AS)


def another_process(hub: Hub) -> KeyRing:
    return KeyRing(hub.db, hub.sealer, hub.clock)


def states(hub: Hub) -> dict[str, str]:
    with hub.db.read() as session:
        return {row.kid: row.state for row in session.scalars(select(SigningKey))}


def rotate_now(hub: Hub) -> rotation.Rotated:
    done = rotation.rotate(hub, ES256, replaces=str(hub.keys.signing(AS).kid), now=hub.clock(), at_once=True)
    assert done is not None
    return done


@pytest.mark.parametrize(
    ("purpose", "alg", "kty", "crv"),
    [
        (AS, "ES256", "EC", "P-256"),
        (AS, "PS256", "RSA", None),
        (AS, "EdDSA", "OKP", "Ed25519"),
        (AS, "RS256", "RSA", None),
        (TPP, "PS256", "RSA", None),
    ],
)
def test_each_line_signs_with_its_own_kind_of_key(hub: Hub, purpose: str, alg: str, kty: str, crv: str | None) -> None:
    key = hub.keys.signing(purpose, alg)
    assert (key.key_type, key.get("crv"), key.alg, key.get("use")) == (kty, crv, alg, "sig")
    assert key.kid == key.thumbprint()  # RFC 7638
    assert key.is_private
    assert not isinstance(key, RSAKey) or key.raw_value.key_size >= 2048
    public = hub.keys.verifying(purpose, str(key.kid))
    assert public is not None
    assert not public.is_private
    assert (public.thumbprint(), public.alg) == (key.kid, alg)


def test_a_purpose_has_a_usual_algorithm_and_no_others_than_its_own(hub: Hub) -> None:
    assert hub.keys.signing(AS).alg == "ES256"
    assert hub.keys.signing(TPP).alg == "PS256"
    for purpose, alg in ((AS, "HS256"), (AS, "none"), (AS, ""), (TPP, "ES256"), ("nobody", None)):
        with pytest.raises(ValueError, match="no line"):
            hub.keys.signing(purpose, alg)


def test_signing_with_eddsa_warns_nobody(hub: Hub, recwarn: pytest.WarningsRecorder) -> None:
    quiet_libraries()
    key = hub.keys.signing(AS, "EdDSA")
    token = jws.serialize_compact({"alg": "EdDSA", "kid": str(key.kid)}, b"{}", key, algorithms=["EdDSA"])
    public = hub.keys.verifying(AS, str(key.kid))
    assert public is not None
    assert jws.deserialize_compact(token, public, algorithms=["EdDSA"]).payload == b"{}"
    assert recwarn.list == []


def test_a_key_speaks_for_its_purpose_only(hub: Hub) -> None:
    assert hub.keys.verifying(AS, str(hub.keys.signing(TPP).kid)) is None


def test_signing_makes_the_key_that_it_needs_and_no_other(hub: Hub) -> None:
    assert states(hub) == {}
    kid = hub.keys.signing(AS).kid
    assert states(hub) == {kid: "active"}


def test_the_first_answer_of_the_jwks_holds_every_key_that_may_ever_sign_before_the_next_rotation(hub: Hub) -> None:
    published = hub.keys.jwks(AS)["keys"]
    algorithms = [key["alg"] for key in published]
    assert sorted(algorithms) == sorted(2 * list(lines.ALGORITHMS[AS]))  # active and next of each
    kids = [key["kid"] for key in published]
    assert len(set(kids)) == len(kids)
    signing = {hub.keys.signing(AS, alg).kid for alg in lines.ALGORITHMS[AS]}
    assert set(kids[:4]) == signing, "the keys that sign come first"
    assert hub.keys.jwks(AS)["keys"] == published


@pytest.mark.parametrize("purpose", [AS, TPP])
def test_what_is_published_has_no_private_half(hub: Hub, purpose: str) -> None:
    for key in hub.keys.jwks(purpose)["keys"]:
        assert {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}.isdisjoint(key)
        assert {"kid", "kty", "alg", "use"} <= set(key)


def test_simultaneous_first_starts_agree_on_one_key_and_one_secret(hub: Hub) -> None:
    rings = [another_process(hub) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(lambda ring: ring.signing(AS).kid, rings))
        salts = set(pool.map(lambda ring: ring.secret("pairwise"), rings))
        published = list(pool.map(lambda ring: ring.jwks(TPP), rings))
    assert len(kids) == len(salts) == 1
    assert all(one == published[0] for one in published)
    assert sorted(states(hub).values()) == ["active", "active", "next"]
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Secret)) == 1


def test_the_threads_of_one_process_agree_too(hub: Hub) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: hub.keys.signing(AS, "EdDSA").kid, range(16)))) == 1


def test_a_restart_signs_with_the_same_keys(hub: Hub) -> None:
    before = [hub.keys.signing(AS, alg).as_pem(private=True) for alg in lines.ALGORITHMS[AS]]
    again = another_process(hub)
    assert [again.signing(AS, alg).as_pem(private=True) for alg in lines.ALGORITHMS[AS]] == before


def test_between_two_looks_at_the_database_keys_cost_no_query(hub: Hub, clock: TestClock) -> None:
    kid = str(hub.keys.signing(AS).kid)
    with statements(hub) as seen:
        for _ in range(100):
            clock.advance(seconds=(keys.REREAD_S - 1) / 100)
            hub.keys.signing(AS)
            hub.keys.verifying(AS, kid)
        assert seen == []
        clock.advance(seconds=1)
        hub.keys.verifying(AS, kid)
        assert len(seen) == 1


def test_every_process_follows_a_rotation_without_a_restart(hub: Hub, clock: TestClock) -> None:
    other = another_process(hub)
    old = other.signing(AS).kid
    done = rotate_now(hub)
    assert hub.keys.signing(AS).kid == done.active, "whoever rotates knows at once"
    assert other.signing(AS).kid == old, "the others have not looked yet"
    clock.advance(seconds=keys.REREAD_S)
    assert other.signing(AS).kid == done.active
    assert other.verifying(AS, str(old)) is None
    assert old not in {key["kid"] for key in other.jwks(AS)["keys"]}


def test_a_private_key_does_not_stay_in_memory_when_it_signs_no_more(hub: Hub) -> None:
    old = str(hub.keys.signing(AS).kid)
    assert old in hub.keys._private
    rotate_now(hub)
    assert old not in hub.keys._private


def test_an_unknown_name_is_looked_up_at_once_but_a_flood_of_them_is_not(hub: Hub, clock: TestClock) -> None:
    other = another_process(hub)
    other.signing(AS)
    newest = rotate_now(hub).next  # published after the other process last looked
    assert other.verifying(AS, newest) is not None
    with statements(hub) as seen:
        for number in range(1000):
            assert other.verifying(AS, f"forged-{number}") is None
        assert seen == []
        clock.advance(seconds=keys.UNKNOWN_REREAD_S)
        for number in range(1000):
            assert other.verifying(AS, f"forged-again-{number}") is None
        assert len(seen) == 1


def test_a_clock_that_is_set_back_does_not_freeze_the_ring(hub: Hub, clock: TestClock) -> None:
    other = another_process(hub)
    other.signing(AS)
    clock.advance(days=-1)
    done = rotate_now(hub)
    assert other.signing(AS).kid == done.active


def test_while_one_thread_looks_the_others_go_on(hub: Hub, clock: TestClock) -> None:
    kid = str(hub.keys.signing(AS).kid)
    clock.advance(seconds=keys.REREAD_S)
    with hub.keys._reading, statements(hub) as seen:
        assert hub.keys.verifying(AS, kid) is not None
        assert hub.keys.signing(AS).kid == kid
    assert seen == []


def test_a_retiring_key_stops_to_count_on_time_though_nobody_tidied_up(hub: Hub, clock: TestClock) -> None:
    hub.keys.jwks(AS)
    old = str(hub.keys.signing(AS).kid)
    clock.advance(days=90)
    rotation.rotate(hub, ES256, replaces=old, now=clock())
    assert hub.keys.verifying(AS, old) is not None
    clock.at += rotation.retiring_for(hub.settings) - timedelta(seconds=1)
    assert hub.keys.verifying(AS, old) is not None
    assert old in {key["kid"] for key in hub.keys.jwks(AS)["keys"]}
    clock.advance(seconds=1)
    assert hub.keys.verifying(AS, old) is None
    assert old not in {key["kid"] for key in hub.keys.jwks(AS)["keys"]}
    assert states(hub)[old] == KeyState.RETIRING


def test_banks_hear_the_new_key_as_soon_as_it_signs(hub: Hub, clock: TestClock) -> None:
    hub.keys.jwks(TPP)
    institution = next(iter(hub.institutions))
    before, adapter = hub.tpp.kid, hub.adapter(institution)
    assert hub.adapter(institution) is adapter
    clock.advance(days=2)
    done = rotation.rotate(hub, line_of(TPP), replaces=before, now=clock())
    assert done is not None
    assert hub.tpp.kid == done.active
    assert hub.adapter(institution) is not adapter
    assert {key["kid"] for key in hub.keys.jwks(TPP)["keys"]} == {before, done.active, done.next}


def test_a_stolen_database_holds_no_key_that_can_be_read(hub: Hub) -> None:
    hub.keys.jwks(AS)
    private = [hub.keys.signing(AS, alg) for alg in lines.ALGORITHMS[AS]]
    with hub.db.look() as connection:
        rows = connection.execute(select(SigningKey)).all()
    everything = repr(rows).encode()
    for key in private:
        assert key.as_pem(private=True) not in everything
        assert str(key.as_dict(private=True)["d"]).encode() not in everything
        assert key.as_der(private=True) not in b"".join(row.private_sealed or b"" for row in rows)
    assert b"PRIVATE KEY" not in everything
    assert all(row.private_sealed for row in rows)
