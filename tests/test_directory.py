"""Searching the catalogue: every condition narrows, and what nobody has said is not a no."""

from typing import Any

import msgspec
import pytest

from hub import directory
from hub.directory import Wanted
from providers.registry import Institution


def bank(id: str, name: str, country: str, **more: Any) -> Institution:
    content = {"id": id, "name": name, "country": country, "standard": "stet", "version": "1.4", "api": {}}
    return msgspec.convert(content | more, Institution)


CATALOGUE = (
    bank("zeta", "Zeta Bank", "FR", enabled=False, listing={"pending": False}),
    bank("alpha", "alpha bank", "GB", group="Zenith", also_in=["IE"], bics=["ALPHGB21"], status="verified"),
    bank("beta", "Beta Bank", "IE", standard="uk_obie", listing={"pending": True, "resources": ["statements"]}),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["alpha", "beta", "zeta"]),
        ({"words": "BANK"}, ["alpha", "beta", "zeta"]),
        ({"words": "bank zen"}, ["alpha"]),
        ({"words": "alphgb"}, ["alpha"]),
        ({"words": "nobody"}, []),
        ({"country": "IE"}, ["alpha", "beta"]),
        ({"country": "IE", "standard": "uk_obie"}, ["beta"]),
        ({"status": "verified"}, ["alpha"]),
        ({"enabled": False}, ["zeta"]),
        ({"enabled": True}, ["alpha", "beta"]),
        ({"pending": True}, ["beta"]),
        ({"pending": False}, ["zeta"]),
        ({"resource": "statements"}, ["beta"]),
    ],
)
def test_every_condition_narrows(wanted: dict[str, Any], found: list[str]) -> None:
    assert [one.id for one in directory.found(CATALOGUE, Wanted(**wanted))] == found
