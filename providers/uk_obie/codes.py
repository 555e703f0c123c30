"""BankTransactionCode of version 3.1, which is family and sub-family without a domain, often as words.

The words are the names of the ISO 20022 bank transaction code set written together (OBTransaction6.
BankTransactionCode); version 4 sends the codes. Families that exist in the payments domain only give the domain.
"""

import re

_ISO_CODE = re.compile(r"[A-Z0-9]{4}", re.ASCII)
_NOT_LETTER = re.compile(r"[^a-z]+")

_PAYMENTS = "PMNT"
_PAYMENT_FAMILIES = frozenset(
    {"RCDT", "ICDT", "RRCT", "IRCT", "RDDT", "IDDT", "RCHQ", "ICHQ", "CCRD", "MCRD", "DRFT", "LBOX"}
)

_FAMILIES = {
    "receivedcredittransfers": "RCDT",
    "issuedcredittransfers": "ICDT",
    "receivedrealtimecredittransfers": "RRCT",
    "issuedrealtimecredittransfers": "IRCT",
    "receiveddirectdebits": "RDDT",
    "issueddirectdebits": "IDDT",
    "receivedcheques": "RCHQ",
    "issuedcheques": "ICHQ",
    "customercardtransactions": "CCRD",
    "merchantcardtransactions": "MCRD",
    "drafts": "DRFT",
    "lockbox": "LBOX",
    "countertransactions": "CNTR",
    "miscellaneouscreditoperations": "MCOP",
    "miscellaneousdebitoperations": "MDOP",
}

_SUB_FAMILIES = {
    "domesticcredittransfer": "DMCT",
    "sepacredittransfer": "ESCT",
    "crossbordercredittransfer": "XBCT",
    "internalbooktransfer": "BOOK",
    "booktransfer": "BOOK",
    "payrollsalarypayment": "SALA",
    "standingorder": "STDO",
    "directdebitpayment": "PMDD",
    "directdebit": "PMDD",
    "sepacoredirectdebit": "ESDD",
    "pointofsalepaymentdebitcard": "POSD",
    "pointofsalepaymentcreditcard": "POSC",
    "pointofsalepospaymentdebitcard": "POSD",
    "pointofsalepospaymentcreditcard": "POSC",
    "cashwithdrawal": "CWDL",
    "cashdeposit": "CDPT",
    "fees": "FEES",
    "charges": "CHRG",
    "commission": "COMM",
    "interest": "INTR",
    "other": "OTHR",
    "notavailable": "NTAV",
}


def iso_code(family: str, sub_family: str) -> str | None:
    """DOMAIN-FAMILY-SUBFAMILY with unknown parts empty; None where not even the family is understood."""
    known_family = _code(family, _FAMILIES)
    if not known_family:
        return None
    domain = _PAYMENTS if known_family in _PAYMENT_FAMILIES else ""
    return f"{domain}-{known_family}-{_code(sub_family, _SUB_FAMILIES)}"


def _code(given: str, names: dict[str, str]) -> str:
    if _ISO_CODE.fullmatch(given):
        return given
    key = _NOT_LETTER.sub("", given.lower())
    return names.get(key) or names.get(f"{key}s", "")
