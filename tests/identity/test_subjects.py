"""A client knows a person under a name that no other sector's client knows."""

import re

import pytest

from hub.identity.subjects import pairwise_sub

SALT = b"s" * 32


def test_the_same_sector_sees_the_same_subject_for_ever() -> None:
    # A changed value here would rename every person at every client.
    assert pairwise_sub(SALT, "app.example", "psu-1") == "Yg48DHyjIb5_uFUOdrZY9utOupELmfJAQTZgU0_78uM"
    assert pairwise_sub(SALT, "APP.example", "psu-1") == pairwise_sub(SALT, "app.example", "psu-1")


def test_sectors_people_and_hubs_all_make_a_difference() -> None:
    subjects = {
        pairwise_sub(salt, sector, psu_id)
        for salt in (SALT, b"t" * 32)
        for sector in ("app.example", "other.example", "app.examplep")
        for psu_id in ("psu-1", "su-1", "psu-2")
    }
    assert len(subjects) == 18
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", subject) for subject in subjects)


@pytest.mark.parametrize(("salt", "sector", "psu_id"), [(b"", "a", "b"), (SALT, "", "b"), (SALT, "a", "")])
def test_no_subject_is_made_of_nothing(salt: bytes, sector: str, psu_id: str) -> None:
    with pytest.raises(ValueError):
        pairwise_sub(salt, sector, psu_id)
