"""Banks are data: one JSON file each, read here, and joined to the adapter that speaks their standard."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from providers.port import Adapter
from providers.registering import Registrar
from providers.rules.profile import NO_RULES, Rules
from providers.tpp import Tpp

KNOWN_RULES = Path(__file__).parent / "rules" / "known"
BUILT_IN_INSTITUTIONS = Path(__file__).parent / "institutions"
ENTRY_POINT_GROUP = "rialto.adapters"

# standard -> "module:factory", a factory taking (institution, tpp). Imported when first needed.
ADAPTERS = {
    "au_cdr": "providers.au_cdr.adapter:AuCdrAdapter",
    "br_openfinance": "providers.br_openfinance.adapter:BrOpenFinanceAdapter",
    "berlin_group": "providers.berlin_group.adapter:BerlinGroupAdapter",
    "simplefin": "providers.simplefin.adapter:SimpleFinAdapter",
    "stet": "providers.stet.adapter:StetAdapter",
    "uk_obie": "providers.uk_obie.adapter:UkObieAdapter",
}

RESERVED_IDS = frozenset({"file"})  # statements that people bring themselves belong to no bank

# Standards in which a client registers itself: a factory taking (institution, tpp).
REGISTRARS = {"uk_obie": "providers.uk_obie.registration:registrar_for"}

AdapterFactory = Callable[["Institution", Tpp], Adapter]
S = TypeVar("S")


class CatalogueError(ValueError):
    """A bank's file is wrong. The message names the file or the bank, and the field."""


class Institution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bank as the hub lists it. ``country`` is ISO 3166-1 alpha-2; ``api`` belongs to the standard's adapter.
    ``rules`` says how this bank's rows deviate (providers.rules.profile); in a file it may be the name of rules that
    are known already (providers/rules/known).

    ``unattended_calls_per_day`` per account and endpoint: RTS on SCA art. 36(5)(b).
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    standard: str
    version: str
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    api: dict[str, Any]
    max_history_days: Annotated[int, Meta(ge=1, le=36500)] = 730
    unattended_calls_per_day: Annotated[int, Meta(ge=0)] = 4
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#444444"
    description: Annotated[str, Meta(max_length=500)] = ""
    rules: Rules = NO_RULES


def load_institutions(directories: Iterable[Path]) -> Mapping[str, Institution]:
    """Every ``*.json`` in ``directories``, by id. A later directory overrides an earlier one by id.

    Raises CatalogueError for a file that does not fit and for an id that comes twice in one directory.
    """
    found: dict[str, Institution] = {}
    for directory in directories:
        here: dict[str, Institution] = {}
        for path in sorted(directory.glob("*.json")):
            institution = _read(path)
            if institution.id in here:
                raise CatalogueError(f"{path}: id {institution.id!r} is taken by another file here")
            here[institution.id] = institution
        found |= here
    return found


def _read(path: Path) -> Institution:
    try:
        content = msgspec.json.decode(path.read_bytes())
        if isinstance(content, dict) and isinstance(content.get("rules"), str):
            content["rules"] = known_rules(content["rules"])
        found = msgspec.convert(content, Institution)
    except (msgspec.MsgspecError, UnicodeDecodeError, CatalogueError) as error:
        raise CatalogueError(f"{path}: {error}") from None
    if found.id in RESERVED_IDS:
        raise CatalogueError(f"{path}: the id {found.id!r} is not for banks")
    return found


def known_rules(name: str) -> Rules:
    """The rules of a bank whose ways are known; CatalogueError with the names there are."""
    names = {path.stem: path for path in KNOWN_RULES.glob("*.json")}
    if name not in names:
        raise CatalogueError(f"rules: {name!r} is not among the known ones: {', '.join(sorted(names))}")
    return msgspec.json.decode(names[name].read_bytes(), type=Rules)


def settings_of(institution: Institution, kind: type[S]) -> S:
    """``institution.api`` as the adapter's own Struct; CatalogueError names the bank and the field."""
    try:
        return msgspec.convert(institution.api, kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"institution {institution.id}: api: {error}") from None


def adapter_for(institution: Institution, tpp: Tpp) -> Adapter:
    """The adapter for ``institution``. An outside package may add standards but never replace one of ours."""
    return _factory(institution.standard)(institution, tpp)


def registrar_for(institution: Institution, tpp: Tpp) -> Registrar:
    """What registers us at ``institution``. Raises CatalogueError where nothing does, or its file does not say how."""
    dotted = REGISTRARS.get(institution.standard)
    if dotted is None:
        raise CatalogueError(f"institution {institution.id}: clients of {institution.standard!r} register elsewhere")
    module, _, name = dotted.partition(":")
    registrar: Registrar = getattr(importlib.import_module(module), name)(institution, tpp)
    return registrar


def _factory(standard: str) -> AdapterFactory:
    dotted = ADAPTERS.get(standard)
    if dotted is not None:
        module, _, name = dotted.partition(":")
        factory: AdapterFactory = getattr(importlib.import_module(module), name)
        return factory
    offered = tuple(entry_points(group=ENTRY_POINT_GROUP, name=standard))
    if len(offered) > 1:
        raise CatalogueError(f"more than one package offers an adapter for {standard!r}")
    for entry in offered:
        outside: AdapterFactory = entry.load()
        return outside
    raise CatalogueError(f"no adapter speaks {standard!r}")
