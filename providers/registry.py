"""Banks are data: one JSON file each, read here, and joined to the adapter that speaks their standard.

A file is a whole bank, or it ``extends`` one of an earlier folder: then it is a merge patch (RFC 7396) to that bank's
file, for what an operator adds to a profile (``client_id``) and for brands that differ in little.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from providers.listing import GAPS, NO_LISTING, Bic, Country, Fact, Link, Listing
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
REGISTRARS = {
    "stet": "providers.stet.registration:registrar_for",
    "uk_obie": "providers.uk_obie.registration:registrar_for",
}

AdapterFactory = Callable[["Institution", Tpp], Adapter]
S = TypeVar("S")


class CatalogueError(ValueError):
    """A bank's file is wrong. The message names the file or the bank, and the field."""


class Institution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bank as the hub lists it. ``country`` is ISO 3166-1 alpha-2; ``api`` belongs to the standard's adapter.
    ``rules`` says how this bank's rows deviate (providers.rules.profile); in a file it may be the name of rules that
    are known already (providers/rules/known). ``listing`` is for the directory; its ``history`` is obeyed as well.

    ``status``: ``sandbox``, a bank of ours to try; ``unverified``, written from notes and never tried at the live bank;
    ``verified``, an operator has linked it. ``enabled``: whether people may link it here. ``also_in`` are countries
    beside the first where it has customers under this interface. ``version`` is the standard's that the bank speaks, ""
    where nobody has said.

    ``max_history_days`` is the most that the hub asks for. ``unattended_calls_per_day`` per account and endpoint: RTS
    on SCA art. 36(5)(b).
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    standard: str
    version: str
    country: Country
    api: dict[str, Any]
    status: Literal["sandbox", "unverified", "verified"] = "unverified"
    enabled: bool = True
    also_in: tuple[Country, ...] = ()
    bics: tuple[Bic, ...] = ()
    group: Annotated[str, Meta(max_length=100)] = ""
    website: Link | None = None
    developer_portal: Link | None = None
    max_history_days: Annotated[int, Meta(ge=1, le=36500)] = 730
    unattended_calls_per_day: Annotated[int, Meta(ge=0)] = 4
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#444444"
    description: Annotated[str, Meta(max_length=500)] = ""
    rules: Rules = NO_RULES
    listing: Listing = NO_LISTING
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if self.enabled and self.listing.gaps:
            lacking = "; ".join(GAPS[gap] for gap in self.listing.gaps)
            raise ValueError(f"it cannot be enabled, for it wants what this hub does not do: {lacking}")

    @property
    def countries(self) -> tuple[str, ...]:
        return (self.country, *self.also_in)


def load_institutions(directories: Iterable[Path]) -> Mapping[str, Institution]:
    """Every ``*.json`` in ``directories`` and the folders in them, by id. A later directory overrides an earlier one.

    Raises CatalogueError for a file that does not fit, for an id that comes twice in one directory, and for one that
    extends a bank which no earlier directory has.
    """
    contents: dict[str, dict[str, Any]] = {}
    found: dict[str, Institution] = {}
    for directory in directories:
        here: dict[str, dict[str, Any]] = {}
        for path in _files(directory):
            content = _content(path, contents)
            institution = _institution(path, content)
            if institution.id in here:
                raise CatalogueError(f"{path}: id {institution.id!r} is taken by another file here")
            here[institution.id] = content
            found[institution.id] = institution
        contents |= here
    return found


def _files(directory: Path) -> list[Path]:
    """Not those in hidden folders: a mounted configuration keeps its former states there (Kubernetes' ``..data``)."""
    found = directory.rglob("*.json")
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(directory).parts))


def _content(path: Path, earlier: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from None
    base = content.pop("extends", None)
    if base is None:
        return content
    if not isinstance(base, str) or base not in earlier:
        raise CatalogueError(f"{path}: it extends {base!r}, and no earlier folder has a bank of that id")
    return _patched(earlier[base], content)


def _patched(target: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396: members of the patch replace the target's, objects are merged, null removes."""
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _patched(merged.get(name), value) if isinstance(value, dict) else value
    return merged


def _institution(path: Path, content: dict[str, Any]) -> Institution:
    try:
        if isinstance(content.get("rules"), str):
            content = content | {"rules": known_rules(content["rules"])}
        found = msgspec.convert(content, Institution)
    except (msgspec.MsgspecError, CatalogueError) as error:
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
