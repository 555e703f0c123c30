"""Banco Iara as a Flask app."""

from flask import Flask
from flask.typing import ResponseReturnValue

from sandbox.book import Book
from sandbox.br import authorise, cards, consents, errors, guard, resources
from sandbox.br.bank import Bank
from sandbox.br.phrases import BRAZILIAN
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.jose import BankKey
from sandbox.oauth import fapi
from sandbox.oauth import pages as person
from sandbox.oauth.frame import furnish, install_control
from sandbox.oauth.vault import Attempt, Vault
from sandbox.people import BankName
from sandbox.tpp import Tpp

NAME = "Banco Iara"
COOKIE = "iara_session"
AREAS = {
    "authorise.token": "token",
    "consents.create": "consents",
    "consents.read": "consents",
    "consents.delete": "consents",
    "resources.accounts": "accounts",
    "resources.balances": "balances",
    "resources.transactions": "transactions",
    "cards.transactions": "transactions",
}


def create_app(url: str, tpp: Tpp, clock: BankClock, *, page_size: int, control: bool) -> Flask:
    """``url`` is where the bank listens: its issuer and the base of every link."""
    app = Flask(__name__)
    book, vault, browsers = Book(BankName.IARA, clock), Vault(clock), BrowserSessions(COOKIE)
    door = fapi.Door(url, tpp, BankKey(), clock)

    def answer(attempt: Attempt, parameters: dict[str, str]) -> ResponseReturnValue:
        return fapi.respond(door, attempt, parameters)

    house = person.House(BankName.IARA, vault, book, browsers, BRAZILIAN, authorise.asked, answer, has_tan=True)
    bank = Bank(url, clock, book, vault, door, house, page_size)
    errors.install(app, house)
    furnish(app, NAME, house, (authorise.pages(bank), consents.pages(bank), resources.pages(bank), cards.pages(bank)))

    if control:
        install_control(
            app,
            NAME,
            house,
            areas=AREAS,
            psu_present=guard.psu_present,
            refuse=errors.refuse,
            set_next=resources.set_next,
        )
    return app
