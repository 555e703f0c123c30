"""An account is the same account whatever the bank calls it this time."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from consent.model import Permission
from hub.ledger import history
from hub.ledger.accounts import identity_hashes
from hub.models.ledger import Account as AccountRow
from providers.model import Account, AccountType, AccountUsage, Scheme
from tests.ledger.bank import Home, account

IBAN = "DE89370400440532013000"
OTHER = "DE02120300000000202051"
CARD = {Scheme.MASKED_PAN: "**11"}


def rows(home: Home) -> dict[str, AccountRow]:
    with home.db.read() as session:
        return {row.id: row for row in session.scalars(select(AccountRow).where(AccountRow.psu_id == home.psu_id))}


SAME = [
    ("a new resource id", account(resource_id="r1"), account(resource_id="r2")),
    ("a new name and product", account(name="Giro"), account(name="My money")),
    ("an IBAN with spaces", account(iban=IBAN), account(iban="DE89 3704 0044 0532 0130 00")),
    ("an IBAN in small letters", account(iban=IBAN), account(iban=IBAN.lower())),
    ("more identifiers than before", account(more={}), account(more={Scheme.BBAN: "1"})),
    ("the BBAN alone", account(more={Scheme.BBAN: "77"}), account(iban=None, more={Scheme.BBAN: "77"})),
    ("no identifier at all, the same name", account(iban=None), account(iban=None)),
]
DIFFERENT = [
    ("another IBAN", account(iban=IBAN), account(iban=OTHER)),
    ("another currency under one IBAN", account("EUR"), account("USD")),
    ("another IBAN, a common BBAN", account(more={Scheme.BBAN: "1"}), account(iban=OTHER, more={Scheme.BBAN: "1"})),
    ("a common masked card number alone", account(more=CARD), account(iban=None, more=CARD)),
    ("no identifier, another name", account(iban=None, name="a"), account(iban=None, name="b")),
]


@pytest.mark.parametrize(("before", "after"), [one[1:] for one in SAME], ids=[one[0] for one in SAME])
def test_it_is_the_same_account_with(home: Home, before: Account, after: Account) -> None:
    (first,) = home.link([before])
    assert home.link([after]) == [first]
    assert rows(home)[first].resource_id == after.resource_id


@pytest.mark.parametrize(("before", "after"), [one[1:] for one in DIFFERENT], ids=[one[0] for one in DIFFERENT])
def test_it_is_another_account_with(home: Home, before: Account, after: Account) -> None:
    (first,) = home.link([before])
    (second,) = home.link([after])
    assert first != second
    assert (rows(home)[first].status, rows(home)[second].status) == ("gone", "enabled")


def test_a_name_that_no_column_holds_is_kept_without_what_it_does_not(home: Home) -> None:
    """An adapter from outside may hand on whatever its bank wrote."""
    shown = replace(
        account(name="My\x00 money \ud800", iban=IBAN + "\x00"), owner_name="A\x00lice", resource_id="r\x00"
    )
    (first,) = home.link([shown])
    assert home.link([shown]) == [first] == home.link([account(name="My money ?", iban=IBAN)])
    row = rows(home)[first]
    assert (row.name, row.identifiers) == ("My money ?", [{"scheme": "IBAN", "value": IBAN}])


def test_an_account_that_is_shown_again_comes_back_under_its_id(home: Home) -> None:
    one, other = account(iban=IBAN), account(iban=OTHER)
    ids = home.link([one, other])
    home.link([other])
    assert [rows(home)[id_].status for id_ in ids] == ["gone", "enabled"]
    assert home.link([one, other]) == ids
    assert [rows(home)[id_].status for id_ in ids] == ["enabled", "enabled"]


def test_re_linking_keeps_the_ids_under_the_new_connection(home: Home) -> None:
    (first,) = home.link([account()])
    renewed = home.connect()
    assert home.link([account()], renewed) == [first]
    assert rows(home)[first].connection_id == renewed


def test_another_bank_and_another_person_have_accounts_of_their_own(home: Home) -> None:
    (first,) = home.link([account()])
    elsewhere = home.connect("second-bank")
    assert home.link([account()], elsewhere, bank="second-bank") != [first]
    assert Home(home.db, "bob").link([account()]) != [first]
    assert rows(home)[first].status == "enabled"


def test_pots_under_one_iban_are_told_apart_in_whatever_order_they_come() -> None:
    pots = [account(name=name, resource_id=name) for name in ("holiday", "rent", "rent")]
    expected = dict(zip(("holiday", "rent", "rent"), identity_hashes(pots), strict=True))
    assert len(set(identity_hashes(pots))) == 3
    for order in itertools.permutations(pots):
        assert dict(zip((one.name for one in order), identity_hashes(order), strict=True)).keys() == expected.keys()
        assert sorted(identity_hashes(order)) == sorted(identity_hashes(pots))


def test_accounts_that_did_not_change_keep_their_order_of_identifiers(home: Home) -> None:
    (first,) = home.link([account(more={Scheme.MASKED_PAN: "**11", Scheme.BBAN: "1"})])
    assert [one["scheme"] for one in rows(home)[first].identifiers] == ["IBAN", "BBAN", "PAN_MASKED"]


def test_a_card_hangs_on_its_account_wherever_the_bank_lists_it(home: Home) -> None:
    giro = replace(account(iban=IBAN, resource_id="giro"), usage=AccountUsage.ORGANISATION)
    card = replace(account(iban=OTHER, resource_id="card"), parent_id="giro")
    card_id, giro_id = home.link([card, giro])
    assert (rows(home)[card_id].parent_id, rows(home)[giro_id].parent_id) == (giro_id, None)
    assert (rows(home)[giro_id].usage, rows(home)[card_id].usage) == ("ORGA", None)
    with home.db.read() as session:
        both = home.allowed(Permission.ACCOUNTS_READ, accounts=[card_id, giro_id])
        alone = home.allowed(Permission.ACCOUNTS_READ, accounts=[card_id])
        assert history.account(session, both, card_id)["parent_id"] == giro_id
        # That there is another account is nothing that this client was let know.
        assert history.account(session, alone, card_id)["parent_id"] is None


def test_a_parent_that_the_bank_does_not_show_is_none(home: Home) -> None:
    one, itself = replace(account(iban=IBAN), parent_id="hidden"), replace(account(iban=OTHER), parent_id="me")
    ids = home.link([one, replace(itself, resource_id="me")])
    assert [rows(home)[id_].parent_id for id_ in ids] == [None, None]


def card(name: str, resource_id: str) -> Account:
    return account(iban=None, name=name, resource_id=resource_id, more={Scheme.MASKED_PAN: "************4242"})


def test_two_cards_that_end_alike_keep_their_own_histories(home: Home) -> None:
    gold, blue = home.link([card("Gold", "1"), card("Blue", "2")])
    assert gold != blue
    assert home.link([card("Blue", "2")]) == [blue]
    assert (rows(home)[gold].status, rows(home)[blue].status) == ("gone", "enabled")
    assert home.link([card("Gold", "7"), card("Blue", "8")]) == [gold, blue]  # a new consent, new resource ids
    assert home.link([card("Blue", "7"), card("Gold", "8")]) == [blue, gold]  # numbered anew, in another order
    assert home.link([card("Blue", "7"), card("Old gold", "8")]) == [blue, gold]  # renamed
    (third,) = home.link([card("Black", "9")])
    assert third not in (gold, blue)
    assert home.link([card("Blue", "1"), card("Black", "2"), card("Old gold", "3")]) == [blue, third, gold]


def test_two_cards_that_look_the_same_stay_two(home: Home) -> None:
    ids = home.link([card("Visa", "1"), card("Visa", "2")])
    assert len(set(ids)) == 2
    assert home.link([card("Visa", "2"), card("Visa", "1")]) == ids[::-1]
    assert set(home.link([card("Visa", "x"), card("Visa", "y")])) == set(ids)


def test_of_two_pots_under_one_iban_the_one_that_stays_is_not_taken_for_the_other(home: Home) -> None:
    holiday, rent = home.link([account(name="holiday", resource_id="1"), account(name="rent", resource_id="2")])
    assert home.link([account(name="rent", resource_id="2")]) == [rent]
    assert home.link([account(name="holiday", resource_id="3"), account(name="rent", resource_id="4")]) == [
        holiday,
        rent,
    ]


@pytest.mark.parametrize("number", [{"iban": IBAN}, {"iban": None, "more": CARD}, {"iban": None}])
def test_accounts_whose_kind_is_understood_only_now_are_those_that_they_were(home: Home, number: Any) -> None:
    names = ["b", "a", "c"]
    shown = [account(name=name, resource_id=name, **number) for name in names]
    ids = home.link(shown)
    typed = [replace(one, type=AccountType.CURRENT if one.name != "c" else one.type) for one in shown]
    assert home.link(typed[::-1]) == ids[::-1]
    assert home.link([replace(one, resource_id=f"new-{one.name}") for one in typed]) == ids
