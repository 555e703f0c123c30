"""What version 4.0 says in place of 3.1's words: ISO 20022 codes, and fields that moved. Pure: 3.1 in, 4.0 out.

Read/Write API v4.0, "Change log" and OB_Internal_CodeSet; every function takes one row of a resource.
"""

from typing import Any

Json = dict[str, Any]

TYPE_CODES = {"CurrentAccount": "CACC", "Savings": "SVGS", "CreditCard": "CARD"}
BALANCES = {"InterimBooked": "ITBD", "InterimAvailable": "ITAV", "OpeningBooked": "OPBD"}
STATES = {"Booked": "BOOK", "Pending": "PDNG"}
CONSENTS = {"AwaitingAuthorisation": "AWAU", "Authorised": "AUTH", "Rejected": "RJCT", "Revoked": "CANC"}
FAMILIES = {
    "ReceivedCreditTransfer": "RCDT",
    "IssuedCreditTransfer": "ICDT",
    "ReceivedDirectDebit": "RDDT",
    "CustomerCardTransaction": "CCRD",
    "MiscellaneousDebitOperation": "MDOP",
    "MiscellaneousCreditOperation": "MCOP",
}
SUB_FAMILIES = {
    "BookTransfer": "BOOK",
    "PayrollSalaryPayment": "SALA",
    "DomesticCreditTransfer": "DMCT",
    "StandingOrder": "STDO",
    "DirectDebitPayment": "PMDD",
    "PointOfSalePaymentDebitCard": "POSD",
    "PointOfSaleReversal": "RIMB",
    "CashWithdrawal": "CWDL",
    "Fees": "FEES",
    "Interest": "INTR",
}
ERRORS = {
    "UK.OBIE.Field.Expected": "U001",
    "UK.OBIE.Field.Invalid": "U002",
    "UK.OBIE.Field.InvalidDate": "U003",
    "UK.OBIE.Field.Missing": "U004",
    "UK.OBIE.Field.Unexpected": "U005",
    "UK.OBIE.Resource.ConsentMismatch": "U008",
    "UK.OBIE.Resource.InvalidConsentStatus": "U009",
    "UK.OBIE.Resource.InvalidFormat": "U010",
    "UK.OBIE.Resource.NotFound": "U011",
    "UK.OBIE.Rules.DuplicateReference": "U013",
    "UK.OBIE.Reauthenticate": "U028",
    "UK.OBIE.UnexpectedError": "U000",
}


def account(row: Json) -> Json:
    moved = {"AccountCategory": row["AccountType"], "AccountTypeCode": TYPE_CODES[row["AccountSubType"]]}
    return {name: value for name, value in (row | moved).items() if name not in ("AccountType", "AccountSubType")}


def balance(row: Json) -> Json:
    return row | {"Type": BALANCES[row["Type"]]}


def transaction(row: Json) -> Json:
    code = row["BankTransactionCode"]
    spoken = {"Code": FAMILIES[code["Code"]], "SubCode": SUB_FAMILIES[code["SubCode"]]}
    return row | {"Status": STATES[row["Status"]], "BankTransactionCode": spoken}


def standing_order(row: Json) -> Json:
    """The schedule and its ends are the mandate's, and the reference is remittance."""
    frequency = {"Type": "MNTH", "PointInTime": row["Frequency"].rpartition(":")[2]}
    mandate = {"FirstPaymentDateTime": row["FirstPaymentDateTime"], "Frequency": frequency}
    moved = {
        "StandingOrderStatusCode": "ACTV",
        "MandateRelatedInformation": mandate,
        "RemittanceInformation": {"Unstructured": [row["Reference"]]},
    }
    return {
        name: value
        for name, value in (row | moved).items()
        if name not in ("Frequency", "FirstPaymentDateTime", "Reference")
    }


def direct_debit(row: Json) -> Json:
    mandate = {"MandateIdentification": row["MandateIdentification"], "Frequency": {"Type": "MNTH"}}
    moved = {"DirectDebitStatusCode": "ACTV", "MandateRelatedInformation": mandate}
    return {name: value for name, value in (row | moved).items() if name not in ("Frequency", "MandateIdentification")}


def unchanged(row: Json) -> Json:
    return row


SPOKEN = {
    "Account": account,
    "Balance": balance,
    "Transaction": transaction,
    "StandingOrder": standing_order,
    "DirectDebit": direct_debit,
}
