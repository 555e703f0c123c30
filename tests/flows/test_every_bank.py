"""A person links a bank of each further standard through the hub, and a bridge, and sees what is shown there."""

import pytest
import requests

from demo import story
from demo.browser import Browser
from hub.stack import Stack

pytestmark = pytest.mark.timeout(120)

# institution -> (its name, its currency, accounts by name)
BANKS = [
    ("melusine", "Banque Mélusine", "€", {"Compte courant", "Épargne", "Alice O'Connor"}),
    ("bunyip", "Bunyip Bank", "$", {"Bills", "Uluru trip", "Card", "Home"}),
    ("iara", "Banco Iara", "R$", {"Banco Iara", "Cartão Platinum"}),
]
SANDBOX_BANKS = (*(bank for bank, *_ in BANKS), "lagoon")


@pytest.mark.parametrize(("bank", "name", "sign", "accounts"), BANKS)
def test_a_bank_of_another_standard_is_linked_like_any_other(
    stack: Stack, bank: str, name: str, sign: str, accounts: set[str]
) -> None:
    person = Browser()
    story.sign_up(person, stack.url, email=f"{bank}@people.example")
    person.open(f"{stack.url}/connect/{bank}").submit(f"/connect/{bank}")
    if bank == "iara":  # it wants to know from us who will come
        person.submit("answer-1", {"answer.cpf": "123.456.789-09"})
    person.submit("submit", {"username": "alice", "password": f"alice-at-{bank}"})
    person.submit("approve", tick={"account": person.boxes("account")})
    person.submit("submit", {"tan": person.value("demo-tan")})
    story.wait_for_history(person)
    rows = story.what_alice_sees(person, stack.url)
    assert {(row["bank"], row["name"]) for row in rows} == {(name, one) for one in accounts}
    assert any(sign in row["balance"] for row in rows)


def test_a_bridge_is_linked_by_the_token_that_serving_prints_and_by_nobody_twice(stack: Stack) -> None:
    alice, mallory = Browser(), Browser()
    for person, email in ((alice, "bridge@people.example"), (mallory, "late@people.example")):
        story.sign_up(person, stack.url, email=email)
        person.open(f"{stack.url}/connect/lagoon").submit("/connect/lagoon")
        assert f"{stack.banks['lagoon']}/simplefin/create" in {href for href, _ in person.anchors}
        person.submit("answer-1", {"answer.setup_token": stack.setup_tokens["lagoon"]})
    story.wait_for_history(alice)
    rows = story.what_alice_sees(alice, stack.url)
    assert {row["bank"] for row in rows} == {"Lagoon Bridge"}
    assert {"Lagoon miles", "Everyday Account (0541)"} & {row["name"] for row in rows}
    assert "used already" in mallory.text
    assert story.what_alice_sees(mallory, stack.url) == []


def test_whoever_ends_an_arrangement_at_the_bank_finds_that_out_here_at_once(stack: Stack) -> None:
    """No sync asks in between: the bank tells us, over a socket, in words that it signed."""
    person = Browser()
    story.sign_up(person, stack.url, email="ended-there@people.example")
    person.open(f"{stack.url}/connect/bunyip").submit("/connect/bunyip")
    person.submit("submit", {"username": "alice", "password": "alice-at-bunyip"})
    person.submit("approve", tick={"account": person.boxes("account")})
    person.submit("submit", {"tan": person.value("demo-tan")})
    story.wait_for_history(person)
    bank = stack.banks["bunyip"]
    assert "Needs you" not in person.open(f"{stack.url}/").text
    requests.delete(f"{bank}/_control/requests", timeout=5)
    assert requests.post(f"{bank}/_control/revoke", timeout=30).json()["revoked"] >= 1
    person.open(f"{stack.url}/")
    assert "Needs you" in person.text
    asked = [call["path"] for call in requests.get(f"{bank}/_control/requests", timeout=5).json()["requests"]]
    assert [path for path in asked if path.startswith("/cds-au")] == []
