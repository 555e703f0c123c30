"""Banks are data: read, checked, overridden, and joined to the adapter that speaks their standard."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest

from providers import registry
from providers.au_cdr.adapter import AuCdrAdapter
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.br_openfinance.adapter import BrOpenFinanceAdapter
from providers.registry import BUILT_IN_INSTITUTIONS, CatalogueError, Institution, adapter_for, load_institutions
from providers.rules.profile import Rules
from providers.stet.adapter import StetAdapter
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp

GOOD: dict[str, Any] = {
    "id": "albion", "name": "Albion", "standard": "uk_obie", "version": "3.1", "country": "GB", "api": {},
}  # fmt: skip


def write(directory: Path, name: str, content: dict[str, Any] | str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_the_built_in_banks_load_and_have_working_adapters() -> None:
    found = load_institutions([BUILT_IN_INSTITUTIONS])
    tried = {one.id for one in found.values() if one.status == "sandbox"}
    assert tried == {"albion", "bunyip", "cambria", "iara", "lagoon", "lorelei", "melusine"}
    assert [found[name].country for name in ("albion", "lorelei", "melusine")] == ["GB", "DE", "FR"]
    assert isinstance(adapter_for(found["melusine"], tpp.tpp()), StetAdapter)
    assert isinstance(adapter_for(found["bunyip"], tpp.tpp()), AuCdrAdapter)
    assert isinstance(adapter_for(found["iara"], tpp.tpp()), BrOpenFinanceAdapter)
    assert isinstance(adapter_for(found["albion"], tpp.tpp()), UkObieAdapter)
    assert isinstance(adapter_for(found["lorelei"], tpp.tpp()), BerlinGroupAdapter)


def test_a_later_directory_overrides_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path / "a", "1.json", GOOD)
    write(tmp_path / "b", "other-name.json", GOOD | {"name": "Albion, mine"})
    found = load_institutions([tmp_path / "a", tmp_path / "b"])
    assert [one.name for one in found.values()] == ["Albion, mine"]


def test_one_id_twice_in_one_directory_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "1.json", GOOD)
    write(tmp_path, "2.json", GOOD)
    with pytest.raises(CatalogueError, match=r"2\.json: id 'albion'"):
        load_institutions([tmp_path])


def test_a_file_may_extend_a_bank_of_an_earlier_folder(tmp_path: Path) -> None:
    profile = GOOD | {"enabled": False, "colour": "#123456", "api": {"issuer": "https://a.example", "kid": "one"}}
    mine = {"extends": "albion", "enabled": True, "colour": None, "api": {"client_id": "us", "kid": None}}
    write(tmp_path / "a" / "gb", "1.json", profile)
    write(tmp_path / "b", "mine.json", mine)
    (one,) = load_institutions([tmp_path / "a", tmp_path / "b"]).values()
    assert (one.id, one.enabled, one.colour) == ("albion", True, "#444444")
    assert one.api == {"issuer": "https://a.example", "client_id": "us"}


def test_a_file_may_make_another_bank_of_one(tmp_path: Path) -> None:
    write(tmp_path / "a", "1.json", GOOD)
    write(tmp_path / "b", "brand.json", {"extends": "albion", "id": "albion_direct", "name": "Albion Direct"})
    found = load_institutions([tmp_path / "a", tmp_path / "b"])
    assert [found[name].name for name in ("albion", "albion_direct")] == ["Albion", "Albion Direct"]


def test_former_states_of_a_mounted_folder_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "..2026_11_26", "1.json", GOOD)
    (tmp_path / "..data").symlink_to("..2026_11_26")
    (tmp_path / "1.json").symlink_to("..data/1.json")
    write(tmp_path, ".2.json", GOOD | {"id": "hidden"})
    assert list(load_institutions([tmp_path])) == ["albion"]


@pytest.mark.parametrize("base", ["nobody", 7, ["albion"]])
def test_what_extends_no_bank_of_an_earlier_folder_is_refused(tmp_path: Path, base: object) -> None:
    write(tmp_path, "1.json", GOOD)
    write(tmp_path, "2.json", {"extends": base})
    with pytest.raises(CatalogueError, match=r"2\.json: it extends"):
        load_institutions([tmp_path])


def test_a_bank_that_wants_what_no_adapter_does_is_never_enabled(tmp_path: Path) -> None:
    write(tmp_path, "1.json", GOOD | {"listing": {"gaps": ["two_consents"]}})
    with pytest.raises(CatalogueError, match=r"1\.json: .*two consents after each other"):
        load_institutions([tmp_path])


WRONG = [
    ({"country": "UK "}, "country"),
    ({"country": "Britain"}, "country"),
    ({"id": "../etc"}, "id"),
    ({"surprise": 1}, "surprise"),
    ({"colour": "red"}, "colour"),
    ({"max_history_days": 0}, "max_history_days"),
    ({"name": ""}, "name"),
    ({"api": []}, "api"),
    ({"status": "probably"}, "status"),
    ({"bics": ["TOOSHORT1"]}, "bics"),
    ({"also_in": ["Ireland"]}, "also_in"),
    ({"website": "javascript:alert(1)"}, "website"),
    ({"facts": [{"source": "a letter"}]}, "date"),
    ({"facts": [{"source": "a letter", "date": "last year"}]}, "date"),
    ({"listing": {"gaps": ["telepathy"]}}, "gaps"),
    ({"listing": {"history": {"days": 0}}}, "history"),
]


@pytest.mark.parametrize(("changed", "field"), WRONG)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, changed: dict[str, Any], field: str) -> None:
    write(tmp_path, "bank.json", GOOD | changed)
    with pytest.raises(CatalogueError, match=rf"bank\.json: .*{field}"):
        load_institutions([tmp_path])


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff"])
def test_a_file_that_is_no_institution_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bank.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CatalogueError, match=r"bank\.json"):
        load_institutions([tmp_path])


def institution(standard: str) -> Institution:
    return msgspec.convert(GOOD | {"standard": standard}, Institution)


def test_an_unknown_standard_is_named() -> None:
    with pytest.raises(CatalogueError, match="'telepathy'"):
        adapter_for(institution("telepathy"), tpp.tpp())


def outside(*names: str) -> Any:
    entries = [EntryPoint(name, f"{__name__}:fake_factory", registry.ENTRY_POINT_GROUP) for name in names]

    def entry_points(*, group: str, name: str) -> list[EntryPoint]:
        assert group == "rialto.adapters"
        return [entry for entry in entries if entry.name == name]

    return entry_points


def fake_factory(institution: Institution, _: object) -> str:
    return f"an adapter for {institution.standard}"


def test_an_outside_package_may_bring_a_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", outside("telepathy"))
    assert str(adapter_for(institution("telepathy"), tpp.tpp())) == "an adapter for telepathy"


def test_an_outside_package_never_replaces_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", outside("uk_obie"))
    assert isinstance(adapter_for(tpp.albion(), tpp.tpp()), UkObieAdapter)


def test_two_packages_with_one_standard_are_a_quarrel_for_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", outside("telepathy", "telepathy"))
    with pytest.raises(CatalogueError, match="more than one"):
        adapter_for(institution("telepathy"), tpp.tpp())


def test_a_bank_whose_ways_are_known_names_its_rules(tmp_path: Path) -> None:
    write(tmp_path, "1.json", GOOD | {"rules": "mbank_pl"})
    write(tmp_path, "2.json", GOOD | {"id": "other", "rules": {"dates": {"swapped": True}}})
    found = load_institutions([tmp_path])
    assert found["albion"].rules == registry.known_rules("mbank_pl")
    assert found["albion"].rules.dates == found["other"].rules.dates


@pytest.mark.parametrize("rules", ["nobody_knows", "../../registry", {"dates": {"texts": ["no blank"]}}, 7])
def test_wrong_rules_are_named_with_their_file(tmp_path: Path, rules: Any) -> None:
    write(tmp_path, "bank.json", GOOD | {"rules": rules})
    with pytest.raises(CatalogueError, match=r"bank\.json: "):
        load_institutions([tmp_path])


@pytest.mark.parametrize("name", [path.stem for path in sorted(registry.KNOWN_RULES.glob("*.json"))])
def test_known_rules_say_something_and_what_it_is(name: str) -> None:
    rules = registry.known_rules(name)
    assert len(rules.note) > 20
    assert rules != msgspec.structs.replace(Rules(), note=rules.note)
