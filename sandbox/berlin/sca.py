"""The person at the bank: log in, pick accounts, confirm with a TAN, and back to the TPP."""

import hmac

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.berlin.bank import Bank
from sandbox.berlin.vault import UNCONFIRMED, Approach, BankConsent
from sandbox.browser import MAX_WRONG_PASSWORDS, password_is_right
from sandbox.oauth.pages import with_query
from sandbox.people import PEOPLE, Account, BankName, accounts_of

RIGHTS = {"accounts": "Ihre Konten", "balances": "Ihre Kontostände", "transactions": "Ihre Umsätze"}
GONE = "Diese Anfrage ist erledigt oder abgelaufen. Bitte beginnen Sie in der Anwendung neu."


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("sca", __name__, url_prefix="/sca")

    @blueprint.get("/<sca_id>")
    def page(sca_id: str) -> ResponseReturnValue:
        return _page(bank, _open_consent(bank, sca_id))

    @blueprint.post("/<sca_id>/login")
    def log_in(sca_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        consent = _open_consent(bank, sca_id)
        username = request.form.get("username", "").strip().lower()
        person = PEOPLE.get(username)
        expected = person.password_at(BankName.LORELEI) if person else None
        meant = consent.approach is not Approach.DECOUPLED or consent.username == username
        meant = meant and consent.owner in ("", username)
        if password_is_right(username, request.form.get("password", ""), expected) and meant:
            bank.browsers.log_in(sca_id, username)
            consent.sca_status = "psuAuthenticated"
            return redirect(f"/sca/{sca_id}", 303)
        return _wrong_try(bank, consent, "Anmeldename und Passwort passen nicht zusammen.")

    @blueprint.post("/<sca_id>/decision")
    def decide(sca_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        consent = _open_consent(bank, sca_id)
        username = _logged_in(bank, consent)
        if request.form.get("decision") != "approve":
            return _deny(bank, consent)
        meant = _meant(consent, username)
        picked = [one for one in meant if one.key in request.form.getlist("account")]
        chosen = tuple(picked if consent.wanted.person_picks else meant)
        if not chosen:
            return _page(bank, consent, "Bitte wählen Sie mindestens ein Konto, oder lehnen Sie ab."), 400
        with bank.vault.lock:
            consent.username, consent.picked, consent.sca_status = username, chosen, "started"
        return redirect(f"/sca/{sca_id}", 303)

    @blueprint.post("/<sca_id>/tan")
    def confirm(sca_id: str) -> ResponseReturnValue:
        bank.browsers.check_form()
        consent = _open_consent(bank, sca_id)
        if not consent.picked or consent.username != _logged_in(bank, consent):
            abort(403, "Bitte wählen Sie zuerst Ihre Konten.")
        if request.form.get("decision") == "deny":
            return _deny(bank, consent)
        if not hmac.compare_digest(request.form.get("tan", "").strip().encode(), consent.tan.encode()):
            return _wrong_try(bank, consent, "Diese TAN ist nicht richtig.")
        if bank.ways.confirms:
            return _unconfirmed(consent)
        if not bank.vault.authorise(consent):
            abort(410, GONE)
        return _back(consent, consent.redirect_uri, "Sie haben die Freigabe erteilt.")

    return blueprint


def _open_consent(bank: Bank, sca_id: str) -> BankConsent:
    consent = bank.vault.by_sca_id(sca_id)
    if consent is None or consent.approach is Approach.EMBEDDED:
        abort(410, GONE)
    return consent


def _logged_in(bank: Bank, consent: BankConsent) -> str:
    username = bank.browsers.current().logged_in.get(consent.sca_id)
    if username is None:
        abort(403, "Bitte melden Sie sich zuerst an.")
    return username


def _meant(consent: BankConsent, username: str) -> list[Account]:
    """The person's accounts that the request is about."""
    return [account for account in accounts_of(BankName.LORELEI, username) if consent.wanted.rights_on(account)]


def _page(bank: Bank, consent: BankConsent, problem: str = "") -> str:
    browser = bank.browsers.current()
    username = browser.logged_in.get(consent.sca_id)
    common = {"sca_id": consent.sca_id, "csrf": browser.csrf, "problem": problem}
    if username is None:
        return render_template("login.html", **common)
    if consent.picked and consent.username == username:
        return render_template("tan.html", **common, tan=consent.tan, picked=consent.picked)
    return render_template(
        "accounts.html",
        **common,
        person=PEOPLE[username],
        accounts=_meant(consent, username),
        consent=consent,
        balances=bank.book.balances,
        asked=[RIGHTS[right] for right in RIGHTS if right in consent.wanted.rights],
    )


def _wrong_try(bank: Bank, consent: BankConsent, problem: str) -> ResponseReturnValue:
    if bank.vault.count_wrong_try(consent) >= MAX_WRONG_PASSWORDS:
        return _deny(bank, consent)
    return _page(bank, consent, problem), 403


def _deny(bank: Bank, consent: BankConsent) -> ResponseReturnValue:
    if not bank.vault.move(consent, "reject"):
        abort(410, GONE)
    return _back(consent, consent.nok_redirect_uri, "Sie haben abgelehnt.")


def _unconfirmed(consent: BankConsent) -> ResponseReturnValue:
    """The code goes back with the browser; from the app, where nobody goes back, the person carries it."""
    consent.sca_status = UNCONFIRMED
    code = consent.confirmation_code
    told = f"Geben Sie in der Anwendung diesen Bestätigungscode ein: {code}"
    return _back(consent, with_query(consent.redirect_uri, {"confirmationCode": code}), told)


def _back(consent: BankConsent, uri: str, done: str) -> ResponseReturnValue:
    """To the TPP, or to the end: who confirms in our app has not come from anywhere."""
    if consent.approach is Approach.DECOUPLED:
        return render_template("done.html", message=done)
    return redirect(uri, 303)
