"""Answers of a well-behaved bank in each standard, to be bent by tests. Alice owns the accounts."""

import json
from typing import Any

UK_TRANSACTION: dict[str, Any] = {
    "AccountId": "22289",
    "TransactionId": "t-1",
    "TransactionReference": "ref-1",
    "CreditDebitIndicator": "Debit",
    "Status": "Booked",
    "BookingDateTime": "2026-03-01T00:05:00+00:00",
    "ValueDateTime": "2026-03-02T00:05:00+00:00",
    "Amount": {"Amount": "12.10", "Currency": "GBP"},
    "TransactionInformation": "CARD PAYMENT TO SAINSBURYS",
    "BankTransactionCode": {"Code": "CustomerCardTransactions", "SubCode": "PointOfSalePaymentDebitCard"},
    "ProprietaryBankTransactionCode": {"Code": "DEB", "Issuer": "Albion"},
    "MerchantDetails": {"MerchantName": "Sainsbury's", "MerchantCategoryCode": "5411"},
    "CreditorAccount": {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "20-00-00 55779911"},
    "DebtorAccount": {"SchemeName": "UK.OBIE.IBAN", "Identification": "GB33BUKB20201555555555", "Name": "Alice"},
    "Balance": {
        "CreditDebitIndicator": "Credit",
        "Type": "InterimBooked",
        "Amount": {"Amount": "87.90", "Currency": "GBP"},
    },
    "SupplementaryData": {"Declined": False},
}

UK_ACCOUNT: dict[str, Any] = {
    "AccountId": "22289",
    "Status": "Enabled",
    "Currency": "GBP",
    "AccountType": "Personal",
    "AccountSubType": "CurrentAccount",
    "Description": "Everyday Account",
    "Nickname": "Bills",
    "Account": [
        {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "99001741882017", "Name": "Alice O'Connor"},
        {"SchemeName": "UK.OBIE.IBAN", "Identification": "GB33 BUKB 2020 1555 5555 55", "Name": "Alice O'Connor"},
    ],
    "Servicer": {"SchemeName": "UK.OBIE.BICFI", "Identification": "BUKBGB22"},
}

UK_BALANCE: dict[str, Any] = {
    "AccountId": "22289",
    "Amount": {"Amount": "147.8500", "Currency": "GBP"},
    "CreditDebitIndicator": "Credit",
    "Type": "InterimAvailable",
    "DateTime": "2026-03-01T14:35:49.983Z",
    "CreditLine": [{"Included": False, "Amount": {"Amount": "250.00", "Currency": "GBP"}, "Type": "Pre-Agreed"}],
}

BERLIN_TRANSACTION: dict[str, Any] = {
    "transactionId": "t-1",
    "entryReference": "NOTPROVIDED",
    "endToEndId": "e2e-1",
    "mandateId": "M-7",
    "checkId": "0000000000000",
    "creditorId": "DE98ZZZ09999999999",
    "bookingDate": "2026-03-01",
    "valueDate": "2026-03-02",
    "transactionAmount": {"currency": "EUR", "amount": "-12.10"},
    "creditorName": "Stadtwerke Köln",
    "creditorAccount": {"iban": "DE89 3704 0044 0532 0130 00"},
    "debtorName": "Alice O'Connor",
    "debtorAccount": {"iban": "DE02120300000000202051"},
    "remittanceInformationUnstructured": "Strom Maerz",
    "bankTransactionCode": "PMNT-RDDT-ESDD",
    "proprietaryBankTransactionCode": "105",
    "balanceAfterTransaction": {
        "balanceAmount": {"currency": "EUR", "amount": "87.90"},
        "balanceType": "interimBooked",
    },
}

BERLIN_ACCOUNT: dict[str, Any] = {
    "resourceId": "acc-1",
    "iban": "DE02120300000000202051",
    "currency": "EUR",
    "name": "Girokonto",
    "displayName": "Haushalt",
    "product": "Girokonto Komfort",
    "cashAccountType": "CACC",
    "status": "enabled",
    "bic": "LORLDE33",
    "ownerName": "Alice O'Connor",
}

BERLIN_BALANCE: dict[str, Any] = {
    "balanceAmount": {"currency": "EUR", "amount": "-5.20"},
    "balanceType": "closingBooked",
    "creditLimitIncluded": False,
    "referenceDate": "2026-03-01",
}


STET_TRANSACTION: dict[str, Any] = {
    "resourceId": "t-1",
    "entryReference": "ref-1",
    "transactionAmount": {"amount": 12.10, "currency": "EUR"},
    "creditDebitIndicator": "DBIT",
    "transactionAmountDetails": {
        "instructedAmount": {
            "amount": {"amount": 11.4, "currency": "CHF"},
            "sourceCurrency": "CHF",
            "targetCurrency": "EUR",
            "unitCurrency": "EUR",
            "exchangeRate": 0.9421,
        }
    },
    "status": "BOOK",
    "endToEndId": "NOTPROVIDED",
    "bookingDate": "2026-03-01T00:00:00+0100",
    "valueDate": "2026-03-02",
    "transactionDate": "2026-02-27",
    "bankTransactionCode": {"domain": "PMNT", "family": "RDDT", "subFamily": "ESDD", "code": "B3", "issuer": "CFONB"},
    "charges": {"totalChargesAndTaxAmount": {"amount": "0.35", "currency": "EUR"}},
    "relatedParties": {
        "creditor": {"name": "EDF"},
        "creditorAccount": {"iban": "FR76 3000 4028 3798 7654 3210 943"},
        "creditorAgent": {"bicFi": "BNPAFRPPXXX"},
        "debtor": {"name": "Alice O'Connor"},
        "debtorAccount": {"iban": "FR7610907000301234567890125"},
    },
    "remittanceInformation": {
        "unstructured": ["PRLV SEPA EDF CLIENTS", "CONTRAT 4711"],
        "structured": [{"creditorReferenceInformation": {"reference": "RF18 5390 0754 7034"}}],
    },
    "additionalTransactionInformation": "Prélèvement",
    "merchantCategoryCode": "4900",
}

STET_ACCOUNT: dict[str, Any] = {
    "resourceId": "acc-1",
    "bicFi": "CCBPFRPPXXX",
    "accountId": {"iban": "FR7610907000301234567890125", "currency": "EUR"},
    "name": "Mme O'Connor",
    "usage": "PRIV",
    "cashAccountType": "CACC",
    "product": "Compte de dépôt",
    "currency": "EUR",
    "psuStatus": "Account Holder",
    "_links": {"balances": {"href": "v1/accounts/acc-1/balances"}},
}

STET_CARD: dict[str, Any] = {
    "resourceId": "card-1",
    "accountId": {"other": {"identification": "4970410000001234", "schemeName": "CPAN", "issuer": "CCBPFRPPXXX"}},
    "name": "Mme O'Connor",
    "linkedAccount": "acc-1",
    "cashAccountType": "CARD",
    "currency": "EUR",
    "_links": {"balances": {"href": "v1/accounts/card-1/balances"}},
}

STET_BALANCE: dict[str, Any] = {
    "name": "Solde comptable au 06/11/2025",
    "balanceAmount": {"amount": "-150.00", "currency": "EUR"},
    "balanceType": "CLBD",
    "lastChangeDateTime": "2026-03-01T14:35:49.983+01:00",
}


AU_ACCOUNT: dict[str, Any] = {
    "accountId": "acc-1",
    "displayName": "Everyday Access",
    "nickname": "Bills",
    "openStatus": "OPEN",
    "isOwned": True,
    "accountOwnership": "ONE_PARTY",
    "maskedNumber": "xxxx 0231",
    "productCategory": "TRANS_AND_SAVINGS_ACCOUNTS",
    "productName": "Everyday Access",
}

AU_BALANCE: dict[str, Any] = {
    "accountId": "acc-1",
    "currentBalance": "-20.50",
    "availableBalance": "479.50",
    "creditLimit": "500.00",
    "currency": "AUD",
    "purses": [{"amount": "12.00", "currency": "NZD"}],
}

AU_TRANSACTION: dict[str, Any] = {
    "accountId": "acc-1",
    "transactionId": "t-1",
    "isDetailAvailable": False,
    "type": "PAYMENT",
    "status": "POSTED",
    "description": "PROUD MARY COLLINGWOOD",
    "postingDateTime": "2026-03-01T22:30:00Z",
    "valueDateTime": "2026-03-01T09:00:00+11:00",
    "executionDateTime": "2026-02-28T20:00:00Z",
    "amount": "-14.20",
    "currency": "AUD",
    "reference": "ref-1",
    "merchantName": "Proud Mary",
    "merchantCategoryCode": "5814",
}

BR_ACCOUNT: dict[str, Any] = {
    "brandName": "Banco Iara",
    "companyCnpj": "99999999000199",
    "type": "CONTA_DEPOSITO_A_VISTA",
    "compeCode": "999",
    "branchCode": "0117",
    "number": "41770023",
    "checkDigit": "1",
    "accountId": "acc-1",
}

BR_BALANCE: dict[str, Any] = {
    "availableAmount": {"amount": "100.0400", "currency": "BRL"},
    "blockedAmount": {"amount": "0.0000", "currency": "BRL"},
    "automaticallyInvestedAmount": {"amount": "7.0000", "currency": "BRL"},
    "updateDateTime": "2026-03-01T12:00:00Z",
}

BR_TRANSACTION: dict[str, Any] = {
    "transactionId": "t-1",
    "completedAuthorisedPaymentType": "TRANSACAO_EFETIVADA",
    "creditDebitType": "DEBITO",
    "transactionName": "PIX ENVIADO PADARIA",
    "type": "PIX",
    "transactionAmount": {"amount": "25.0000", "currency": "BRL"},
    "transactionDateTime": "2026-03-01T02:30:00.000Z",
    "partieCnpjCpf": "12345678909",
    "partiePersonType": "PESSOA_NATURAL",
    "partieCompeCode": "001",
    "partieBranchCode": "6272",
    "partieNumber": "12345678",
    "partieCheckDigit": "9",
}


def uk(kind: str, *rows: Any, following: str | None = None) -> bytes:
    """An answer with ``rows`` under Data.<kind>."""
    links: dict[str, Any] = {"Self": "http://127.0.0.1/self"} | ({"Next": following} if following else {})
    return json.dumps({"Data": {kind: list(rows)}, "Links": links, "Meta": {"TotalPages": 1}}).encode()


def berlin(*booked: Any, pending: tuple[Any, ...] = (), following: str | None = None) -> bytes:
    links: dict[str, Any] = {"account": {"href": "/v1/accounts/acc-1"}}
    if following:
        links["next"] = {"href": following}
    report = {"booked": list(booked), "pending": list(pending), "_links": links}
    return json.dumps({"account": {"iban": BERLIN_ACCOUNT["iban"]}, "transactions": report}).encode()


def but(row: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """``row`` with fields changed, or left out where the new value is ``...``."""
    return {name: value for name, value in (row | changed).items() if value is not ...}


def stet(kind: str, *rows: Any, following: str | None = None) -> bytes:
    """An answer with ``rows`` under ``kind``."""
    links = {"self": {"href": f"v1/{kind}"}} | ({"next": {"href": following}} if following else {})
    return json.dumps({kind: list(rows), "_links": links}).encode()


def au(kind: str, *rows: Any, following: str | None = None) -> bytes:
    """An answer with ``rows`` under data.<kind>."""
    links = {"self": "https://holder.example/self"} | ({"next": following} if following else {})
    return json.dumps({"data": {kind: list(rows)}, "links": links, "meta": {"totalRecords": len(rows)}}).encode()


def br(*rows: Any, following: str | None = None) -> bytes:
    """An answer with ``rows`` as its data."""
    links = {"self": "https://banco.example/self"} | ({"next": following} if following else {})
    return json.dumps({"data": list(rows), "links": links, "meta": {"totalRecords": len(rows)}}).encode()
