"""The authorisation server of a data holder: /par, /authorize, /token, /jwks, /arrangements/revoke (CDS 1.36)."""

import uuid
from datetime import timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.au.bank import ACCESS_TTL_S, LONGEST_SHARING_S, Bank
from sandbox.oauth import codes, fapi
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import error_page, open_attempt
from sandbox.oauth.vault import Grant

SCOPES = {
    "bank:accounts.basic:read": "Your accounts and balances",
    "bank:transactions:read": "Your transactions",
}


def asked(grant: Grant) -> list[str]:
    days = grant.kept["sharing_s"] // 86_400
    return [SCOPES[name] for name in SCOPES if name in grant.scope] + [f"For {days} days" if days else "Once"]


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("authorise", __name__)
    door = bank.door

    @blueprint.get("/jwks")
    def jwks() -> ResponseReturnValue:
        return door.key.public_jwks()

    @blueprint.post("/par")
    def par() -> ResponseReturnValue:
        form = fapi.authenticate(door, f"{bank.url}/par")
        claims = fapi.read_request(door, form)
        scope = set(str(claims.get("scope", "")).split())
        if "openid" not in scope or not scope <= {"openid", *SCOPES}:
            raise OAuthError("invalid_scope", "The scope is not served.")
        _sharing_s(claims)
        return {"request_uri": door.push(claims), "expires_in": fapi.PUSHED_TTL_S}, 201

    @blueprint.get("/authorize")
    def authorize() -> ResponseReturnValue:
        claims = None
        if request.args.get("client_id") == door.tpp.client_id:
            claims = door.take(request.args.get("request_uri", ""))
        if claims is None:
            return error_page(bank.house, bank.house.phrases.gone, 400)
        now = bank.clock.now()
        sharing_s = _sharing_s(claims)
        ends_at = now + timedelta(seconds=sharing_s or ACCESS_TTL_S)
        scope = frozenset(claims["scope"].split())
        kept = {"sharing_s": sharing_s}
        grant = Grant(str(uuid.uuid4()), door.tpp.client_id, scope, now, ends_at, kept)
        bank.vault.add(grant)
        return open_attempt(bank.house, grant, fapi.way_back(claims))

    @blueprint.post("/token")
    def token() -> ResponseReturnValue:
        form = fapi.authenticate(door, f"{bank.url}/token")
        match form.get("grant_type"):
            case "authorization_code":
                attempt, grant = codes.redeem(bank.vault, form, door.tpp.client_id)
                body = _access(bank, grant, form["code"])
                if grant.kept["sharing_s"]:
                    # Refresh tokens do not rotate, and end with the arrangement.
                    client_id, code = grant.client_id, form["code"]
                    body["refresh_token"] = bank.vault.issue("refresh", client_id, grant.ends_at, grant.grant_id, code)
                extra = {"acr": "urn:cds.au:cdr:2"}
                body["id_token"] = fapi.id_token(door, attempt, str(body["access_token"]), **extra)
                return body, 200, {"Cache-Control": "no-store"}
            case "refresh_token":
                grant = codes.refreshed(bank.vault, form, door.tpp.client_id)
                return _access(bank, grant), 200, {"Cache-Control": "no-store"}
            case _:
                raise OAuthError("unsupported_grant_type", "This grant is not supported.")

    @blueprint.post("/arrangements/revoke")
    def revoke() -> ResponseReturnValue:
        form = fapi.authenticate(door, f"{bank.url}/arrangements/revoke")
        grant = bank.vault.grant_of(form.get("cdr_arrangement_id", ""), door.tpp.client_id)
        if grant is None or not grant.stands(bank.clock.now()):
            raise OAuthError("invalid_request", "The arrangement is not known.", 422)
        bank.vault.end(grant, "tpp")
        return "", 204

    return blueprint


def _sharing_s(claims: dict[str, object]) -> int:
    """claims.sharing_duration: absent or 0 is once; more than a year is cut to a year."""
    wish = claims.get("claims")
    given = wish.get("sharing_duration", 0) if isinstance(wish, dict) else 0
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise OAuthError("invalid_request_object", "sharing_duration is a number of seconds.")
    return min(given, LONGEST_SHARING_S)


def _access(bank: Bank, grant: Grant, code: str = "") -> dict[str, object]:
    ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
    return {
        "access_token": bank.vault.issue("access", grant.client_id, ends_at, grant.grant_id, code),
        "token_type": "Bearer",
        "expires_in": ACCESS_TTL_S,
        "scope": " ".join(sorted(grant.scope)),
        "cdr_arrangement_id": grant.grant_id,
    }
