"""Names are compared as RFC 4514, 4517 and 4518 have it."""

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as some

from hub.distinguished_names import of, parse

ORGANIZATION_IDENTIFIER = ObjectIdentifier("2.5.4.97")


def _one(oid: ObjectIdentifier, value: str) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName([x509.NameAttribute(oid, value)])


COMPANY = x509.Name(
    [
        _one(NameOID.COUNTRY_NAME, "GB"),
        _one(NameOID.ORGANIZATION_NAME, "Budget Buddy, Ltd."),
        _one(ORGANIZATION_IDENTIFIER, "PSDGB-FCA-123456"),
        x509.RelativeDistinguishedName(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "budget.example"),
                x509.NameAttribute(NameOID.USER_ID, "0015800001ZEc3hAAD"),
            ]
        ),
    ]
)
FIRST = "CN=budget.example+UID=0015800001ZEc3hAAD"
LAST = "2.5.4.97=PSDGB-FCA-123456,O=Budget Buddy\\, Ltd.,C=GB"


HEX = b"PSDGB-FCA-123456".hex()


@pytest.mark.parametrize(
    "text",
    [
        f"{FIRST},{LAST}",
        f"UID=0015800001ZEc3hAAD+CN=budget.example,{LAST}",  # the order inside an RDN says nothing
        f"{FIRST.lower()},{LAST.upper()}",
        f"CN = budget.example + UID = 0015800001ZEc3hAAD , {LAST.replace(',2', ', 2')}",
        f"2.5.4.3=budget.example+0.9.2342.19200300.100.1.1=0015800001ZEc3hAAD,{LAST}",
        f"{FIRST},{LAST.replace('2.5.4.97', 'organizationIdentifier')}",
        f"{FIRST},{LAST.replace('2.5.4.97', 'OID.2.5.4.97')}",
        f"{FIRST},2.5.4.97=#0c10{HEX},O=Budget  Buddy\\2C Ltd.,C=gb",
        f"{FIRST},2.5.4.97=#138110{HEX},O=Budget Buddy\\, Ltd.,C=GB",  # a length in the long form
    ],
)
def test_ways_to_write_the_same_name(text: str) -> None:
    assert parse(text) == of(COMPANY)


@pytest.mark.parametrize(
    "text",
    [
        "C=GB,O=Budget Buddy\\, Ltd.,2.5.4.97=PSDGB-FCA-123456,CN=budget.example+UID=0015800001ZEc3hAAD",  # reversed
        f"{FIRST.replace('+', ',')},{LAST}",  # two RDNs where there is one
        f"CN=budget.example,{LAST}",
        f"{FIRST},{LAST},DC=example",
        f"{FIRST},{LAST.replace('Budget Buddy', 'BudgetBuddy')}",
        f"{FIRST},{LAST}".replace("Budget", "Bud\u00adget"),  # an invisible hyphen
        f"{FIRST},{LAST}".replace("GB-", "GB\u2010"),  # a hyphen of another kind
        f"{FIRST.replace('budget.example', '*')},{LAST}",
        f"{FIRST.replace('CN', 'OU')},{LAST}",
    ],
)
def test_names_that_are_not_the_same(text: str) -> None:
    assert parse(text) != of(COMPANY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "budget.example",
        "CN=",
        "CN=a,",
        ",CN=a",
        "CN=a+",
        "nonsense=a",
        "CN=a\\",
        "CN=a\\zz",
        'CN="a"',
        "CN=a;O=b",
        "CN=<a>",
        "CN=a\0",
        "CN=\\ff",  # not UTF-8
        "2.5.4.97=#",
        "2.5.4.97=#0c",
        "2.5.4.97=#0c0541",  # shorter than it says
        "2.5.4.97=#0c014142",  # longer than it says
        "2.5.4.97=#020101",  # a number
        "2.5.4.97=#zz",
        "9.9=a",
        "CN=a\ud800",
    ],
)
def test_what_is_no_name_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def test_an_attribute_that_nobody_knows_is_compared_exactly() -> None:
    name = x509.Name([_one(ObjectIdentifier("1.3.6.1.4.1.99999.1"), "Case Matters")])
    assert parse("1.3.6.1.4.1.99999.1=Case Matters") == of(name)
    assert parse("1.3.6.1.4.1.99999.1=case matters") != of(name)


def test_the_kind_of_string_in_the_certificate_says_nothing() -> None:
    for kind in (_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.BMPString, _ASN1Type.UniversalString):
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme", _type=kind)])
        assert parse("O=ACME") == of(name)


def test_letters_of_other_alphabets_lose_their_case_too() -> None:
    assert parse("O=STRASSE") == parse("O=Straße") == parse("O=Stra\\c3\\9fe")
    assert parse("O=ΑΘΗΝΑ") == parse("O=αθηνα")


values = some.text(some.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=64)


@given(some.lists(values.filter(str.strip), min_size=1, max_size=4))
def test_what_the_library_writes_is_read_back(given_values: list[str]) -> None:
    """RFC 4514 text from another hand, with every character that it may escape."""
    name = x509.Name([_one(NameOID.ORGANIZATION_NAME, value) for value in given_values])
    assert parse(name.rfc4514_string()) == of(name)
