"""Names and addresses as they are kept, and where requests come from."""

import pytest

from hub.errors import BadInput
from hub.identity.origin import Origin
from hub.identity.particulars import email_address, person_name, sought_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alice@people.example", "alice@people.example"),
        ("  Alice.Andersen+bank@People.Example ", "alice.andersen+bank@people.example"),
        ("alice@people.example\n", "alice@people.example"),
        ("o'hara@xn--bcher-kva.example", "o'hara@xn--bcher-kva.example"),
        ("a" * 64 + "@b.example", "a" * 64 + "@b.example"),
    ],
)
def test_an_address_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert email_address(typed) == kept
    assert sought_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alice",
        "alice@",
        "@people.example",
        "alice@localhost",
        "alice@people..example",
        "alice@-people.example",
        "alice@people.example\x00",
        "alice @people.example",
        "alice@people.example, bob@people.example",
        "Alice <alice@people.example>",
        "älice@people.example",
        "alice@реорlе.example",
        "\u212aevin@people.example",  # the Kelvin sign: lower() makes it an ordinary k
        "a" * 65 + "@people.example",
        "alice@" + ".".join(["label" * 10] * 6),
        "alice@" * 50_000,
    ],
)
def test_what_is_no_plain_address_is_refused_and_belongs_to_nobody(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        email_address(typed)
    assert caught.value.parameter == "email"
    assert sought_address(typed) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Alice", "Alice"),
        ("  Alice   Andersen ", "Alice Andersen"),
        ("Ame\u0301lie O’Neill-王", "Am\u00e9lie O’Neill-王"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("A", "A"),
        ("B" * 100, "B" * 100),
    ],
)
def test_a_name_is_written_as_people_write_names(typed: str, kept: str) -> None:
    assert person_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "B" * 101, "Ali\x00ce", "Ali\x1bce", "\u202eecilA", "a\u2066b", "\ud800"])
def test_a_name_has_no_signs_that_could_rearrange_a_page(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        person_name(typed)
    assert caught.value.parameter == "name"


def test_an_origin_is_fit_to_store_whatever_a_browser_claims() -> None:
    origin = Origin(ip_address="192.0.2.1\n", user_agent="Evil\x00\x1b[31m" + "x" * 1000)
    assert origin.ip_address == "192.0.2.1"
    assert origin.user_agent.startswith("Evil[31mx")
    assert len(origin.user_agent) == 200


@pytest.mark.parametrize(
    ("ip_address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_network_is_what_one_attacker_holds_at_least(ip_address: str, network: str) -> None:
    assert Origin(ip_address=ip_address, user_agent="").network == network
