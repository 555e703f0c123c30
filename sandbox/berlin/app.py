"""Lorelei Bank as a Flask app."""

from flask import Flask, render_template
from flask.typing import ResponseReturnValue

from sandbox import control as test_control
from sandbox import faults
from sandbox.berlin import authorisations, consents, errors, guard, login, reports, resources, sca
from sandbox.berlin.bank import Bank, Ways
from sandbox.berlin.vault import Vault
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.oauth.vault import Vault as Tokens
from sandbox.people import PEOPLE, BankName

NAME = "Lorelei Bank"
COOKIE = "lorelei_session"
AREAS = {
    "consents.create": "consents",
    "consents.read": "consents",
    "consents.status": "consents",
    "consents.delete": "consents",
    "authorisations.index": "consents",
    "authorisations.start": "consents",
    "authorisations.update": "consents",
    "authorisations.sca_status": "consents",
    "authorisations.picture": "consents",
    "resources.accounts": "accounts",
    "resources.account": "accounts",
    "resources.balances": "balances",
    "resources.transactions": "transactions",
    "reports.report": "transactions",
}


def create_app(url: str, clock: BankClock, *, page_size: int, control: bool, ways: Ways | None = None) -> Flask:
    """``url`` is where the bank listens: the base of every link."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    book, browsers = Book(BankName.LORELEI, clock), BrowserSessions(COOKIE)
    bank = Bank(url, clock, book, Vault(clock), browsers, page_size, ways or Ways(), Tokens(clock))
    errors.install(app)
    bank.browsers.install(app)
    for pages in (
        consents.pages(bank),
        authorisations.pages(bank),
        resources.pages(bank),
        reports.pages(bank),
        sca.pages(bank),
    ):
        app.register_blueprint(pages)
    if bank.ways.pre_step:
        app.register_blueprint(login.pages(bank))
        app.before_request(lambda: guard.check_token(bank))
    app.jinja_env.globals.update(bank_name=NAME, people=PEOPLE.values(), here=BankName.LORELEI)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("home.html")

    if control:
        test_control.install(
            app,
            NAME,
            bank.book,
            clock,
            faults.Manners(
                area_of=AREAS.get,
                psu_present=guard.psu_present,
                refuse=errors.refuse,
                set_next=resources.set_next,
                revoke_all=bank.vault.revoke_all,
                consents=lambda: [faults.Consent(one.consent_id, one.username, one.status) for one in bank.vault.all()],
            ),
        )
    return app
