"""/oauth: where the person is sent (RFC 6749 4.1.1), tokens for codes, and tokens given back (RFC 7009)."""

import re
import uuid
from datetime import timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from sandbox.oauth import codes
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import Asked, error_page, open_attempt, with_query
from sandbox.oauth.vault import Attempt, Grant
from sandbox.stet.bank import ACCESS_TTL_S, VALIDITY_DAYS, Bank
from sandbox.stet.signature import NotSigned, check_signature

SCOPES = {
    "aisp": "Vos comptes, soldes et opérations",
    "extended_transaction_history": "Vos opérations de plus de 90 jours",
    "cbpii": "Si un montant est disponible, et rien d'autre",
}
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def asked(grant: Grant) -> list[str]:
    return [SCOPES[name] for name in SCOPES if name in grant.scope]


def answer(attempt: Attempt, parameters: dict[str, str]) -> ResponseReturnValue:
    return redirect(with_query(attempt.redirect_uri, {**parameters, "state": attempt.state}), 303)


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("authorise", __name__, url_prefix="/oauth")

    @blueprint.get("/authorize")
    def authorize() -> ResponseReturnValue:
        query = request.args.to_dict()
        if any(len(values) > 1 for values in request.args.listvalues()) or query.get("client_id") != bank.tpp.client_id:
            return error_page(bank.house, "Cette application n'est pas connue de la banque.", 400)
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri not in bank.tpp.redirect_uris:
            return error_page(bank.house, "L'adresse de retour n'est pas enregistrée.", 400)
        state = query.get("state", "")
        if objection := _objection(query):
            return redirect(with_query(redirect_uri, {"error": objection, "state": state}), 303)
        now = bank.clock.now()
        ends_at = now + timedelta(days=VALIDITY_DAYS)
        scope = frozenset(query["scope"].split())
        grant = Grant(str(uuid.uuid4()), bank.tpp.client_id, scope, now, ends_at)
        bank.vault.add(grant)
        way_back = Asked(redirect_uri, state, code_challenge=query.get("code_challenge", ""))
        return open_attempt(bank.house, grant, way_back)

    @blueprint.post("/token")
    def token() -> ResponseReturnValue:
        client_id = _client(bank)
        form = request.form.to_dict()
        match form.get("grant_type"):
            case "authorization_code":
                _, grant = codes.redeem(bank.vault, form, client_id)
                return _tokens(bank, grant, code=form["code"])
            case "refresh_token":
                grant = codes.refreshed(bank.vault, form, client_id)
                bank.vault.drop(form["refresh_token"], client_id)  # each is good for one use
                return _tokens(bank, grant)
            case _:
                raise OAuthError("unsupported_grant_type", "This grant is not supported.")

    @blueprint.post("/revoke")
    def revoke() -> ResponseReturnValue:
        client_id = _client(bank)
        secret = request.form.get("token", "")
        refresh = bank.vault.token(secret, "refresh")
        if refresh is not None and (grant := bank.vault.grant_of(refresh.grant_id, client_id)):
            bank.vault.end(grant, "tpp")  # 2.1: with the refresh token goes what it could give
        bank.vault.drop(secret, client_id)
        return "", 200

    return blueprint


def _objection(query: dict[str, str]) -> str:
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    scope = set(query.get("scope", "").split())
    if not scope or not scope <= set(SCOPES) or ("cbpii" in scope and len(scope) > 1):
        return "invalid_scope"
    if "code_challenge" in query and (
        query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(query["code_challenge"])
    ):
        return "invalid_request"
    return ""


def _client(bank: Bank) -> str:
    """A real bank knows its TPP by the certificate of the connection. Here the signature says who it is."""
    try:
        check_signature(bank.tpp)  # before the form is read: it needs the body as it came
    except NotSigned as error:
        raise OAuthError("invalid_client", str(error), 401) from None
    codes.no_parameter_twice(request.form, sum(len(values) for values in request.form.listvalues()))
    if request.form.get("client_id") != bank.tpp.client_id:
        raise OAuthError("invalid_client", "client_id is not the one that signed.", 401)
    return bank.tpp.client_id


def _tokens(bank: Bank, grant: Grant, code: str = "") -> ResponseReturnValue:
    ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
    access = bank.vault.issue("access", grant.client_id, ends_at, grant.grant_id, code)
    refresh = bank.vault.issue("refresh", grant.client_id, grant.ends_at, grant.grant_id, code)
    body = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": ACCESS_TTL_S,
        "refresh_token": refresh,
        "scope": " ".join(sorted(grant.scope)),
    }
    return body, 200, {"Cache-Control": "no-store", "Pragma": "no-cache"}
