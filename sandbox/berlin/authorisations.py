"""/v1/consents/{id}/authorisations: the person proves who they are through the TPP (NextGenPSD2 1.3, 5.1, 7).

Embedded: login name and password, one of two methods, its TAN. Decoupled: the login name, and the rest in the app,
which here is the same page as everybody's. Who types their TAN elsewhere picks no accounts here: all that are meant are
given.
"""

import hmac
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.berlin.bank import Bank
from sandbox.berlin.errors import ApiError
from sandbox.berlin.guard import named_consent
from sandbox.berlin.picture import png
from sandbox.berlin.vault import UNCONFIRMED, Approach, BankConsent, Status
from sandbox.browser import MAX_WRONG_PASSWORDS, password_is_right
from sandbox.people import PEOPLE, BankName, accounts_of

METHODS = {
    "sms": {
        "authenticationType": "SMS_OTP",
        "authenticationMethodId": "sms",
        "name": "smsTAN",
        "explanation": "*** 41",
    },
    "photo": {"authenticationType": "PHOTO_OTP", "authenticationMethodId": "photo", "name": "photoTAN"},
}


def first_links(bank: Bank, consent: BankConsent) -> dict[str, Any]:
    """What a new consent wants first, and where its authorisation stands once there is one."""
    match consent.approach:
        case Approach.REDIRECT:
            confirmation = {"confirmation": bank.link(_own(consent))} if bank.ways.confirms else {}
            own = {"scaStatus": bank.link(_own(consent)), **confirmation}
            return {"scaRedirect": bank.link(f"/sca/{consent.sca_id}"), **own}
        case Approach.DECOUPLED:
            return {"startAuthorisationWithPsuIdentification": {"href": _all(consent)}}  # 4.5: a link may be relative
        case Approach.EMBEDDED:
            return {"startAuthorisationWithPsuAuthentication": bank.link(_all(consent))}


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("authorisations", __name__, url_prefix="/v1/consents/<consent_id>/authorisations")

    @blueprint.get("")
    def index(consent_id: str) -> ResponseReturnValue:
        return {"authorisationIds": [named_consent(bank, consent_id).authorisation_id]}

    @blueprint.post("")
    def start(consent_id: str) -> ResponseReturnValue:
        consent = _open(bank, consent_id)
        username = request.headers.get("PSU-ID", "").strip().lower()
        if consent.approach is Approach.DECOUPLED:
            if username not in PEOPLE:
                raise ApiError("PSU_CREDENTIALS_INVALID", "Nobody has this login name.", "PSU-ID")
            consent.username, consent.sca_status = username, "psuIdentified"
            return {
                "scaStatus": consent.sca_status,
                "authorisationId": consent.authorisation_id,
                "psuMessage": f"Bitte bestätigen Sie in der Lorelei-App: {bank.url}/sca/{consent.sca_id}",
                "_links": {"scaStatus": bank.link(_own(consent))},
            }, 201
        if consent.approach is not Approach.EMBEDDED:
            raise ApiError("STATUS_INVALID", "This consent is authorised by redirect.")
        password = _member(_member(request.get_json(silent=True), "psuData"), "password")
        person = PEOPLE.get(username)
        expected = person.password_at(BankName.LORELEI) if person else None
        if not isinstance(password, str) or not password_is_right(username, password, expected):
            _wrong(bank, consent)
        consent.username, consent.sca_status = username, "psuAuthenticated"
        return {
            "scaStatus": consent.sca_status,
            "authorisationId": consent.authorisation_id,
            "scaMethods": list(METHODS.values()),
            "_links": {"selectAuthenticationMethod": bank.link(_own(consent)), "scaStatus": bank.link(_own(consent))},
        }, 201

    @blueprint.put("/<authorisation_id>")
    def update(consent_id: str, authorisation_id: str) -> ResponseReturnValue:
        consent = _open(bank, consent_id)
        if authorisation_id != consent.authorisation_id or not consent.username:
            raise ApiError("RESOURCE_UNKNOWN", "There is no such authorisation.", "authorisationId")
        body = request.get_json(silent=True)
        if consent.sca_status == UNCONFIRMED:
            return _confirmed(bank, consent, _member(body, "confirmationCode"))
        if (method := _member(body, "authenticationMethodId")) is not None:
            return _chosen(bank, consent, method)
        tan = _member(body, "scaAuthenticationData")
        if not isinstance(tan, str) or not consent.method:
            raise ApiError("FORMAT_ERROR", "authenticationMethodId, then scaAuthenticationData.")
        if not hmac.compare_digest(tan.encode(), consent.tan.encode()):
            _wrong(bank, consent)
        meant = [one for one in accounts_of(BankName.LORELEI, consent.username) if consent.wanted.rights_on(one)]
        consent.picked = tuple(meant)
        if not bank.vault.authorise(consent):
            raise ApiError("STATUS_INVALID", f"The consent is {consent.status}.")
        return {"scaStatus": consent.sca_status, "_links": {"scaStatus": bank.link(_own(consent))}}

    @blueprint.get("/<authorisation_id>")
    def sca_status(consent_id: str, authorisation_id: str) -> ResponseReturnValue:
        consent = named_consent(bank, consent_id)
        if authorisation_id != consent.authorisation_id:
            raise ApiError("RESOURCE_UNKNOWN", "There is no such authorisation.", "authorisationId")
        if consent.sca_status == UNCONFIRMED:
            return {"scaStatus": UNCONFIRMED, "_links": {"confirmation": bank.link(_own(consent))}}
        return {"scaStatus": consent.sca_status}

    @blueprint.get("/<authorisation_id>/picture")
    def picture(consent_id: str, authorisation_id: str) -> ResponseReturnValue:
        consent = bank.vault.consent(consent_id)
        if consent is None or consent.authorisation_id != authorisation_id or consent.method != "photo":
            raise ApiError("RESOURCE_UNKNOWN", "There is no such picture.")
        return Response(png(consent.tan), mimetype="image/png")

    return blueprint


def _all(consent: BankConsent) -> str:
    return f"/v1/consents/{consent.consent_id}/authorisations"


def _own(consent: BankConsent) -> str:
    return f"{_all(consent)}/{consent.authorisation_id}"


def _open(bank: Bank, consent_id: str) -> BankConsent:
    consent = named_consent(bank, consent_id)
    if consent.status is not Status.RECEIVED:
        raise ApiError("STATUS_INVALID", f"The consent is {consent.status}.")
    return consent


def _member(body: object, name: str) -> object:
    return body.get(name) if isinstance(body, dict) else None


def _wrong(bank: Bank, consent: BankConsent) -> None:
    if bank.vault.count_wrong_try(consent) >= MAX_WRONG_PASSWORDS:
        bank.vault.move(consent, "reject")
    raise ApiError("PSU_CREDENTIALS_INVALID", "That was not right.")


def _confirmed(bank: Bank, consent: BankConsent, code: object) -> ResponseReturnValue:
    """Only who stands where the person came back to knows the code: whoever sent them here does not."""
    if not isinstance(code, str):
        raise ApiError("FORMAT_ERROR", "confirmationCode is needed.", "confirmationCode")
    if not hmac.compare_digest(code.encode(), consent.confirmation_code.encode()):
        _wrong(bank, consent)
    if not bank.vault.authorise(consent):
        raise ApiError("STATUS_INVALID", f"The consent is {consent.status}.")
    return {"scaStatus": consent.sca_status, "_links": {"scaStatus": bank.link(_own(consent))}}


def _chosen(bank: Bank, consent: BankConsent, method: object) -> ResponseReturnValue:
    if not isinstance(method, str) or method not in METHODS:
        raise ApiError("SCA_METHOD_UNKNOWN", "There is no such method.", "authenticationMethodId")
    consent.method, consent.sca_status = method, "scaMethodSelected"
    challenge: dict[str, Any] = {
        "otpMaxLength": 6,
        "otpFormat": "integer",
        "additionalInformation": f"Sandbox: Ihre TAN ist {consent.tan}.",
    }
    if method == "photo":
        challenge["imageLink"] = f"{bank.url}{_own(consent)}/picture"
    return {
        "scaStatus": consent.sca_status,
        "chosenScaMethod": METHODS[method],
        "challengeData": challenge,
        "_links": {"authoriseTransaction": bank.link(_own(consent)), "scaStatus": bank.link(_own(consent))},
    }
