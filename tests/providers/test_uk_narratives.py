"""What British banks write where no field names the other side, by the rules of banks whose ways are known."""

from datetime import date

import pytest

from providers.model import Transaction
from providers.registry import known_rules
from providers.rules.profile import NO_RULES, Rules
from providers.uk_obie import normalize
from tests.providers.pages import UK_TRANSACTION, but, uk

NARRATIVES = [
    ("barclays_gb", "TESCO STORES 2890 ON 27 FEB BCC", "TESCO STORES 2890", date(2026, 2, 27)),
    ("barclays_gb", "SKY DIGITAL 4417700231 DDR", "SKY DIGITAL", None),
    ("natwest_gb", "4417 27FEB26 CD , TESCO STORES 2890 , LONDON GB", "TESCO STORES 2890", date(2026, 2, 27)),
    ("natwest_gb", "4417 27FEB26 , AMAZON", "AMAZON", date(2026, 2, 27)),
    ("lloyds_gb", "SAINSBURYS S/MKTS CD 4417", "SAINSBURYS S/MKTS", None),
    ("nationwide_gb", "Contactless Payment PRET A MANGER", "PRET A MANGER", None),
    ("santander_gb", "CARD PAYMENT TO AMAZON,12.10 GBP, RATE 1.00/GBP ON 27-02-2026", "AMAZON", None),
]


def read(text: str, rules: Rules = NO_RULES) -> Transaction:
    row = but(UK_TRANSACTION, TransactionInformation=text, MerchantDetails=..., CreditorAccount=...)
    return normalize.transactions(uk("Transaction", row), rules=rules).transactions[0]


@pytest.mark.parametrize(("bank", "text", "payee", "day"), NARRATIVES)
def test_the_other_side_and_the_day_of_a_known_banks_text(bank: str, text: str, payee: str, day: date | None) -> None:
    found = read(text, known_rules(bank))
    assert found.counterparty.name == payee
    if day is not None:
        moment = found.transaction_datetime
        assert moment is not None
        assert moment.date() == day


OWN_WORDS = ["RENT FLAT 2", "MUSIC CD FOR DAD", "LUNCH ON 27 FEB", "1234 THANKS"]


@pytest.mark.parametrize("bank", ["barclays_gb", "natwest_gb", "lloyds_gb", "nationwide_gb", "santander_gb"])
@pytest.mark.parametrize("text", OWN_WORDS)
def test_a_persons_own_words_name_nobody(bank: str, text: str) -> None:
    assert read(text, known_rules(bank)).counterparty.name is None
