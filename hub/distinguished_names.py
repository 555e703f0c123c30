"""Distinguished names: read from a certificate or from RFC 4514 text, and compared as names, never as text.

A name is a tuple of RDNs in the order of the certificate; an RDN is a sorted tuple of (attribute OID, prepared value).
Two names are the same if these are equal (distinguishedNameMatch, RFC 4517 4.2.15): order of RDNs counts, order inside
a multi-valued RDN does not. Text has the RDNs the other way round (RFC 4514 2.1).
"""

import re
import unicodedata
from types import MappingProxyType
from typing import TypeAlias

from cryptography import x509

Name: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]

# RFC 4514 3 and RFC 4519, and the names that OpenSSL prints for attributes of people, companies and eIDAS.
_OIDS = MappingProxyType(
    {
        "cn": "2.5.4.3",
        "commonname": "2.5.4.3",
        "sn": "2.5.4.4",
        "surname": "2.5.4.4",
        "serialnumber": "2.5.4.5",
        "c": "2.5.4.6",
        "countryname": "2.5.4.6",
        "l": "2.5.4.7",
        "localityname": "2.5.4.7",
        "st": "2.5.4.8",
        "stateorprovincename": "2.5.4.8",
        "street": "2.5.4.9",
        "streetaddress": "2.5.4.9",
        "o": "2.5.4.10",
        "organizationname": "2.5.4.10",
        "ou": "2.5.4.11",
        "organizationalunitname": "2.5.4.11",
        "title": "2.5.4.12",
        "businesscategory": "2.5.4.15",
        "postalcode": "2.5.4.17",
        "name": "2.5.4.41",
        "givenname": "2.5.4.42",
        "gn": "2.5.4.42",
        "initials": "2.5.4.43",
        "generationqualifier": "2.5.4.44",
        "dnqualifier": "2.5.4.46",
        "pseudonym": "2.5.4.65",
        "organizationidentifier": "2.5.4.97",
        "uid": "0.9.2342.19200300.100.1.1",
        "userid": "0.9.2342.19200300.100.1.1",
        "dc": "0.9.2342.19200300.100.1.25",
        "domaincomponent": "0.9.2342.19200300.100.1.25",
        "e": "1.2.840.113549.1.9.1",
        "emailaddress": "1.2.840.113549.1.9.1",
        "jurisdictionl": "1.3.6.1.4.1.311.60.2.1.1",
        "jurisdictionst": "1.3.6.1.4.1.311.60.2.1.2",
        "jurisdictionc": "1.3.6.1.4.1.311.60.2.1.3",
    }
)
_CASE_IGNORED = frozenset(_OIDS.values())  # each of them has caseIgnoreMatch or caseIgnoreIA5Match
_OID = re.compile(r"(?:OID\.)?([0-2](?:\.(?:0|[1-9][0-9]*))+)", re.IGNORECASE)
_SPECIAL = frozenset(b' "#+,;<=>\\')
_NEVER_BARE = frozenset(b'";<>\0')
_HEX_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")
_CHARSETS = MappingProxyType(
    {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}
)
_Byte: TypeAlias = tuple[int, bool]  # a byte of the text, and whether it was escaped


def of(name: x509.Name) -> Name:
    """The name in a certificate. Raises ValueError if a value has no string form."""
    return tuple(_rdn([(one.oid.dotted_string, _text_of(one.value)) for one in rdn]) for rdn in name.rdns)


def parse(text: str) -> Name:
    """The name that RFC 4514 text stands for. Spaces around separators are let through (RFC 4514 3 allows it).

    Raises ValueError if it is not such a text, or empty.
    """
    rdns = [_rdn([_attribute(attribute) for attribute in _split(rdn, b"+")]) for rdn in _split(_unescaped(text), b",")]
    return tuple(reversed(rdns))


def _rdn(attributes: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((oid, _prepared(oid, value)) for oid, value in attributes))


def _prepared(oid: str, value: str) -> str:
    """RFC 4518, for matching: case, compatibility forms and insignificant spaces do not tell values apart.

    Stricter in one thing: characters that the standard maps to nothing are kept, so that an invisible one never makes
    two names equal. Attributes that we do not know are compared exactly.
    """
    if oid not in _CASE_IGNORED:
        return value
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(part for part in folded.split(" ") if part)


def _text_of(value: str | bytes) -> str:
    if isinstance(value, bytes):
        raise ValueError("an attribute value is not a string")
    return value


def _unescaped(text: str) -> list[_Byte]:
    raw, found, at = text.encode(), list[_Byte](), 0
    while at < len(raw):
        if raw[at] != ord("\\"):
            if raw[at] in _NEVER_BARE:
                raise ValueError("a character that must be escaped is not")
            found.append((raw[at], False))
            at += 1
        elif at + 1 < len(raw) and raw[at + 1] in _SPECIAL:
            found.append((raw[at + 1], True))
            at += 2
        elif pair := _HEX_PAIR.match(raw, at + 1):
            found.append((int(pair.group(), 16), True))
            at += 3
        else:
            raise ValueError("a backslash escapes nothing")
    return found


def _split(given: list[_Byte], separator: bytes, *, once: bool = False) -> list[list[_Byte]]:
    parts: list[list[_Byte]] = [[]]
    for byte in given:
        if byte == (separator[0], False) and not (once and len(parts) > 1):
            parts.append([])
        else:
            parts[-1].append(byte)
    return parts


def _attribute(given: list[_Byte]) -> tuple[str, str]:
    parts = _split(given, b"=", once=True)
    if len(parts) != 2:
        raise ValueError("an attribute has no '='")
    oid = _oid(bytes(byte for byte, _ in parts[0]).decode("ascii", "replace").strip(" "))
    value = _trimmed(parts[1])
    if not value:
        raise ValueError("an attribute has no value")
    plain = bytes(byte for byte, _ in value)
    return oid, _ber_string(plain[1:]) if value[0] == (ord("#"), False) else plain.decode()


def _oid(name: str) -> str:
    if dotted := _OID.fullmatch(name):
        return dotted.group(1)
    if (known := _OIDS.get(name.lower())) is None:
        raise ValueError("an attribute type is not known; write its OID")
    return known


def _trimmed(value: list[_Byte]) -> list[_Byte]:
    space = (ord(" "), False)
    while value and value[0] == space:
        value = value[1:]
    while value and value[-1] == space:
        value = value[:-1]
    return value


def _ber_string(hexadecimal: bytes) -> str:
    """``#0c0241c3...``: the value's own encoding (RFC 4514 2.4), as OpenSSL prints attributes that it does not know."""
    raw = bytes.fromhex(hexadecimal.decode("ascii"))
    if len(raw) < 2:
        raise ValueError("an encoded value is cut short")
    length, start = raw[1], 2
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(raw[2:start], "big")
    if raw[0] not in _CHARSETS or len(raw) != start + length:
        raise ValueError("an encoded value is not a string")
    return raw[start:].decode(_CHARSETS[raw[0]])
