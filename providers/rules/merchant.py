"""A shop's name as a person would write it, out of the descriptor that a card scheme passes on.

    SUMUP *BAECKEREI KLEIN 0042 DE        ->  BAECKEREI KLEIN, in DE
    AMZN Mktp DE*RT4Y12 800-279-6620      ->  AMZN Mktp, in DE
    TESCO STORES 2041                     ->  TESCO STORES
    CrustumOU\\Poordi 3\\Tallinn          ->  CrustumOU, in Tallinn
    REWE//Koeln/DE                        ->  REWE, in Koeln, DE

Only what a pattern is sure of goes: processors in front, store and terminal numbers, masks, phone numbers and web
paths behind, a country code behind a city. Letters are never changed, and a name is never emptied.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from providers.rules.parties import said, without_processor

_COUNTRIES = (
    "AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MC|MT|NL|NO|PL|PT|RO|SE|SI|SK|UA"
    "|US|CA|AU|NZ|BR"
)
_ISO3 = {
    "AUT": "AT", "BEL": "BE", "CHE": "CH", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE", "FIN": "FI", "FRA": "FR",
    "GBR": "GB", "IRL": "IE", "ITA": "IT", "LTU": "LT", "LUX": "LU", "LVA": "LV", "NLD": "NL", "NOR": "NO", "POL": "PL",
    "PRT": "PT", "ROU": "RO", "SWE": "SE", "USA": "US",
}  # fmt: skip
_BACKSLASHES = re.compile(r"\s{0,4}\\+\s{0,4}")
_SLASHES = re.compile(r"\s{0,4}//\s{0,4}")
_MASK = re.compile(r"\s(?:CB\*?|CARD ?|KARTE ?|PAS)?[*Xx#•.]{2,16}[0-9]{2,6}\b|\sCB\*[0-9]{4}\b|,PAS[0-9]{3}\b")
_ORDER = re.compile(r"\*[A-Z0-9]{5,25}(?=\s|$)")
_PHONE = re.compile(r"\s\+?[0-9][0-9() /-]{7,18}(?=\s|$)")
_COUNTRY_BEHIND = re.compile(rf"(?:\s|,\s?)(?P<code>{_COUNTRIES}|{'|'.join(_ISO3)})$")
_NUMBER_BEHIND = re.compile(r"[\s,#-]{1,3}(?:NR\.? ?|NO\.? ?|FIL\.? ?|#)?[0-9]{3,12}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Merchant:
    """``country`` is ISO 3166-1 alpha-2."""

    name: str
    city: str | None = None
    country: str | None = None


@lru_cache(maxsize=4096)  # the same few shops, row after row
def merchant(descriptor: str) -> Merchant:
    """The merchant in ``descriptor``, which says something already (providers.text.meaningful)."""
    whole = without_processor(descriptor) or descriptor
    city = country = None
    parts = _SLASHES.split(whole) if "//" in whole else _BACKSLASHES.split(whole) if "\\" in whole else [whole]
    name = parts[0]
    if len(parts) > 1:  # NAME//CITY/DE and NAME\STREET\CITY\POSTCODE COUNTRY
        places = [part.strip() for part in parts[1:] if part.strip()]
        if "//" in whole:
            city, _, rest = places[0].partition("/") if places else ("", "", "")
            country = _country(rest)
        else:
            city = next((part for part in reversed(places) if part.replace(" ", "").isalpha() and len(part) > 3), None)
            country = _country(places[-1].split()[-1]) if places else None
    for pattern in (_MASK, _ORDER, _PHONE):
        name = pattern.sub("", f" {name}").strip()
    behind = _COUNTRY_BEHIND.search(name)
    if behind is not None and behind.start() > 2:
        country = country or _country(behind["code"])
        name = name[: behind.start()].strip()
    number = _NUMBER_BEHIND.search(name)
    if number is not None and number.start() > 2:
        name = name[: number.start()].strip()
    return Merchant(said(name.strip(" ,*-")) or descriptor, said(city), country)


def _country(code: str) -> str | None:
    code = code.strip().upper()
    if code in _ISO3:
        return _ISO3[code]
    return code if code in _COUNTRIES.split("|") else None
