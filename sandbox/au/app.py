"""Bunyip Bank as a Flask app."""

from flask import Flask
from flask.typing import ResponseReturnValue

from sandbox.au import authorise, errors, resources
from sandbox.au.bank import Bank
from sandbox.au.notice import tell
from sandbox.au.phrases import AUSTRALIAN
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.jose import BankKey
from sandbox.oauth import fapi
from sandbox.oauth import pages as person
from sandbox.oauth.frame import furnish, install_control
from sandbox.oauth.vault import Attempt, Status, Vault
from sandbox.people import BankName
from sandbox.tpp import Tpp

NAME = "Bunyip Bank"
COOKIE = "bunyip_session"
AREAS = {
    "authorise.token": "token",
    "authorise.par": "consents",
    "resources.accounts": "accounts",
    "resources.balance": "balances",
    "resources.transactions": "transactions",
}


def create_app(
    url: str, tpp: Tpp, clock: BankClock, *, page_size: int, control: bool, recipient_base_uri: str | None = None
) -> Flask:
    """``url`` is where the bank listens: its issuer and the base of every link. ``recipient_base_uri``: who is told
    of arrangements that people end here."""
    app = Flask(__name__)
    book, vault, browsers = Book(BankName.BUNYIP, clock), Vault(clock), BrowserSessions(COOKIE)
    door = fapi.Door(url, tpp, BankKey(), clock)

    def answer(attempt: Attempt, parameters: dict[str, str]) -> ResponseReturnValue:
        return fapi.respond(door, attempt, parameters)

    house = person.House(BankName.BUNYIP, vault, book, browsers, AUSTRALIAN, authorise.asked, answer, has_tan=True)
    bank = Bank(url, clock, book, vault, door, house, page_size)
    errors.install(app, house)
    furnish(app, NAME, house, (authorise.pages(bank), resources.pages(bank)))

    def revoke_all() -> int:
        ended = [one for one in vault.all() if one.status is Status.ACTIVE]
        vault.revoke_all()
        for one in ended if recipient_base_uri else ():
            tell(door.key, recipient_base_uri or "", one.grant_id)
        return len(ended)

    if control:
        install_control(
            app,
            NAME,
            house,
            areas=AREAS,
            psu_present=resources.psu_present,
            refuse=errors.refuse,
            set_next=resources.set_next,
            revoke_all=revoke_all,
        )
    return app
