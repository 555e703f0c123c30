"""What every call must bring along, and whether its bank consent covers it."""

from flask import request

from sandbox.berlin.bank import Bank
from sandbox.berlin.errors import API_PREFIX, ApiError, is_uuid
from sandbox.berlin.vault import BankConsent, Granted, Status


def check_headers(*formats: str) -> None:
    """X-Request-ID is a UUID; the answer is JSON, or one of ``formats``."""
    if not is_uuid(request.headers.get("X-Request-ID", "")):
        raise ApiError("FORMAT_ERROR", "X-Request-ID must be a UUID.", "X-Request-ID")
    accept = request.accept_mimetypes
    served = ("application/json", *formats)
    if accept.provided and not any(accept[one] for one in served):
        raise ApiError("REQUESTED_FORMATS_INVALID", f"{' and '.join(served)} is served.", "Accept")


def check_token(bank: Bank) -> None:
    """Where the bank wants a token first, every call of the interface carries one that is still good."""
    if request.path.startswith(API_PREFIX):
        token_holder(bank)


def token_holder(bank: Bank) -> str:
    """Whose token the call carries."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = bank.tokens.token(secret, "access") if scheme.lower() == "bearer" else None
    grant = bank.tokens.grants.get(token.grant_id) if token else None
    if grant is None or not grant.stands(bank.clock.now()):
        raise ApiError("TOKEN_INVALID", "A token of the person's is needed.", "Authorization")
    return grant.username


def named_consent(bank: Bank, consent_id: str) -> BankConsent:
    """The consent in the path of the request; 403 for one that is not there."""
    check_headers()
    consent = bank.vault.consent(consent_id)
    if consent is None:
        raise ApiError("CONSENT_UNKNOWN", "There is no such consent.", "consentId", 403)
    _check_holder(bank, consent)
    return consent


def _check_holder(bank: Bank, consent: BankConsent) -> None:
    """Nobody's token says anything of another's consent."""
    if bank.ways.pre_step and consent.owner != token_holder(bank):
        raise ApiError("CONSENT_UNKNOWN", "There is no such consent.", "consentId", 403)


def valid_consent(bank: Bank, *formats: str) -> BankConsent:
    """The valid consent in the Consent-ID header. ``formats``: what is served beside JSON."""
    check_headers(*formats)
    consent_id = request.headers.get("Consent-ID")
    if not consent_id:
        raise ApiError("FORMAT_ERROR", "Consent-ID is needed.", "Consent-ID")
    consent = bank.vault.consent(consent_id)
    if consent is None:
        raise ApiError("CONSENT_UNKNOWN", "There is no such consent.", "Consent-ID")
    _check_holder(bank, consent)
    if consent.status is Status.EXPIRED:
        raise ApiError("CONSENT_EXPIRED", "The consent has expired.", "Consent-ID")
    if consent.status is not Status.VALID:
        raise ApiError("CONSENT_INVALID", f"The consent is {consent.status}.", "Consent-ID")
    return consent


def granted_account(consent: BankConsent, resource_id: str, right: str) -> Granted:
    granted = consent.granted.get(resource_id)
    if granted is None:
        raise ApiError("RESOURCE_UNKNOWN", "There is no such account under this consent.", "account-id")
    if right not in granted.rights:
        raise ApiError("CONSENT_INVALID", f"The consent does not cover {right}.", "Consent-ID")
    return granted


def count_call(bank: Bank, consent: BankConsent, endpoint: str, resource_id: str = "") -> None:
    """Without PSU-IP-Address nobody is there, and the call counts against frequencyPerDay (RTS art. 36(5)(b))."""
    if psu_present() or bank.vault.count_unattended(consent, endpoint, resource_id):
        return
    raise ApiError("ACCESS_EXCEEDED", "The consent's calls without the PSU are used up for today.")


def psu_present() -> bool:
    return bool(request.headers.get("PSU-IP-Address"))
