"""What every bank that is authorised by OAuth is as a Flask app: its blueprints, the person's pages, its control."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Flask, Response
from flask.typing import ResponseReturnValue

from sandbox import control as test_control
from sandbox import faults
from sandbox.oauth import pages as person
from sandbox.oauth.pages import House
from sandbox.people import PEOPLE

MOST_BYTES = 256 * 1024


def furnish(app: Flask, name: str, house: House, blueprints: Iterable[Blueprint]) -> None:
    """Beside the bank's own error handlers, which are installed before."""
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    house.browsers.install(app)
    for pages in (*blueprints, person.pages(house)):
        app.register_blueprint(pages)
    app.jinja_env.globals.update(bank_name=name, people=PEOPLE.values(), here=house.here)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return person.home_page(house)


def install_control(
    app: Flask,
    name: str,
    house: House,
    *,
    areas: dict[str, str],
    psu_present: Callable[[], bool],
    refuse: Callable[[str], Response],
    set_next: Callable[[dict[str, Any], str], None],
    revoke_all: Callable[[], int] | None = None,
) -> None:
    """``areas`` maps endpoints to areas of faults; the rest as in sandbox.faults.Manners."""
    vault = house.vault
    manners = faults.Manners(
        area_of=areas.get,
        psu_present=psu_present,
        refuse=refuse,
        set_next=set_next,
        revoke_all=revoke_all or vault.revoke_all,
        consents=lambda: [faults.Consent(one.grant_id, one.username, one.status) for one in vault.all()],
    )
    test_control.install(app, name, house.book, vault.clock, manners)
