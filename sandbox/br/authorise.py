"""The authorisation server: /par, /authorize, /token, /jwks (Open Finance Brasil Security Profile 1.0)."""

from datetime import datetime, timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from joserfc import jwe

from sandbox.br.bank import ACCESS_TTL_S, Bank
from sandbox.oauth import codes, fapi
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import error_page, open_attempt
from sandbox.oauth.vault import Grant, Status

PERMISSIONS = {
    "ACCOUNTS_READ": "Suas contas",
    "ACCOUNTS_BALANCES_READ": "Seus saldos",
    "ACCOUNTS_TRANSACTIONS_READ": "Suas movimentações",
    "ACCOUNTS_OVERDRAFT_LIMITS_READ": "Seu limite de cheque especial",
    "CREDIT_CARDS_ACCOUNTS_READ": "Seus cartões de crédito, limites e faturas",
}
SCOPES = frozenset({"openid", "accounts", "credit-cards-accounts", "resources"})


def asked(grant: Grant) -> list[str]:
    return [line for name, line in PERMISSIONS.items() if name in grant.scope]


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("authorise", __name__)
    door = bank.door

    @blueprint.get("/jwks")
    def jwks() -> ResponseReturnValue:
        return door.key.public_jwks()

    @blueprint.post("/par")
    def par() -> ResponseReturnValue:
        form = fapi.authenticate(door, f"{bank.url}/par", f"{bank.url}/token")
        claims = fapi.read_request(door, form)
        if _consent(bank, claims) is None:
            raise OAuthError("invalid_scope", "The scope names no consent that waits.")
        return {"request_uri": door.push(claims), "expires_in": fapi.PUSHED_TTL_S}, 201

    @blueprint.get("/authorize")
    def authorize() -> ResponseReturnValue:
        claims = None
        if request.args.get("client_id") == door.tpp.client_id:
            claims = door.take(request.args.get("request_uri", ""))
        grant = _consent(bank, claims) if claims else None
        if claims is None or grant is None:
            return error_page(bank.house, bank.house.phrases.gone, 400)
        return open_attempt(bank.house, grant, fapi.way_back(claims))

    @blueprint.post("/token")
    def token() -> ResponseReturnValue:
        form = fapi.authenticate(door, f"{bank.url}/token")
        match form.get("grant_type"):
            case "client_credentials":
                if form.get("scope") != "consents":
                    raise OAuthError("invalid_scope", "The scope is consents.")
                return _answer(bank, bank.vault.issue("client", door.tpp.client_id, _soon(bank)))
            case "authorization_code":
                attempt, grant = codes.redeem(bank.vault, form, door.tpp.client_id)
                client_id, code = grant.client_id, form["code"]
                access = bank.vault.issue("access", client_id, _soon(bank), grant.grant_id, code)
                refresh = bank.vault.issue("refresh", client_id, grant.ends_at, grant.grant_id, code)
                signed = fapi.id_token(door, attempt, access, acr="urn:brasil:openbanking:loa2")
                return _answer(bank, access, refresh_token=refresh, id_token=_encrypted(bank, signed))
            case "refresh_token":
                grant = codes.refreshed(bank.vault, form, door.tpp.client_id)
                return _answer(bank, bank.vault.issue("access", grant.client_id, _soon(bank), grant.grant_id))
            case _:
                raise OAuthError("unsupported_grant_type", "This grant is not supported.")

    return blueprint


def _consent(bank: Bank, claims: dict[str, object]) -> Grant | None:
    """The waiting consent that the dynamic scope names: ``consent:{ConsentId}`` beside the fixed ones."""
    scope = str(claims.get("scope", "")).split()
    named = [one.removeprefix("consent:") for one in scope if one.startswith("consent:")]
    if len(named) != 1 or not {"openid"} <= set(scope) - {f"consent:{named[0]}"} <= SCOPES:
        return None
    grant = bank.vault.grant_of(named[0], bank.door.tpp.client_id)
    return grant if grant and grant.status is Status.AWAITING else None


def _soon(bank: Bank) -> datetime:
    return bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)


def _encrypted(bank: Bank, signed: str) -> str:
    """Encrypted to the TPP where it publishes a key for that (Security Profile, 5.2.2)."""
    key = bank.door.tpp.encryption_key()
    if key is None:
        return signed
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": key.kid, "cty": "JWT"}
    return jwe.encrypt_compact(header, signed.encode(), key)


def _answer(bank: Bank, access_token: str, **more: str) -> ResponseReturnValue:
    body = {"access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_TTL_S, **more}
    return body, 200, {"Cache-Control": "no-store"}
