"""A British bank as a Flask app."""

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import control as test_control
from sandbox import faults
from sandbox.book import Book
from sandbox.browser import BrowserSessions
from sandbox.clock import BankClock
from sandbox.jose import BankKey
from sandbox.people import PEOPLE
from sandbox.tpp import Tpp
from sandbox.uk import authorise, consents, discovery, errors, funds, register, resources, token
from sandbox.uk.bank import Bank
from sandbox.uk.profile import Profile
from sandbox.uk.vault import Vault

AREAS = {
    "token.token": "token",
    "consents.create": "consents",
    "consents.read": "consents",
    "consents.delete": "consents",
    "resources.accounts": "accounts",
    "resources.account": "accounts",
    "resources.balances": "balances",
    "resources.transactions": "transactions",
}


def create_app(
    url: str,
    profile: Profile,
    tpp: Tpp,
    clock: BankClock,
    *,
    page_size: int,
    control: bool,
    client_secret: str = "",
) -> Flask:
    """``url`` is where the bank listens: its issuer and the base of every link."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    book, browsers = Book(profile.here, clock), BrowserSessions(f"{profile.here}_session")
    bank = Bank(profile, url, tpp, clock, book, Vault(clock), BankKey(), browsers, page_size, client_secret)
    errors.install(app)
    bank.browsers.install(app)
    for pages in (
        discovery.pages(bank),
        token.pages(bank),
        consents.pages(bank),
        resources.pages(bank),
        authorise.pages(bank),
        register.pages(bank),
        *([funds.pages(bank)] if profile.confirms_funds else []),
    ):
        app.register_blueprint(pages)
    app.jinja_env.globals.update(bank_name=profile.name, people=PEOPLE.values(), here=profile.here, profile=profile)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("home.html")

    if control:
        test_control.install(
            app,
            profile.name,
            bank.book,
            clock,
            faults.Manners(
                area_of=AREAS.get,
                psu_present=lambda: "x-fapi-customer-ip-address" in request.headers,
                refuse=errors.refuse,
                set_next=resources.set_next,
                revoke_all=bank.vault.revoke_all,
                consents=lambda: [faults.Consent(one.consent_id, one.username, one.status) for one in bank.vault.all()],
            ),
        )
    return app
