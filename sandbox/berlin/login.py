"""/oauth at a bank that wants a token first: the person logs in, and the TPP gets a code for it (RFC 6749 4.1).

A real bank knows its TPP by a QWAC. Here anybody may ask, under the client id they name; the code is bound to it, to
the redirect URI and to the challenge.
"""

import re
import secrets
import uuid
from datetime import timedelta

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.berlin.bank import Bank
from sandbox.browser import MAX_WRONG_PASSWORDS, password_is_right
from sandbox.oauth import codes
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import with_query
from sandbox.oauth.vault import ATTEMPT_TTL_S, Attempt, Grant
from sandbox.people import PEOPLE, BankName

ACCESS_TTL_S = 300
GRANT_DAYS = 90
SCOPE = "AIS"
GONE = "Diese Anmeldung ist erledigt oder abgelaufen. Bitte beginnen Sie in der Anwendung neu."
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("login", __name__)

    @blueprint.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        """RFC 8414."""
        return {
            "issuer": bank.url,
            "authorization_endpoint": f"{bank.url}/oauth/authorize",
            "token_endpoint": f"{bank.url}/oauth/token",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }

    @blueprint.get("/oauth/authorize")
    def authorize() -> ResponseReturnValue:
        query = request.args.to_dict()
        redirect_uri, client_id = query.get("redirect_uri", ""), query.get("client_id", "")
        if not redirect_uri.startswith(("https://", "http://")) or not client_id:
            abort(400, "Die Anwendung nennt weder sich noch ihren Rückweg.")
        challenge = query.get("code_challenge", "")
        fits = query.get("code_challenge_method") == "S256" and CHALLENGE.fullmatch(challenge)
        if query.get("response_type") != "code" or query.get("scope") != SCOPE or not fits:
            told = {"error": "invalid_request", "state": query.get("state", "")}
            return redirect(with_query(redirect_uri, told), 303)
        now = bank.clock.now()
        grant = Grant(str(uuid.uuid4()), client_id, frozenset({SCOPE}), now, now + timedelta(days=GRANT_DAYS))
        bank.tokens.add(grant)
        attempt = Attempt(
            secrets.token_urlsafe(24),
            grant.grant_id,
            client_id,
            redirect_uri,
            query.get("state", ""),
            "",
            challenge,
            now + timedelta(seconds=ATTEMPT_TTL_S),
        )
        bank.tokens.open_attempt(attempt)
        return redirect(f"/oauth/login/{attempt.attempt_id}", 303)

    @blueprint.get("/oauth/login/<attempt_id>")
    def page(attempt_id: str) -> ResponseReturnValue:
        return _page(bank, _open(bank, attempt_id))

    @blueprint.post("/oauth/login/<attempt_id>")
    def log_in(attempt_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        attempt = _open(bank, attempt_id)
        username = request.form.get("username", "").strip().lower()
        person = PEOPLE.get(username)
        expected = person.password_at(BankName.LORELEI) if person else None
        if not password_is_right(username, request.form.get("password", ""), expected):
            if bank.tokens.count_wrong_try(attempt) < MAX_WRONG_PASSWORDS:
                return _page(bank, attempt, "Anmeldename und Passwort passen nicht zusammen."), 403
            bank.tokens.reject(attempt)
            return _answer(bank, attempt, None)
        attempt.username = username
        return _answer(bank, attempt, bank.tokens.authorise(attempt))

    @blueprint.post("/oauth/token")
    def token() -> ResponseReturnValue:
        form = request.form.to_dict()
        codes.no_parameter_twice(form, sum(len(values) for values in request.form.listvalues()))
        client_id = form.get("client_id", "")
        match form.get("grant_type"):
            case "authorization_code":
                _, grant = codes.redeem(bank.tokens, form, client_id)
            case "refresh_token":
                grant = codes.refreshed(bank.tokens, form, client_id)
                bank.tokens.drop(form["refresh_token"], client_id)  # each is good for one use
            case _:
                raise OAuthError("unsupported_grant_type", "This grant is not supported.")
        ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
        code = form.get("code", "")
        return {
            "access_token": bank.tokens.issue("access", client_id, ends_at, grant.grant_id, code),
            "token_type": "Bearer",
            "expires_in": ACCESS_TTL_S,
            "refresh_token": bank.tokens.issue("refresh", client_id, grant.ends_at, grant.grant_id, code),
        }

    @blueprint.errorhandler(OAuthError)
    def refused(error: OAuthError) -> ResponseReturnValue:
        return jsonify(error=error.error, error_description=error.description), error.status

    return blueprint


def _open(bank: Bank, attempt_id: str) -> Attempt:
    attempt = bank.tokens.attempt(attempt_id)
    if attempt is None:
        abort(410, GONE)
    return attempt


def _page(bank: Bank, attempt: Attempt, problem: str = "") -> str:
    csrf = bank.browsers.current().csrf
    return render_template("login.html", action=f"/oauth/login/{attempt.attempt_id}", csrf=csrf, problem=problem)


def _answer(bank: Bank, attempt: Attempt, code: str | None) -> ResponseReturnValue:
    if bank.tokens.close_attempt(attempt.attempt_id) is None:
        abort(410, GONE)
    told = {"code": code} if code else {"error": "access_denied"}
    return redirect(with_query(attempt.redirect_uri, {**told, "state": attempt.state, "iss": bank.url}), 303)
