"""Banque Mélusine as a Flask app."""

from flask import Flask

from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.oauth import pages as person
from sandbox.oauth.frame import furnish, install_control
from sandbox.oauth.vault import Vault
from sandbox.people import BankName
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
    book, vault, browsers = Book(BankName.MELUSINE, clock), Vault(clock), BrowserSessions(COOKIE)
    house = person.House(
        BankName.MELUSINE, vault, book, browsers, FRENCH, authorise.asked, authorise.answer, has_tan=True
    )
    bank = Bank(url, tpp, clock, book, vault, house, page_size)
    errors.install(app, house, clock)
    furnish(app, NAME, house, (authorise.pages(bank), register.pages(bank), resources.pages(bank)))

    if control:
        install_control(
            app,
            NAME,
            house,
            areas=AREAS,
            psu_present=resources.psu_present,
            refuse=lambda kind: errors.refuse(kind, clock),
            set_next=resources.set_next,
        )
    return app
