"""Searching the catalogue of banks. Pure: what is enabled, healthy or lacking is decided elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.registry import Institution


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every condition that is given must hold. ``words``: each is in the name, the group, the id or a BIC."""

    words: str = ""
    country: str = ""
    standard: str = ""
    status: str = ""
    resource: str = ""
    pending: bool | None = None
    enabled: bool | None = None

    def fits(self, one: Institution) -> bool:
        """``pending`` false fits only a bank of which somebody said so: unknown is not no."""
        listing = one.listing
        return (
            (not self.country or self.country in one.countries)
            and self.standard in {"", one.standard}
            and self.status in {"", one.status}
            and (not self.resource or self.resource in listing.resources)
            and self.pending in {None, listing.pending}
            and self.enabled in {None, one.enabled}
            and all(word in _names(one) for word in self.words.casefold().split())
        )


def found(catalogue: Iterable[Institution], wanted: Wanted) -> list[Institution]:
    """By name, then by id."""
    return sorted((one for one in catalogue if wanted.fits(one)), key=lambda one: (one.name.casefold(), one.id))


def _names(one: Institution) -> str:
    return " ".join((one.name, one.group, one.id, *one.bics)).casefold()
