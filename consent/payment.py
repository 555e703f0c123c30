"""A single-use payment consent: what exactly the person approved, bound into one digest.

Dynamic linking (Delegated Regulation (EU) 2018/389, article 5): what is executed must be the amount and the payee that
the person saw. The digest is stored with the approval, and whatever is sent to the bank is compared with it first.
That it is used once: ``lifecycle`` consumes the consent, and the store does so by one conditional UPDATE.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from consent.canonical import encode, plain_decimal
from consent.model import Consent

MAX_DIGITS = 18  # ISO 20022 ActiveOrHistoricCurrencyAndAmount: 18 digits in all,
MAX_FRACTION_DIGITS = 5  # of which 5 after the point

_CURRENCY = re.compile("[A-Z]{3}")
_KIND = "payment-terms/1"  # a digest of anything else can never be taken for one of these


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """The terms of one payment as the person saw them; every field is bound.

    amount: exact and positive, in ``currency`` (ISO 4217, three capitals). creditor_account is in the form of
    ``creditor_scheme`` (IBAN, UK.SCAN ...) without separators; debtor_account_id is the hub's id.
    Text is bound as it stands: no trimming, no Unicode folding, so that nothing different can pass as equal.
    requested_date None = at once. Raises ValueError where any of this does not hold.
    """

    amount: Decimal
    currency: str
    creditor_name: str
    creditor_scheme: str
    creditor_account: str
    debtor_account_id: str
    remittance: str = ""
    requested_date: date | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite() or self.amount <= 0:
            raise ValueError("a payment is of a positive, exact amount")
        # Looked at by size before it is written out: 1E+999999 must not become a megabyte of zeros.
        if not -MAX_FRACTION_DIGITS <= self.amount.adjusted() < MAX_DIGITS or not self._fits():
            raise ValueError("an amount has at most 18 digits, 5 of them after the point")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("a currency is three capitals (ISO 4217)")
        if not all((self.creditor_name, self.creditor_scheme, self.creditor_account, self.debtor_account_id)):
            raise ValueError("a payment names its creditor and its debtor")

    def _fits(self) -> bool:
        whole, _, fraction = plain_decimal(self.amount).partition(".")
        return len(fraction) <= MAX_FRACTION_DIGITS and len(whole) + len(fraction) <= MAX_DIGITS


def approved_terms(consent: Consent) -> PaymentTerms:
    """The terms that the person approved, with the account they chose. Raises ValueError for any other consent."""
    payment, accounts = consent.payment, tuple(consent.accounts)
    if payment is None or not accounts:
        raise ValueError("no payment was approved in this consent")
    return PaymentTerms(
        amount=payment.amount,
        currency=payment.currency,
        creditor_name=payment.creditor_name,
        creditor_scheme=str(payment.creditor_account.scheme),
        creditor_account=payment.creditor_account.identification,
        debtor_account_id=accounts[0],
        remittance=payment.remittance,
        requested_date=payment.requested_date,
    )


def digest(terms: PaymentTerms) -> str:
    """SHA-256 over the canonical form, as 64 hex digits. 10 and 10.00 are one amount and give one digest."""
    return sha256(encode({"kind": _KIND, "terms": terms})).hexdigest()


def matches(terms: PaymentTerms, bound_digest: str) -> bool:
    """Whether ``bound_digest`` was made of exactly these terms; takes the same time wherever they differ."""
    return hmac.compare_digest(digest(terms).encode(), bound_digest.encode(errors="replace"))
