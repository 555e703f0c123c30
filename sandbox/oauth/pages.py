"""The person at the bank: log in, pick accounts, confirm with a code where one is asked for, back to the TPP."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.book import Book
from sandbox.browser import MAX_WRONG_PASSWORDS, BrowserSessions, password_is_right
from sandbox.oauth.phrases import Phrases
from sandbox.oauth.vault import ATTEMPT_TTL_S, Attempt, Grant, Vault
from sandbox.people import BY_KEY, PEOPLE, Account, BankName, accounts_of


@dataclass(frozen=True, slots=True)
class House:
    """``asked`` are the lines that say what a grant would show; ``answer`` sends the browser back with parameters."""

    here: BankName
    vault: Vault
    book: Book
    browsers: BrowserSessions
    phrases: Phrases
    asked: Callable[[Grant], list[str]]
    answer: Callable[[Attempt, dict[str, str]], ResponseReturnValue]
    has_tan: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the TPP's authorisation request says of the way back."""

    redirect_uri: str
    state: str
    nonce: str = ""
    code_challenge: str = ""


def open_attempt(house: House, grant: Grant, asked: Asked) -> ResponseReturnValue:
    """Begin the person's way; their browser goes to the first page."""
    attempt = Attempt(
        secrets.token_urlsafe(24),
        grant.grant_id,
        grant.client_id,
        asked.redirect_uri,
        asked.state,
        asked.nonce,
        asked.code_challenge,
        house.vault.clock.now() + timedelta(seconds=ATTEMPT_TTL_S),
    )
    house.vault.open_attempt(attempt)
    return redirect(f"/authorise/{attempt.attempt_id}", 303)


def with_query(uri: str, parameters: dict[str, str]) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(parameters))))))


def pages(house: House) -> Blueprint:
    blueprint = Blueprint(
        "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/pages"
    )

    @blueprint.get("/authorise/<attempt_id>")
    def page(attempt_id: str) -> ResponseReturnValue:
        return _page(house, _open(house, attempt_id))

    @blueprint.post("/authorise/<attempt_id>/login")
    def log_in(attempt_id: str) -> ResponseReturnValue:
        house.browsers.check_form()
        attempt = _open(house, attempt_id)
        username = request.form.get("username", "").strip().lower()
        person = PEOPLE.get(username)
        expected = person.password_at(house.here) if person else None
        if password_is_right(username, request.form.get("password", ""), expected):
            house.browsers.log_in(attempt_id, username)
            return redirect(f"/authorise/{attempt_id}", 303)
        return _wrong_try(house, attempt, house.phrases.wrong_password)

    @blueprint.post("/authorise/<attempt_id>/decision")
    def decide(attempt_id: str) -> ResponseReturnValue:
        house.browsers.check_form()
        attempt = _open(house, attempt_id)
        username = _logged_in(house, attempt_id)
        if request.form.get("decision") != "approve":
            return _deny(house, attempt)
        picked = tuple(one.key for one in _offered(house, username) if one.key in request.form.getlist("account"))
        if not picked:
            return _page(house, attempt, house.phrases.pick_one), 400
        with house.vault.lock:
            attempt.username, attempt.picked = username, picked
        return redirect(f"/authorise/{attempt_id}", 303) if house.has_tan else _approve(house, attempt)

    @blueprint.post("/authorise/<attempt_id>/tan")
    def confirm(attempt_id: str) -> ResponseReturnValue:
        house.browsers.check_form()
        attempt = _open(house, attempt_id)
        if _logged_in(house, attempt_id) != attempt.username or not attempt.picked:
            abort(403)
        if request.form.get("decision") != "approve":
            return _deny(house, attempt)
        if not hmac.compare_digest(request.form.get("tan", "").encode(), attempt.tan.encode()):
            return _wrong_try(house, attempt, house.phrases.wrong_code)
        return _approve(house, attempt)

    return blueprint


def error_page(house: House, message: str, status: int) -> tuple[str, int]:
    """For whoever stands in front of the browser when nobody may be redirected (RFC 6749 4.1.2.1)."""
    return render_template("oauth/error.html", message=message, t=house.phrases), status


def home_page(house: House) -> str:
    return render_template("oauth/home.html", t=house.phrases)


def _offered(house: House, username: str) -> tuple[Account, ...]:
    return accounts_of(house.here, username)


def _open(house: House, attempt_id: str) -> Attempt:
    attempt = house.vault.attempt(attempt_id)
    if attempt is None:
        abort(410, house.phrases.gone)
    return attempt


def _logged_in(house: House, attempt_id: str) -> str:
    username = house.browsers.current().logged_in.get(attempt_id)
    if username is None:
        abort(403)
    return username


def _page(house: House, attempt: Attempt, problem: str = "") -> str:
    browser = house.browsers.current()
    username = browser.logged_in.get(attempt.attempt_id)
    common = {"attempt_id": attempt.attempt_id, "csrf": browser.csrf, "problem": problem, "t": house.phrases}
    if username is None:
        return render_template("oauth/login.html", **common)
    if attempt.picked and attempt.username == username:
        chosen = [BY_KEY[key] for key in attempt.picked]
        return render_template("oauth/tan.html", **common, tan=attempt.tan, picked=chosen)
    return render_template(
        "oauth/accounts.html",
        **common,
        person=PEOPLE[username],
        accounts=_offered(house, username),
        balances=house.book.balances,
        asked=house.asked(house.vault.grants[attempt.grant_id]),
    )


def _wrong_try(house: House, attempt: Attempt, problem: str) -> ResponseReturnValue:
    if house.vault.count_wrong_try(attempt) >= MAX_WRONG_PASSWORDS:
        return _deny(house, attempt)
    return _page(house, attempt, problem), 403


def _approve(house: House, attempt: Attempt) -> ResponseReturnValue:
    if house.vault.close_attempt(attempt.attempt_id) is None:
        abort(410, house.phrases.gone)
    code = house.vault.authorise(attempt)
    return house.answer(attempt, {"error": "access_denied"} if code is None else {"code": code})


def _deny(house: House, attempt: Attempt) -> ResponseReturnValue:
    if house.vault.close_attempt(attempt.attempt_id) is None:
        abort(410, house.phrases.gone)
    house.vault.reject(attempt)
    return house.answer(attempt, {"error": "access_denied"})
