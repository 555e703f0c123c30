"""Sealed values open only with the right key, in the right place, unchanged; keys rotate."""

import stat
from pathlib import Path

import pytest

from hub.context import Hub
from hub.keys import TPP
from hub.reseal import SEALED, columns, reseal_all
from hub.sealing import SealBroken, Sealer, new_key_text, parse_keys, sealer_for
from hub.settings import Settings, SettingsError

OLD, NEW = parse_keys(new_key_text()), parse_keys(new_key_text())


def test_a_sealed_value_opens_in_its_place() -> None:
    sealer = Sealer(OLD)
    assert sealer.open(sealer.seal(b"token", "connection.access:1"), "connection.access:1") == b"token"


def test_a_value_copied_to_another_row_does_not_open() -> None:
    sealer = Sealer(OLD)
    with pytest.raises(SealBroken):
        sealer.open(sealer.seal(b"token", "connection.access:1"), "connection.access:2")


def test_any_changed_byte_breaks_the_seal() -> None:
    sealer = Sealer(OLD)
    sealed = sealer.seal(b"token", "here")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            sealer.open(changed, "here")


@pytest.mark.parametrize("garbage", [b"", b"\x01", b"\x01\xff", b"\x02\x01a" + b"0" * 40, b"plain text"])
def test_garbage_is_a_broken_seal_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(SealBroken):
        Sealer(OLD).open(garbage, "here")


def test_rotation_old_values_open_new_ones_use_the_new_key_and_resealing_moves_them() -> None:
    old = Sealer(OLD).seal(b"token", "here")
    ring = Sealer(NEW | OLD)
    assert ring.open(old, "here") == b"token"
    moved = ring.reseal(old, "here")
    assert ring.is_current(moved)
    assert ring.reseal(moved, "here") == moved
    assert Sealer(NEW).open(moved, "here") == b"token"


def test_every_sealed_column_is_in_the_rotation() -> None:
    assert {(sealed.table, sealed.column) for sealed in SEALED} == columns()


def test_the_hubs_own_keys_survive_rotation(hub: Hub) -> None:
    key = hub.keys.signing(TPP)
    salt = hub.keys.secret("pairwise")
    ring = Sealer(NEW | hub.sealer._ring)
    rotated = Hub(hub.settings, hub.db, ring, hub.clock, type(hub.keys)(hub.db, ring, hub.clock), {})
    assert sum(moved for _, moved in reseal_all(rotated)) == 2
    fresh = type(hub.keys)(hub.db, Sealer(NEW), hub.clock)
    assert fresh.signing(TPP).thumbprint() == key.thumbprint()
    assert fresh.secret("pairwise") == salt


def test_the_first_start_makes_one_private_key_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    sealed = sealer_for(settings).seal(b"x", "here")
    assert sealer_for(settings).open(sealed, "here") == b"x"
    assert stat.S_IMODE((tmp_path / "var/master.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["master.key"]


def test_a_public_hub_does_not_start_without_a_key() -> None:
    with pytest.raises(SettingsError, match="RIALTO_MASTER_KEYS"):
        sealer_for(Settings(base_url="https://hub.example"))


@pytest.mark.parametrize("text", ["", "a", "a:b", "a:" + "A" * 43, "a:" + "A" * 43 + "=,", ":AAAA"])
def test_a_malformed_ring_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Sealer(parse_keys(text))


def test_a_sealer_does_not_print_its_keys() -> None:
    key = next(iter(OLD.values()))
    assert repr(key) not in repr(Sealer(OLD))
