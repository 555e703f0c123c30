"""Account numbers from outside: one shape per scheme, and check digits that hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme, domestic

# The registry's own examples (ISO 13616).
REAL = ["GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"]


@pytest.mark.parametrize("iban", REAL)
def test_a_real_iban_is_taken(iban: str) -> None:
    assert AccountNumber(Scheme.IBAN, iban).identification == iban


@pytest.mark.parametrize("iban", REAL)
@given(st.data())
def test_one_wrong_sign_in_an_iban_is_found(iban: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2, len(iban) - 1))
    sign = data.draw(st.sampled_from("0123456789").filter(lambda one: one != iban[at]))
    if iban[at].isdigit():
        with pytest.raises(ValueError, match="check digits"):
            AccountNumber(Scheme.IBAN, iban[:at] + sign + iban[at + 1 :])


WRONG = [
    (Scheme.IBAN, "", "no IBAN"),
    (Scheme.IBAN, "DE89 3704 0044 0532 0130 00", "no IBAN"),
    (Scheme.IBAN, "de89370400440532013000", "no IBAN"),
    (Scheme.IBAN, "DE89370400440532013000\n", "no IBAN"),
    (Scheme.IBAN, "DE8937040044", "no IBAN"),
    (Scheme.IBAN, "DE89" + "0" * 31, "no IBAN"),
    (Scheme.IBAN, "DE٨٩370400440532013000", "no IBAN"),
    (Scheme.IBAN, "DE88370400440532013000", "check digits"),
    (Scheme.UK_SORT_CODE_ACCOUNT, "2000001234567", "no sort code"),
    (Scheme.UK_SORT_CODE_ACCOUNT, "20-00-00 12345678", "no sort code"),
    (Scheme.UK_SORT_CODE_ACCOUNT, "٢0000012345678", "no sort code"),
    ("BBAN", "20000012345678", "Scheme"),
]


@pytest.mark.parametrize(("scheme", "number", "why"), WRONG)
def test_what_is_no_account_number_cannot_be_made(scheme: Scheme, number: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AccountNumber(scheme, number)


def test_a_number_is_shown_as_people_read_it() -> None:
    assert AccountNumber(Scheme.IBAN, "NO9386011117947").spaced == "NO93 8601 1117 947"
    assert AccountNumber(Scheme.UK_SORT_CODE_ACCOUNT, "20000012345678").spaced == "20-00-00 12345678"


def test_a_british_iban_and_its_sort_code_and_number_are_one_account() -> None:
    assert domestic("IBAN", "GB82WEST12345698765432") == domestic("UK.SCAN", "12345698765432")
    for iban in ("DE89370400440532013000", "MT84MALT011000012345MTLCAST001S", "GB82WEST1234569876543"):
        assert domestic("IBAN", iban) == ("IBAN", iban)
    assert domestic("BBAN", "GB82WEST12345698765432") == ("BBAN", "GB82WEST12345698765432")
