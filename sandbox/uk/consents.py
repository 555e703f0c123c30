"""Account access consents: create, read, delete (R/W 3.1.11, Account Access Consents)."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.uk import version4
from sandbox.uk.bank import Bank
from sandbox.uk.errors import ApiError
from sandbox.uk.guard import client_token
from sandbox.uk.permissions import objection
from sandbox.uk.vault import BankConsent
from sandbox.uk.wire import stamp

DATE_FIELDS = ("ExpirationDateTime", "TransactionFromDateTime", "TransactionToDateTime")


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("consents", __name__)
    consents = f"{bank.profile.aisp_path}/account-access-consents"

    @blueprint.post(consents)
    def create() -> ResponseReturnValue:
        token = client_token(bank)
        if not request.is_json:
            raise ApiError(415)
        permissions, dates = _wish(bank, request.get_json(silent=True))
        now = bank.clock.now()
        expires_at = dates["ExpirationDateTime"]
        if expires_at is not None and expires_at <= now:
            raise ApiError(
                400, "UK.OBIE.Field.InvalidDate", "The consent would already have expired.", "Data.ExpirationDateTime"
            )
        consent = BankConsent(
            f"aac-{uuid.uuid4()}",
            token.client_id,
            permissions,
            now,
            now,
            expires_at,
            dates["TransactionFromDateTime"],
            dates["TransactionToDateTime"],
        )
        with bank.vault.lock:
            bank.vault.consents[consent.consent_id] = consent
        return _body(bank, consent), 201

    @blueprint.get(f"{consents}/<consent_id>")
    def read(consent_id: str) -> ResponseReturnValue:
        return _body(bank, _known(bank, consent_id))

    @blueprint.delete(f"{consents}/<consent_id>")
    def delete(consent_id: str) -> ResponseReturnValue:
        consent = _known(bank, consent_id)
        with bank.vault.lock:
            bank.vault.consents.pop(consent.consent_id, None)
        return "", 204

    return blueprint


def _known(bank: Bank, consent_id: str) -> BankConsent:
    consent = bank.vault.consent_of(consent_id, client_token(bank).client_id)
    if consent is None:
        raise ApiError(400, "UK.OBIE.Resource.NotFound", "There is no such consent.")
    return consent


def _wish(bank: Bank, body: object) -> tuple[tuple[str, ...], dict[str, datetime | None]]:
    """(permissions, dates) of an OBReadConsent1, or a 400 that names the field."""
    if not isinstance(body, dict) or not isinstance(body.get("Data"), dict):
        raise ApiError(400, "UK.OBIE.Field.Missing", "Data is needed.", "Data")
    if body.get("Risk") != {}:
        raise ApiError(400, "UK.OBIE.Field.Missing", "Risk is needed, and empty.", "Risk")
    unexpected = sorted((set(body) - {"Data", "Risk"}) | (set(body["Data"]) - {"Permissions", *DATE_FIELDS}))
    if unexpected:
        raise ApiError(400, "UK.OBIE.Field.Unexpected", "This field does not belong here.", unexpected[0][:100])
    permissions = body["Data"].get("Permissions")
    if not isinstance(permissions, list) or not permissions or not all(isinstance(code, str) for code in permissions):
        raise ApiError(400, "UK.OBIE.Field.Missing", "Permissions are needed.", "Data.Permissions")
    wrong = objection(permissions, bank.profile)
    if wrong:
        raise ApiError(400, *wrong)
    return tuple(dict.fromkeys(permissions)), {name: _moment(body["Data"], name) for name in DATE_FIELDS}


def _moment(data: dict[str, Any], name: str) -> datetime | None:
    if name not in data:
        return None
    try:
        moment = datetime.fromisoformat(data[name])
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ApiError(400, "UK.OBIE.Field.InvalidDate", "A date-time with its zone is needed.", f"Data.{name}")
    return moment


def _body(bank: Bank, consent: BankConsent) -> dict[str, Any]:
    data: dict[str, Any] = {
        "ConsentId": consent.consent_id,
        "CreationDateTime": stamp(consent.created_at),
        "Status": version4.CONSENTS[consent.status] if bank.profile.version == "4.0" else consent.status.value,
        "StatusUpdateDateTime": stamp(consent.changed_at),
        "Permissions": list(consent.permissions),
    }
    for name, moment in zip(DATE_FIELDS, (consent.expires_at, consent.shows_from, consent.shows_to), strict=True):
        if moment:
            data[name] = stamp(moment)
    own = f"{bank.api_url}/account-access-consents/{consent.consent_id}"
    return {"Data": data, "Risk": {}, "Links": {"Self": own}, "Meta": {"TotalPages": 1}}
