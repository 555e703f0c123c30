"""A person links a bank of each further standard through the hub, and sees what that bank shows."""

import pytest

from demo import story
from demo.browser import Browser
from hub.stack import Stack

pytestmark = pytest.mark.timeout(120)

# institution -> (its name, its currency, accounts by name)
BANKS = [
    ("melusine", "Banque Mélusine", "€", {"Compte courant", "Épargne", "Alice O'Connor"}),
    ("bunyip", "Bunyip Bank", "$", {"Bills", "Uluru trip", "Card"}),
    ("iara", "Banco Iara", "R$", {"Banco Iara"}),
]


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
