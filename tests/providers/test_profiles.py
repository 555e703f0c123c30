"""Profiles of real banks: every file fits its schema and its standard, says where it is from, and promises nothing."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from providers import profiles
from providers.listing import NEEDS
from providers.registry import ADAPTERS, BUILT_IN_INSTITUTIONS, CatalogueError, Institution, load_institutions

FILES = sorted(BUILT_IN_INSTITUTIONS.rglob("*.json"))
CATALOGUE = load_institutions([BUILT_IN_INSTITUTIONS])
REAL = [CATALOGUE[path.stem] for path in FILES if path.parent != BUILT_IN_INSTITUTIONS]
DOCUMENTS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    return profiles.schema()


@pytest.fixture(scope="module")
def validator(schema: Mapping[str, Any]) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_fits_the_schema_and_the_standard_it_names(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    content = json.loads(path.read_text())
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)] == []
    profiles.check(CATALOGUE[content["id"]])


@pytest.mark.parametrize("one", REAL, ids=lambda one: one.id)
def test_a_real_bank_is_listed_and_neither_enabled_nor_called_verified(one: Institution) -> None:
    assert (one.status, one.enabled) == ("unverified", False)
    assert one.facts, "say where the file's content is from"
    assert profiles.to_enable(one), "say what an operator has to bring"
    assert "client_id" not in one.api
    assert not any("file" in name or "certificate" in name for name in one.api), "paths are the operator's"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_lies_where_its_country_and_id_say(path: Path) -> None:
    one = CATALOGUE[path.stem]
    folder = BUILT_IN_INSTITUTIONS if one.enabled else BUILT_IN_INSTITUTIONS / one.country.lower()
    assert path.parent == folder


def test_there_are_banks_of_many_countries_and_standards() -> None:
    assert len(REAL) >= 60
    assert {one.country for one in REAL} >= {"AT", "BE", "DE", "DK", "ES", "FR", "GB", "IE", "IT", "NL", "RO"}
    assert {one.standard for one in REAL} == {"berlin_group", "stet", "uk_obie"}


def bank(api: dict[str, Any], standard: str = "uk_obie", **more: Any) -> Institution:
    content = {"id": "b", "name": "B", "standard": standard, "version": "1", "country": "GB", "api": api}
    return msgspec.convert(content | {"enabled": False} | more, Institution)


WHOLE = {"authorization_endpoint": "https://b.example/a", "token_endpoint": "https://b.example/t", "client_id": "us"}
STET = WHOLE | {"resource_base": "https://b.example/v1"}


def test_what_only_an_operator_has_may_be_absent_and_is_named() -> None:
    partial = bank({name: value for name, value in STET.items() if name != "client_id"}, "stet")
    assert profiles.lacking(partial) == ("client_id",)
    assert profiles.lacking(bank(STET, "stet")) == ()


@pytest.mark.parametrize(
    ("api", "named"),
    [
        ({"token_endpoint": "ftp://b.example"}, "token_endpoint"),
        ({"aisp": {"version": "3.1"}}, "aisp.*base"),
        ({"aisp": {"base": "https://b.example/open-banking/v4.0/aisp", "version": "3.1"}}, "aisp.*4.0"),
        ({"signature": "none"}, "'signature'"),
        ({"headers": {"send": {"Authorization": "x"}}}, "Authorization"),
    ],
)
def test_what_is_there_must_fit_although_the_rest_is_absent(api: dict[str, Any], named: str) -> None:
    with pytest.raises(CatalogueError, match=rf"institution b: api: .*{named}"):
        profiles.lacking(bank(api))


def test_members_that_contradict_each_other_are_found_once_all_are_there() -> None:
    api = {
        "issuer": "https://b.example",
        "jwks_uri": "https://b.example/keys",
        "token_auth": "client_secret_basic",
        "aisp": {"base": "https://b.example/v3.1/aisp"},
    }
    assert profiles.lacking(bank(api)) == ("authorization_endpoint", "token_endpoint", "client_id")
    with pytest.raises(CatalogueError, match="needs client_secret_file"):
        profiles.lacking(bank(api | WHOLE))


def test_an_enabled_bank_must_be_whole() -> None:
    half = {name: value for name, value in STET.items() if name != "client_id"}
    with pytest.raises(CatalogueError, match=r"enabled and lacks api\.client_id"):
        profiles.check(bank(half, "stet", enabled=True))
    profiles.check(bank(STET, "stet", enabled=True))


def test_what_it_takes_to_enable_a_bank_is_said_in_words() -> None:
    listing = {"needs": ["qwac"], "gaps": ["branch_first"]}
    taken = profiles.to_enable(bank(WHOLE, "stet", listing=listing))
    assert taken == (
        NEEDS["qwac"],
        "api.resource_base",
        "an adapter that can do this: which branch or member bank it is, before anything",
    )
    assert profiles.to_enable(bank(STET, "stet", enabled=True)) == ()


def test_a_standard_that_an_outside_package_brings_checks_itself() -> None:
    assert profiles.lacking(bank({"anything": 1}, "telepathy")) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"api": {"base_url": "https://b.example", "basee": "x"}},
        {"api": {"base_url": "not a url"}},
        {"rules": "no_such_rules"},
        {"rules": {"amounts": {"sign": "perhaps"}}},
        {"listing": {"sca": ["telepathy"]}},
        {"facts": [{"source": "a letter", "date": "2022", "by": "me"}]},
        {"surprise": 1},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(
    changed: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> None:
    good = json.loads((BUILT_IN_INSTITUTIONS / "lorelei.json").read_text())
    assert validator.is_valid(good)
    assert not validator.is_valid(good | changed)


def test_the_schema_knows_every_standard(schema: Mapping[str, Any]) -> None:
    named = {branch["if"]["properties"]["standard"]["const"] for branch in schema["allOf"]}
    assert named == set(ADAPTERS)


def test_every_knob_has_its_line_in_the_documents(schema: Mapping[str, Any]) -> None:
    pages = ("providers/profiles.md", "providers/simplefin.md", "operating/uk-banks.md", "operating/other-banks.md")
    text = "\n".join((DOCUMENTS / page).read_text() for page in pages)
    written = set(re.findall(r"[A-Za-z_0-9]+", " ".join(re.findall(r"`[^`\n]+`|\"[a-z_]+\":", text))))
    kinds = [profiles.settings_kind(standard) for standard in ADAPTERS]
    knobs = {name for kind in kinds if kind is not None for name in kind.__struct_fields__}
    knobs |= set(schema["properties"]) | set(schema["$defs"]["Listing"]["properties"])
    assert knobs - written == set()


def test_the_example_in_the_documents_enables_a_bank(tmp_path: Path) -> None:
    page = (DOCUMENTS / "providers" / "profiles.md").read_text()
    example = page[page.index("    {\n") : page.index("\n    }\n") + 7]
    (tmp_path / "mine.json").write_text(example)
    mine = load_institutions([BUILT_IN_INSTITUTIONS, tmp_path])[json.loads(example)["extends"]]
    assert mine.enabled
    profiles.check(mine)


def test_the_documents_count_the_banks_right() -> None:
    count = str(len(REAL))
    assert f"{count} of them" in (DOCUMENTS / "providers" / "profiles.md").read_text()
    assert f"banks as files: {count} real ones" in (DOCUMENTS.parent / "README.md").read_text()
