"""Confirmation of funds (CBPII v4.0): a consent of its own for one account, and yes or no to one amount."""

import uuid
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.people import SORT_CODE, Account, AccountKind, accounts_at
from sandbox.uk import version4
from sandbox.uk.bank import Bank
from sandbox.uk.errors import ApiError
from sandbox.uk.guard import client_token, persons_consent
from sandbox.uk.permissions import FUNDS
from sandbox.uk.vault import BankConsent
from sandbox.uk.wire import stamp


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("funds", __name__)
    consents = f"{bank.profile.cbpii_path}/funds-confirmation-consents"

    @blueprint.post(consents)
    def create() -> ResponseReturnValue:
        token = client_token(bank)
        data = _data()
        account = _named(bank, data.get("DebtorAccount"))
        now = bank.clock.now()
        consent = BankConsent(
            f"fcc-{uuid.uuid4()}",
            token.client_id,
            (FUNDS,),
            now,
            now,
            _ends(data),
            None,
            None,
            account_keys=(account.key,),
        )
        with bank.vault.lock:
            bank.vault.consents[consent.consent_id] = consent
        return _body(bank, consent), 201

    @blueprint.get(f"{consents}/<consent_id>")
    def read(consent_id: str) -> ResponseReturnValue:
        return _body(bank, _known(bank, consent_id))

    @blueprint.delete(f"{consents}/<consent_id>")
    def delete(consent_id: str) -> ResponseReturnValue:
        with bank.vault.lock:
            bank.vault.consents.pop(_known(bank, consent_id).consent_id, None)
        return "", 204

    @blueprint.post(f"{bank.profile.cbpii_path}/funds-confirmations")
    def confirm() -> ResponseReturnValue:
        consent, data = persons_consent(bank, FUNDS), _data()
        if data.get("ConsentId") != consent.consent_id:
            raise ApiError(400, "UK.OBIE.Resource.ConsentMismatch", "This is not the token's consent.", "ConsentId")
        asked = data.get("InstructedAmount")
        account = next(one for one in accounts_at(bank.profile.here) if one.key in consent.account_keys)
        try:
            amount = Decimal(asked["Amount"])  # type: ignore[index]
        except (TypeError, KeyError, InvalidOperation):
            raise ApiError(400, "UK.OBIE.Field.Invalid", "An amount is needed.", "InstructedAmount") from None
        available = bank.book.balances(account).available + account.credit_line
        shown = {
            "FundsConfirmationId": f"fc-{uuid.uuid4()}"[:40],
            "ConsentId": consent.consent_id,
            "CreationDateTime": stamp(bank.clock.now()),
            "FundsAvailable": amount <= available,
            "Reference": data.get("Reference"),
            "InstructedAmount": asked,
        }
        return {"Data": shown, "Links": {"Self": request.base_url}, "Meta": {}}, 201

    return blueprint


def _data() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("Data"), dict):
        raise ApiError(400, "UK.OBIE.Field.Missing", "Data is needed.", "Data")
    found: dict[str, Any] = body["Data"]
    return found


def _named(bank: Bank, debtor: object) -> Account:
    if isinstance(debtor, dict):
        for account in accounts_at(bank.profile.here):
            names = {"UK.OBIE.IBAN": account.iban, "UK.OBIE.SortCodeAccountNumber": SORT_CODE + account.number}
            wanted = names.get(str(debtor.get("SchemeName")))
            if account.kind is AccountKind.CURRENT and wanted == debtor.get("Identification"):
                return account
    raise ApiError(400, "UK.OBIE.Field.Invalid", "There is no such account.", "Data.DebtorAccount")


def _ends(data: dict[str, Any]) -> datetime | None:
    text = data.get("ExpirationDateTime")
    try:
        return None if text is None else datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ApiError(400, "UK.OBIE.Field.InvalidDate", "A date-time is needed.", "Data.ExpirationDateTime") from None


def _known(bank: Bank, consent_id: str) -> BankConsent:
    consent = bank.vault.consent_of(consent_id, client_token(bank).client_id)
    if consent is None or FUNDS not in consent.permissions:
        raise ApiError(400, "UK.OBIE.Resource.NotFound", "There is no such consent.")
    return consent


def _body(bank: Bank, consent: BankConsent) -> dict[str, Any]:
    account = next(one for one in accounts_at(bank.profile.here) if one.key in consent.account_keys)
    data: dict[str, Any] = {
        "ConsentId": consent.consent_id,
        "CreationDateTime": stamp(consent.created_at),
        "Status": version4.CONSENTS[consent.status.value],
        "StatusUpdateDateTime": stamp(consent.changed_at),
        "DebtorAccount": {"SchemeName": "UK.OBIE.IBAN", "Identification": account.iban},
    }
    if consent.expires_at:
        data["ExpirationDateTime"] = stamp(consent.expires_at)
    return {"Data": data, "Links": {"Self": request.base_url}, "Meta": {}}
