"""Every bank's word for a kind of movement, as far as a table knows it."""

import pytest

from providers import transaction_codes
from providers.transaction_codes import codes, iso_code

SPELLINGS = [
    ("PMNT-RCDT-ESCT", "PMNT-RCDT-ESCT"),
    ("PMNTRCDTESCT", "PMNT-RCDT-ESCT"),
    ("pmnt.rcdt.esct", "PMNT-RCDT-ESCT"),
    ("PMNT/RCDT/ESCT", "PMNT-RCDT-ESCT"),
    ("PMNT RCDT ESCT", "PMNT-RCDT-ESCT"),
    ("PMNT-RCDT-ESCT-0815", "PMNT-RCDT-ESCT"),
    ("RCDT-ESCT", "PMNT-RCDT-ESCT"),
    ("-RCDT-DMCT", "PMNT-RCDT-DMCT"),
    ("PMNT", "PMNT--"),
    ("PMNT-RCDT", "PMNT-RCDT-"),
    ("CCRD", "PMNT-CCRD-"),
    ("MDOP-CHRG", "-MDOP-CHRG"),
    ("ReceivedCreditTransfers-DomesticCreditTransfer", "PMNT-RCDT-DMCT"),
    ("ReceivedCreditTransfer-DomesticCreditTransfer", "PMNT-RCDT-DMCT"),
    ("CustomerCardTransactions-PointOfSalePaymentDebitCard", "PMNT-CCRD-POSD"),
    ("IssuedDirectDebits", "PMNT-IDDT-"),
    ("Other-NotAvailable", None),
    ("ACOP", None),
    ("string", None),
    ("", None),
    ("-", None),
]


@pytest.mark.parametrize(("given", "iso"), SPELLINGS)
def test_an_iso_code_is_known_in_every_spelling(given: str, iso: str | None) -> None:
    assert iso_code(given) == iso


# the bank's own code, money out, money in, the table
TABLES = [
    ("105", "PMNT-RDDT-ESDD", "PMNT-IDDT-ESDD", "german_gvc"),
    ("166", "PMNT-ICDT-ESCT", "PMNT-RCDT-ESCT", "german_gvc"),
    ("NSTO+117+0004", "PMNT-ICDT-STDO", "PMNT-RCDT-STDO", "german_gvc"),
    ("NTRF", "PMNT-ICDT-", "PMNT-RCDT-", "swift_type"),
    ("FCHG", "PMNT-MDOP-CHRG", "PMNT-MCOP-CHRG", "swift_type"),
    ("DIRECTDEBIT", "PMNT-RDDT-", "PMNT-IDDT-", "ofx_trntype"),
    ("TRANSFER_OUTGOING", "PMNT-ICDT-", "PMNT-RCDT-", "cdr_type"),
    ("INTEREST_PAID", "ACMT-MDOP-INTR", "ACMT-MCOP-INTR", "cdr_type"),
    ("PIX", "PMNT-IRCT-", "PMNT-RRCT-", "br_type"),
    ("DEB", "PMNT-CCRD-POSD", "PMNT-CCRD-POSD", "uk_letters"),
    ("Lastschrifteinzug", "PMNT-RDDT-", "PMNT-IDDT-", "words"),
    ("Gehalt/Rente", "PMNT-ICDT-SALA", "PMNT-RCDT-SALA", "words"),
    ("Płatność kartą", "PMNT-CCRD-POSD", "PMNT-CCRD-POSD", "words"),
]


@pytest.mark.parametrize(("own", "out", "inward", "table"), TABLES)
def test_a_code_that_many_banks_share_says_the_kind_and_the_money_its_direction(
    own: str, out: str, inward: str, table: str
) -> None:
    paid = codes(None, own, is_credit=False)
    assert (paid.iso, paid.proprietary, paid.rule) == (out, own, table)
    assert codes(None, own, is_credit=True).iso == inward


def test_the_banks_iso_code_comes_before_any_table() -> None:
    found = codes("PMNT-RCDT-ESCT", "105", is_credit=True)
    assert (found.iso, found.proprietary, found.rule) == ("PMNT-RCDT-ESCT", "105", "")


def test_three_digits_are_german_only_where_the_account_is() -> None:
    assert codes(None, "105", is_credit=False, country="DE").iso == "PMNT-RDDT-ESDD"
    assert codes(None, "105", is_credit=False, country="FR").iso is None
    assert codes(None, "NSTO+105+1", is_credit=False, country="FR").rule == "swift_type"


@pytest.mark.parametrize("own", ["NMSC", "4711", "foo", "NTRFX", "N", "999"])
def test_what_no_table_knows_stays_the_banks_own(own: str) -> None:
    found = codes(None, own, is_credit=False)
    assert (found.iso, found.proprietary) == (None, own)


def test_a_code_in_the_wrong_field_is_found_all_the_same() -> None:
    found = codes("105", None, is_credit=False)
    assert (found.iso, found.proprietary, found.from_code) == ("PMNT-RDDT-ESDD", "105", True)


def test_every_kind_of_every_table_has_its_two_codes() -> None:
    tables = [one for name, one in vars(transaction_codes).items() if name in {
        "_GVC", "_SWIFT", "_OFX", "_CDR", "_BRAZIL", "_BRITISH", "_WORDS",
    }]  # fmt: skip
    assert len(tables) == 7
    for table in tables:
        for code, kind in table.items():
            for iso in transaction_codes._KINDS[kind]:
                assert iso.count("-") == 2, (code, kind)
