"""The person at the bank: /authorize, log in, pick accounts, say yes or no, and back to the TPP."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.browser import MAX_WRONG_PASSWORDS, password_is_right
from sandbox.clock import real_epoch_s
from sandbox.people import PEOPLE, accounts_of
from sandbox.uk.bank import Bank
from sandbox.uk.idtoken import make_id_token
from sandbox.uk.permissions import FUNDS, FUNDS_WORDS
from sandbox.uk.request_object import AuthorisationRequest, NotForRedirect, read_request
from sandbox.uk.vault import ATTEMPT_TTL_S, Attempt, Status

JARM_TTL_S = 60


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("authorise", __name__)

    @blueprint.errorhandler(NotForRedirect)
    def show(error: NotForRedirect) -> ResponseReturnValue:
        return make_response(render_template("error.html", message=error.message), 400)

    @blueprint.get("/authorize")
    def authorize() -> ResponseReturnValue:
        if any(len(values) > 1 for values in request.args.listvalues()):
            raise NotForRedirect("A parameter was sent twice.")
        asked = read_request(bank, request.args.to_dict())
        attempt = _attempt(bank, asked)
        error, description = asked.objection or _consent_objection(bank, asked.consent_id)
        if error:
            return _return_with(bank, attempt, {"error": error, "error_description": description})
        bank.vault.open_attempt(attempt)
        return redirect(f"/authorise/{attempt.attempt_id}", 303)

    @blueprint.get("/authorise/<attempt_id>")
    def page(attempt_id: str) -> ResponseReturnValue:
        return _page(bank, _open_attempt(bank, attempt_id))

    @blueprint.post("/authorise/<attempt_id>/login")
    def log_in(attempt_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        attempt = _open_attempt(bank, attempt_id)
        username = request.form.get("username", "").strip().lower()
        person = PEOPLE.get(username)
        expected = person.password_at(bank.profile.here) if person else None
        if password_is_right(username, request.form.get("password", ""), expected):
            bank.browsers.log_in(attempt_id, username)
            return redirect(f"/authorise/{attempt_id}", 303)
        if bank.vault.count_wrong_password(attempt) >= MAX_WRONG_PASSWORDS:
            return _deny(bank, attempt)
        return _page(bank, attempt, "That username and password do not match."), 403

    @blueprint.post("/authorise/<attempt_id>/decision")
    def decide(attempt_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        attempt = _open_attempt(bank, attempt_id)
        username = bank.browsers.current().logged_in.get(attempt_id)
        if username is None:
            abort(403, "Please log in first.")
        if request.form.get("decision") != "approve":
            return _deny(bank, attempt)
        own = {account.key for account in accounts_of(bank.profile.here, username)}
        consent = bank.vault.consents[attempt.consent_id]
        if FUNDS in consent.permissions:  # the one account was named before the person came
            own &= set(consent.account_keys)
        picked = tuple(key for key in request.form.getlist("account") if key in own)
        if not picked:
            return _page(bank, attempt, "Pick at least one account, or say no."), 400
        return _approve(bank, attempt, username, picked)

    return blueprint


def _attempt(bank: Bank, asked: AuthorisationRequest) -> Attempt:
    ends_at = bank.clock.now() + timedelta(seconds=ATTEMPT_TTL_S)
    return Attempt(
        secrets.token_urlsafe(24),
        asked.consent_id,
        bank.tpp.client_id,
        asked.redirect_uri,
        asked.response_type,
        asked.state,
        asked.nonce,
        asked.code_challenge,
        ends_at,
    )


def _consent_objection(bank: Bank, consent_id: str) -> tuple[str, str]:
    """("", "") where the consent can be authorised; a standing one may be authorised again."""
    consent = bank.vault.consent_of(consent_id, bank.tpp.client_id)
    if consent is None:
        return "invalid_request", "the consent is not known"
    if consent.status not in (Status.AWAITING, Status.AUTHORISED) or consent.has_expired(bank.clock.now()):
        return "access_denied", "the consent has ended"
    return "", ""


def _open_attempt(bank: Bank, attempt_id: str) -> Attempt:
    attempt = bank.vault.attempt(attempt_id)
    if attempt is None:
        abort(410, "This request has been answered or is too old. Please start again from the application.")
    return attempt


def _page(bank: Bank, attempt: Attempt, problem: str = "") -> str:
    browser = bank.browsers.current()
    username = browser.logged_in.get(attempt.attempt_id)
    common = {"attempt_id": attempt.attempt_id, "csrf": browser.csrf, "problem": problem, "client": bank.tpp.client_id}
    if username is None:
        return render_template("login.html", **common)
    consent = bank.vault.consents[attempt.consent_id]
    return render_template(
        "accounts.html",
        **common,
        person=PEOPLE[username],
        accounts=accounts_of(bank.profile.here, username),
        balances=bank.book.balances,
        asked=[bank.profile.served.get(code, FUNDS_WORDS) for code in consent.permissions],
        consent=consent,
    )


def _approve(bank: Bank, attempt: Attempt, username: str, account_keys: tuple[str, ...]) -> ResponseReturnValue:
    if bank.vault.close_attempt(attempt.attempt_id) is None:
        abort(410, "This request has been answered.")
    auth_time = real_epoch_s()
    code = bank.vault.authorise(attempt, username, account_keys, auth_time)
    if code is None:
        return _return_with(bank, attempt, {"error": "access_denied", "error_description": "the consent has ended"})
    answer = {"code": code}
    if attempt.response_type == "code id_token":
        consent = bank.vault.consents[attempt.consent_id]
        answer["id_token"] = make_id_token(bank, attempt, consent, auth_time, code=code)
    return _return_with(bank, attempt, answer)


def _deny(bank: Bank, attempt: Attempt) -> ResponseReturnValue:
    if bank.vault.close_attempt(attempt.attempt_id) is None:
        abort(410, "This request has been answered.")
    consent = bank.vault.consents[attempt.consent_id]
    if consent.status is Status.AWAITING:
        bank.vault.move(consent, Status.REJECTED)
    return _return_with(bank, attempt, {"error": "access_denied", "error_description": "the person said no"})


def _return_with(bank: Bank, attempt: Attempt, answer: dict[str, str]) -> ResponseReturnValue:
    """Back to the registered redirect URI: hybrid in the fragment, else in the query with iss (RFC 9207), or in the
    query as one JWT (JARM 2.3.1)."""
    if attempt.state:
        answer["state"] = attempt.state
    parts = urlsplit(attempt.redirect_uri)
    if attempt.response_type == "code id_token":
        return redirect(urlunsplit(parts._replace(fragment=urlencode(answer))), 303)
    answer["iss"] = bank.issuer
    if bank.profile.answers[attempt.response_type] == "jwt":
        ends_at = real_epoch_s() + JARM_TTL_S
        answer = {"response": bank.key.sign({**answer, "aud": attempt.client_id, "exp": ends_at})}
    query = "&".join(filter(None, (parts.query, urlencode(answer))))
    return redirect(urlunsplit(parts._replace(query=query)), 303)
