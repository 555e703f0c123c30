"""Who may call the API: a client's token for bank consents, a person's token for their accounts (3.1.11, Security)."""

from flask import request

from sandbox.uk.bank import Bank
from sandbox.uk.errors import ApiError
from sandbox.uk.vault import BankConsent, Status, Token


def _bearer() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise ApiError(401)
    return secret.strip()


def _accepts_json() -> None:
    accept = request.accept_mimetypes
    if accept.provided and not accept["application/json"]:
        raise ApiError(406)


def client_token(bank: Bank) -> Token:
    _accepts_json()
    secret = _bearer()
    token = bank.vault.token(secret, "client")
    if token is None:
        if bank.vault.token(secret, "access"):
            raise ApiError(403, "UK.OBIE.Resource.InvalidFormat", "A client_credentials token is needed here.")
        raise ApiError(401)
    return token


def persons_consent(bank: Bank, *any_of: str) -> BankConsent:
    """The authorised bank consent behind the access token, holding at least one of the permissions ``any_of``."""
    _accepts_json()
    secret = _bearer()
    token = bank.vault.token(secret, "access")
    if token is None:
        if bank.vault.token(secret, "client"):
            raise ApiError(403, "UK.OBIE.Resource.InvalidFormat", "A token that a person authorised is needed here.")
        raise ApiError(401)
    consent = bank.vault.consent_of(token.consent_id, token.client_id)
    if consent is None or consent.status is not Status.AUTHORISED:
        raise ApiError(403, "UK.OBIE.Resource.InvalidConsentStatus", "The consent is not authorised.")
    if consent.has_expired(bank.clock.now()):
        raise ApiError(403, "UK.OBIE.Reauthenticate", "The consent has expired.")
    if not set(any_of) & set(consent.permissions):
        raise ApiError(403, "UK.OBIE.Resource.ConsentMismatch", f"The consent does not hold {' or '.join(any_of)}.")
    return consent
