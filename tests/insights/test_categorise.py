"""Which category a transaction gets, and why."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.insights import codes, names
from hub.insights.categorise import Because, categorise
from hub.insights.movement import Movement, payee_key, words
from hub.insights.taxonomy import CATEGORIES, GROUPS


def movement(payee: str = "", text: str = "", amount: str = "-12.00", **given: Any) -> Movement:
    return Movement("t", "a", date(2026, 3, 2), Decimal(amount), "EUR", payee, text, **given)


NAMED = [
    ("TESCO STORES 2041", "", "-3", "food.groceries", Because.MERCHANT, "tesco"),
    ("Tesco Mobile", "", "-10", "utilities.phone_internet", Because.MERCHANT, "tesco mobile"),
    ("REWE Markt GmbH", "Karte 1234", "-31.20", "food.groceries", Because.MERCHANT, "rewe"),
    ("McDonald's 123", "", "-7", "food.takeaway", Because.MERCHANT, "mcdonalds"),
    ("H&M", "", "-20", "shopping.clothing", Because.MERCHANT, "h m"),
    ("E.ON Energie Deutschland", "Abschlag", "-80", "utilities.energy", Because.MERCHANT, "e on energie"),
    ("ACME GmbH", "Lohn/Gehalt 03/2026", "2500", "income.salary", Because.WORDS, "lohn gehalt"),
    ("ACME GmbH", "Lohn/Gehalt 03/2026", "-2500", "other.spending", Because.SIDE, ""),
    ("Müller GbR", "Miete März", "-900", "housing.rent", Because.WORDS, "miete"),
    ("Finanzamt Köln", "", "-300", "taxes.income", Because.WORDS, "finanzamt"),
    ("Finanzamt Köln", "", "300", "income.tax_refund", Because.WORDS, "finanzamt"),
    ("Zahnärztin Dr. Weiß", "Zahnarzt Rechnung", "-90", "health.opticians_dentists", Because.WORDS, "zahnarzt"),
    ("", "LOYER MARS 2026", "-700", "housing.rent", Because.WORDS, "loyer"),
    ("Bezügestelle", "BEZÜGE 03", "3000", "income.salary", Because.WORDS, "bezuge"),
    ("J Smith", "thanks", "-20", "other.spending", Because.SIDE, ""),
    ("J Smith", "thanks", "20", "other.money_in", Because.SIDE, ""),
]


@pytest.mark.parametrize(("payee", "text", "amount", "category", "because", "evidence"), NAMED)
def test_names_and_words_tell(
    payee: str, text: str, amount: str, category: str, because: Because, evidence: str
) -> None:
    found = categorise(movement(payee, text, amount), {})
    assert (found.category, found.because, found.evidence) == (category, because, evidence)


CODED = [
    ({"merchant_category_code": "5411"}, "-1", "food.groceries"),
    ({"merchant_category_code": "0742"}, "-1", "shopping.pets"),
    ({"merchant_category_code": "3058"}, "-1", "travel.flights"),
    ({"merchant_category_code": "5999"}, "-1", "other.spending"),
    ({"bank_transaction_code": "PMNT-CCRD-CWDL"}, "-50", "cash.withdrawal"),
    ({"bank_transaction_code": "PMNT-MDOP-INTR"}, "0.07", "income.interest"),
    ({"bank_transaction_code": "ACMT-MDOP-INTR"}, "-0.07", "finance.interest"),
    ({"bank_transaction_code": "ACMT-MDOP-CHRG"}, "-5", "finance.bank_fees"),
    ({"bank_transaction_code": "LDAS-MGLN-PPAY"}, "-5", "housing.mortgage"),
    ({"bank_transaction_code": "LDAS-CSLN-PPAY"}, "-5", "finance.loan"),
    ({"bank_transaction_code": "PMNT-RCDT-SALA"}, "5", "income.salary"),
    ({"bank_transaction_code": "PMNT--"}, "5", "other.money_in"),
    ({"bank_transaction_code": "nonsense"}, "5", "other.money_in"),
    ({"purpose": "SALA"}, "1800", "income.salary"),
    ({"purpose": "SALA"}, "-1800", "other.spending"),
    ({"purpose": "RENT"}, "-800", "housing.rent"),
    ({"purpose": "RENT"}, "800", "income.rent"),
    ({"is_between_own": True}, "-800", "transfers.own_accounts"),
    ({"is_to_own_name": True, "text": "rent"}, "-800", "transfers.own_accounts"),
    ({"is_to_own_name": True, "bank_transaction_code": "PMNT-CCRD-CWDL"}, "-80", "cash.withdrawal"),
    ({"text": "ALBION PLATINUM CARD - FULL BALANCE"}, "-900", "transfers.card_settlement"),
]


@pytest.mark.parametrize(("given", "amount", "category"), CODED)
def test_codes_tell(given: dict[str, Any], amount: str, category: str) -> None:
    assert categorise(movement(amount=amount, **given), {}).category == category


def test_what_the_person_said_comes_before_everything_and_only_for_that_payee_and_direction() -> None:
    said = {("tesco stores", False): "family.childcare"}
    assert categorise(movement("TESCO STORES 2041", merchant_category_code="5411"), said).category == "family.childcare"
    assert categorise(movement("Tesco Stores 17"), said).because is Because.CORRECTED
    assert categorise(movement("Tesco Stores 17", amount="3"), said).category == "food.groceries"
    assert categorise(movement("Tesco Mobile"), said).category == "utilities.phone_internet"


def test_an_own_account_comes_before_a_code_and_a_code_before_a_name() -> None:
    told = movement("Tesco", bank_transaction_code="PMNT-CCRD-CWDL", is_between_own=True)
    assert categorise(told, {}).because is Because.OWN_ACCOUNT
    assert categorise(movement("Tesco", bank_transaction_code="PMNT-CCRD-CWDL"), {}).category == "cash.withdrawal"


def test_a_code_that_says_nothing_of_this_direction_leaves_it_to_the_words() -> None:
    assert categorise(movement("ACME", "rent june", purpose="SALA"), {}).category == "housing.rent"


def test_words_are_whole_words() -> None:
    assert categorise(movement("Parental Advice Ltd"), {}).category == "other.spending"  # not "rent"


@pytest.mark.parametrize(
    "texts", [("Müller's Café", "MUELLERS CAFE"), ("BÄCKEREI Groß", "Baeckerei GROSS"), ("Ørsted", "orsted")]
)
def test_spellings_of_one_name_are_one_name(texts: tuple[str, str]) -> None:
    assert words(texts[0]) == words(texts[1])


def test_a_payee_is_known_again_whatever_number_its_shop_has() -> None:
    assert payee_key("TESCO STORES 2041") == payee_key("Tesco Stores 17 ") == "tesco stores"
    assert payee_key("12345 678") == ""


def test_hostile_texts_cost_little_and_find_nothing() -> None:
    assert categorise(movement("\x00\ud800" * 50_000, "a" * 1_000_000), {}).because is Because.SIDE


def test_every_table_speaks_of_categories_that_exist() -> None:
    spoken = set(names.MERCHANTS) | {one for line in names.WORDS for one in (line.in_, line.out) if one}
    spoken |= {one for sides in codes.PURPOSES.values() for one in sides if one}
    spoken |= {codes.by_merchant_category_code(f"{code:04}") or "other.spending" for code in range(10_000)}
    assert spoken <= set(CATEGORIES)
    assert {one.group for one in CATEGORIES.values()} == set(GROUPS)


def test_no_name_stands_in_two_categories() -> None:
    told = [words(name) for listed in names.MERCHANTS.values() for name in listed]
    assert len(told) == len(set(told))
    for side in ("in_", "out"):
        told = [words(name) for line in names.WORDS if getattr(line, side) for name in line.words]
        assert len(told) == len(set(told))


def test_every_category_has_its_line_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "categories.md").read_text()
    for one in CATEGORIES.values():
        assert f"| `{one.code}` | {one.name} | {one.coicop} |" in page
