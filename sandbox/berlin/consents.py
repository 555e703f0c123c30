"""/v1/consents: create, read, status, delete (NextGenPSD2 1.3, 6.3).

A real bank knows its TPP by a QWAC. Here there is none: anybody may call, and knows a consent only by its
unguessable id.
"""

import ipaddress
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.berlin import authorisations
from sandbox.berlin.access import Unfit, Wanted, granted_access, read_access
from sandbox.berlin.bank import Bank
from sandbox.berlin.errors import ApiError
from sandbox.berlin.guard import check_headers, named_consent, token_holder
from sandbox.berlin.vault import Approach, BankConsent, Status

LONGEST_VALIDITY_DAYS = 180  # RTS art. 10a: strong authentication again after 180 days
MOST_CALLS_PER_DAY = 4  # RTS art. 36(5)(b)


@dataclass(frozen=True, slots=True)
class _Terms:
    wanted: Wanted
    recurring: bool
    valid_until: date
    frequency_per_day: int


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("consents", __name__, url_prefix="/v1/consents")

    @blueprint.post("")
    def create() -> ResponseReturnValue:
        check_headers()
        _check_psu_address()
        redirect_uri = _redirect_uri("TPP-Redirect-URI")
        nok = _redirect_uri("TPP-Nok-Redirect-URI") if "TPP-Nok-Redirect-URI" in request.headers else redirect_uri
        terms = _terms(request.get_json(silent=True), bank.clock.today())
        consent = BankConsent(
            str(uuid.uuid4()),
            terms.wanted,
            terms.recurring,
            terms.valid_until,
            terms.frequency_per_day,
            redirect_uri,
            nok,
            bank.clock.now(),
            _approach(),
            last_action=bank.clock.today(),
            owner=token_holder(bank) if bank.ways.pre_step else "",
        )
        bank.vault.add(consent)
        own = f"/v1/consents/{consent.consent_id}"
        links = {
            **authorisations.first_links(bank, consent),
            "self": bank.link(own),
            "status": bank.link(f"{own}/status"),
        }
        body = {"consentStatus": consent.status, "consentId": consent.consent_id, "_links": links}
        return body, 201, {"ASPSP-SCA-Approach": consent.approach, "Location": f"{bank.url}{own}"}

    @blueprint.get("/<consent_id>")
    def read(consent_id: str) -> ResponseReturnValue:
        consent = named_consent(bank, consent_id)
        granted = [(one.account, one.rights) for one in consent.granted.values()]
        return {
            "access": granted_access(consent.wanted, granted),
            "recurringIndicator": consent.recurring,
            "validUntil": consent.valid_until.isoformat(),
            "frequencyPerDay": consent.frequency_per_day,
            "lastActionDate": consent.last_action.isoformat(),
            "consentStatus": consent.status,
            "_links": {"account": bank.link("/v1/accounts")} if consent.status is Status.VALID else {},
        }

    @blueprint.get("/<consent_id>/status")
    def status(consent_id: str) -> ResponseReturnValue:
        return {"consentStatus": named_consent(bank, consent_id).status}

    @blueprint.delete("/<consent_id>")
    def delete(consent_id: str) -> ResponseReturnValue:
        bank.vault.move(named_consent(bank, consent_id), "terminate")
        return "", 204

    return blueprint


def _approach() -> Approach:
    """As the TPP prefers (5.1): its word on decoupling comes first, and redirect is what we do unasked."""
    if request.headers.get("TPP-Decoupled-Preferred") == "true":
        return Approach.DECOUPLED
    return Approach.EMBEDDED if request.headers.get("TPP-Redirect-Preferred") == "false" else Approach.REDIRECT


def _check_psu_address() -> None:
    try:
        ipaddress.ip_address(request.headers.get("PSU-IP-Address", ""))
    except ValueError:
        raise ApiError("FORMAT_ERROR", "PSU-IP-Address must be an IP address.", "PSU-IP-Address") from None


def _redirect_uri(header: str) -> str:
    """An absolute http(s) address without a fragment or credentials; kept with the consent, used as it came."""
    uri = request.headers.get(header, "")
    try:
        parts = urlsplit(uri)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        fits = False
    if not fits or "#" in uri or "\\" in uri or not uri.isascii() or not uri.isprintable() or " " in uri:
        raise ApiError("FORMAT_ERROR", f"{header} must be an absolute http(s) address.", header)
    return uri


def _terms(body: Any, today: date) -> _Terms:
    if not isinstance(body, dict):
        raise ApiError("FORMAT_ERROR", "A JSON object is needed.")
    wanted = read_access(body.get("access"))
    if isinstance(wanted, Unfit):
        raise ApiError(wanted.code, wanted.text, "access")
    recurring, frequency = body.get("recurringIndicator"), body.get("frequencyPerDay")
    if not isinstance(recurring, bool):
        raise ApiError("FORMAT_ERROR", "recurringIndicator is true or false.", "recurringIndicator")
    if isinstance(frequency, bool) or not isinstance(frequency, int) or frequency < 1:
        raise ApiError("FORMAT_ERROR", "frequencyPerDay is a number from 1.", "frequencyPerDay")
    if not recurring and frequency != 1:
        raise ApiError("FORMAT_ERROR", "frequencyPerDay is 1 for a one-off consent.", "frequencyPerDay")
    combined = body.get("combinedServiceIndicator")
    if not isinstance(combined, bool):
        raise ApiError("FORMAT_ERROR", "combinedServiceIndicator is true or false.", "combinedServiceIndicator")
    if combined:
        raise ApiError("SESSIONS_NOT_SUPPORTED", "Combined services are not supported.", "combinedServiceIndicator")
    return _Terms(wanted, recurring, _valid_until(body, today), min(frequency, MOST_CALLS_PER_DAY))


def _valid_until(body: dict[str, Any], today: date) -> date:
    """As asked, but no later than the bank allows: 9999-12-31 means "as long as you may" (6.3.1)."""
    try:
        valid_until = date.fromisoformat(body["validUntil"])
    except (KeyError, TypeError, ValueError):
        raise ApiError("FORMAT_ERROR", "validUntil is a date.", "validUntil") from None
    if valid_until < today:
        raise ApiError("PERIOD_INVALID", "validUntil is in the past.", "validUntil")
    return min(valid_until, today + timedelta(days=LONGEST_VALIDITY_DAYS))
