"""A person's name and e-mail address in the one form in which they are kept."""

import re
import unicodedata

from hub.errors import BadInput

NAME_CHARACTERS = 100
EMAIL_CHARACTERS = 254  # RFC 5321 4.5.3.1.3: a path has 256, two of them are its brackets
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def email_address(text: str) -> str:
    """The address in lower case; raises BadInput(parameter="email").

    Only what the HTML standard's e-mail field accepts, with a dotted domain. Letters outside ASCII are refused (an
    international domain is written in its xn-- form): two addresses that look alike must not be two people.
    """
    address = _lowered(text)
    if len(address) > EMAIL_CHARACTERS or _EMAIL.fullmatch(address) is None:
        raise BadInput("This is not an e-mail address that we can use.", parameter="email")
    return address


def sought_address(text: str) -> str:
    """The same for looking somebody up: what could not be registered becomes "", which nobody has."""
    address = _lowered(text)
    return address if len(address) <= EMAIL_CHARACTERS and _EMAIL.fullmatch(address) else ""


def person_name(text: str) -> str:
    """The name with single spaces, NFC; raises BadInput(parameter="name").

    Signs that turn the reading direction are refused: a name is shown on consent screens and must not rearrange them.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= NAME_CHARACTERS:
        raise BadInput(f"A name has 1 to {NAME_CHARACTERS} characters.", parameter="name")
    if any(sign in _BIDI_CONTROLS or unicodedata.category(sign) in _NOT_IN_NAMES for sign in name):
        raise BadInput("A name is written in letters, without control characters.", parameter="name")
    return name


def _lowered(text: str) -> str:
    # Only ASCII is lowered: "K" (the Kelvin sign) would become an ordinary "k", and so another person's address.
    stripped = text.strip()
    return stripped.lower() if stripped.isascii() else stripped
