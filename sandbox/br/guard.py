"""Who may call the API: a client's token for consents, a person's token for their accounts."""

from flask import request

from sandbox.br.bank import Bank
from sandbox.br.errors import ApiError
from sandbox.oauth.vault import Grant, Token


def psu_present() -> bool:
    return bool(request.headers.get("x-fapi-customer-ip-address"))


def client_token(bank: Bank) -> Token:
    token = bank.vault.token(_bearer(), "client")
    if token is None:
        raise ApiError(401, "NAO_AUTORIZADO", "A client_credentials token is needed here.")
    return token


def authorised(bank: Bank, permission: str) -> Grant:
    """The standing consent behind the person's token."""
    token = bank.vault.token(_bearer(), "access")
    grant = bank.vault.grant_of(token.grant_id, token.client_id) if token else None
    if grant is None or not grant.stands(bank.clock.now()):
        raise ApiError(401, "NAO_AUTORIZADO", "The consent is not AUTHORISED.")
    if permission not in grant.scope:
        raise ApiError(403, "PERMISSAO_INSUFICIENTE", permission)
    return grant


def _bearer() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not request.headers.get("x-fapi-interaction-id"):
        raise ApiError(400, "PARAMETRO_NAO_INFORMADO", "x-fapi-interaction-id")
    return secret.strip() if scheme.lower() == "bearer" else ""
