"""Banque Mélusine as a Flask app."""

from flask import Flask
from flask.typing import ResponseReturnValue

from sandbox import control as test_control
from sandbox import faults
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.oauth import pages as person
from sandbox.oauth.vault import Vault
from sandbox.people import PEOPLE, BankName
from sandbox.stet import authorise, errors, register, resources
from sandbox.stet.bank import Bank
from sandbox.stet.phrases import FRENCH
from sandbox.tpp import Tpp

NAME = "Banque Mélusine"
COOKIE = "melusine_session"
AREAS = {
    "authorise.token": "token",
    "resources.consents": "consents",
    "resources.accounts": "accounts",
    "resources.balances": "balances",
    "resources.transactions": "transactions",
}


def create_app(url: str, tpp: Tpp, clock: BankClock, *, page_size: int, control: bool) -> Flask:
    """``url`` is where the bank listens."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    book, vault, browsers = Book(BankName.MELUSINE, clock), Vault(clock), BrowserSessions(COOKIE)
    house = person.House(
        BankName.MELUSINE, vault, book, browsers, FRENCH, authorise.asked, authorise.answer, has_tan=True
    )
    bank = Bank(url, tpp, clock, book, vault, house, page_size)
    errors.install(app, house, clock)
    browsers.install(app)
    for pages in (authorise.pages(bank), register.pages(bank), resources.pages(bank), person.pages(house)):
        app.register_blueprint(pages)
    app.jinja_env.globals.update(bank_name=NAME, people=PEOPLE.values(), here=BankName.MELUSINE)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return person.home_page(house)

    if control:
        test_control.install(
            app,
            NAME,
            book,
            clock,
            faults.Manners(
                area_of=AREAS.get,
                psu_present=resources.psu_present,
                refuse=lambda kind: errors.refuse(kind, clock),
                set_next=resources.set_next,
                revoke_all=vault.revoke_all,
                consents=lambda: [faults.Consent(one.grant_id, one.username, one.status) for one in vault.all()],
            ),
        )
    return app
