"""Is a bank's file right, and what does it lack before the bank can be linked? And the JSON Schema of such files.

A profile may leave out what only an operator has (``client_id``, paths of secrets): everything else in ``api`` must be
as the standard's settings want it.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from providers.listing import GAPS, NEEDS
from providers.registry import ADAPTERS, KNOWN_RULES, CatalogueError, Institution, settings_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def settings_kind(standard: str) -> type[msgspec.Struct] | None:
    """The Struct of ``api`` for one of our standards; None for one that an outside package brings."""
    dotted = ADAPTERS.get(standard)
    if dotted is None:
        return None
    package = dotted.partition(":")[0].rpartition(".")[0]
    kind: type[msgspec.Struct] = importlib.import_module(f"{package}.settings").Settings
    return kind


def lacking(institution: Institution) -> tuple[str, ...]:
    """The members of ``api`` that must be added before this bank can be linked.

    Raises CatalogueError, naming the bank and the member, for one that is unknown or wrong.
    """
    kind = settings_kind(institution.standard)
    if kind is None:
        return ()
    hints = _hints(kind)
    for name, value in institution.api.items():
        if name not in kind.__struct_fields__:
            raise CatalogueError(f"institution {institution.id}: api: {institution.standard} has no member {name!r}")
        try:
            msgspec.convert(value, hints[name])
        except msgspec.ValidationError as error:
            raise CatalogueError(f"institution {institution.id}: api: {name}: {error}") from None
    absent = tuple(
        field.name for field in msgspec.structs.fields(kind) if field.required and field.name not in institution.api
    )
    if not absent:
        settings_of(institution, kind)
    return absent


@cache
def _hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


def to_enable(institution: Institution) -> tuple[str, ...]:
    """What stands between this bank and a person who wants to link it, as sentences' ends; () if nothing does.

    Raises what ``lacking`` raises.
    """
    if institution.enabled:
        return ()
    listing = institution.listing
    found = [NEEDS[need] for need in listing.needs]
    found += [f"api.{name}" for name in lacking(institution)]
    found += [f"an adapter that can do this: {GAPS[gap]}" for gap in listing.gaps]
    return tuple(found)


def check(institution: Institution) -> None:
    """Raises CatalogueError for a file that is wrong, or enabled and not complete."""
    absent = lacking(institution)
    if institution.enabled and absent:
        members = ", ".join(f"api.{name}" for name in absent)
        raise CatalogueError(f"institution {institution.id}: it is enabled and lacks {members}")


def schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of a whole bank's file: ``api`` by standard, ``rules`` written out or by name."""
    kinds = {standard: kind for standard in sorted(ADAPTERS) if (kind := settings_kind(standard)) is not None}
    roots, parts = msgspec.json.schema_components([Institution, *kinds.values()], ref_template="#/$defs/{name}")
    named = dict(zip(["", *kinds], (root["$ref"].rpartition("/")[2] for root in roots), strict=True))
    whole = parts.pop(named[""])
    names = sorted(path.stem for path in KNOWN_RULES.glob("*.json"))
    whole["properties"]["rules"] = {"anyOf": [whole["properties"]["rules"], {"enum": names}]}
    whole["properties"]["standard"] = {"type": "string", "examples": list(kinds)}
    for standard in kinds:
        parts[named[standard]].pop("required", None)  # a profile may lack what only an operator has
    branches = [
        {
            "if": {"properties": {"standard": {"const": standard}}},
            "then": {"properties": {"api": {"$ref": f"#/$defs/{named[standard]}"}}},
        }
        for standard in kinds
    ]
    return {"$schema": DIALECT, **whole, "allOf": branches, "$defs": parts}
