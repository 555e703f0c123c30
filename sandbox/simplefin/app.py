"""The Lagoon Bridge as a Flask app: create a token, claim it, read accounts."""

from base64 import b64encode
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import control as test_control
from sandbox import faults
from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.people import PEOPLE, BankName, accounts_at
from sandbox.simplefin import wire
from sandbox.simplefin.vault import Vault

NAME = "Lagoon Bridge"
AREAS = {"accounts": "accounts", "claim": "token"}
LONGEST_WINDOW_S = 60 * 24 * 3600


def create_app(url: str, clock: BankClock, vault: Vault, *, control: bool) -> Flask:
    """``url`` is where the bridge listens."""
    app = Flask(__name__)
    book = Book(BankName.ALBION, clock)
    errors: list[str] = []

    @app.get("/simplefin/info")
    def info() -> ResponseReturnValue:
        return jsonify(versions=["1.0"])

    @app.get("/simplefin/create")
    def create() -> ResponseReturnValue:
        return render_template("create.html", people=PEOPLE.values(), bank=BankName.ALBION)

    @app.post("/simplefin/create")
    def created() -> ResponseReturnValue:
        person = PEOPLE.get(request.form.get("username", ""))
        given = request.form.get("password", "")
        if person is None or not compare_digest(given.encode(), person.password_at(BankName.ALBION).encode()):
            return render_template("create.html", people=PEOPLE.values(), bank=BankName.ALBION, error=True), 403
        return render_template("created.html", token=new_token(url, vault, person.username))

    @app.post("/simplefin/claim/<code>")
    def claim(code: str) -> ResponseReturnValue:
        access = vault.claim(code)
        if access is None:
            return Response("Forbidden", 403, mimetype="text/plain")
        here = urlsplit(url)
        return Response(f"{here.scheme}://{access[0]}:{access[1]}@{here.netloc}/simplefin", mimetype="text/plain")

    @app.get("/simplefin/accounts")
    def accounts() -> ResponseReturnValue:
        basic = request.authorization
        username = vault.whose(basic.username or "", basic.password or "") if basic and basic.type == "basic" else None
        if username is None:
            return Response("Forbidden", 403, mimetype="text/plain")
        return jsonify(errors=[*errors, *_complaints()], accounts=_shown(url, book, clock, username))

    @app.get("/currency/miles")
    def miles() -> ResponseReturnValue:
        return jsonify(name="Lagoon Miles", abbr="miles")

    if control:

        @app.post("/_control/errors")
        def say() -> ResponseReturnValue:
            errors[:] = request.get_json()["errors"]
            return "", 204

        manners = faults.Manners(
            area_of=AREAS.get,
            psu_present=lambda: False,
            refuse=_refuse,
            set_next=lambda _body, _link: None,
            revoke_all=vault.disable_all,
            consents=lambda: [
                faults.Consent(f"access {at}", who, "standing") for at, who in enumerate(vault.people(), 1)
            ],
        )
        test_control.install(app, NAME, book, clock, manners)
    return app


def new_token(url: str, vault: Vault, username: str) -> str:
    """A setup token: the address where it is claimed, in Base64."""
    return b64encode(f"{url}/simplefin/claim/{vault.new_token(username)}".encode()).decode()


def _complaints() -> list[str]:
    """What the real bridge says of a window that is too long."""
    start, end = request.args.get("start-date", type=int), request.args.get("end-date", type=int)
    too_long = start is not None and end is not None and end - start > LONGEST_WINDOW_S
    return ["Requested date range exceeds the limit of 60 days. Some data may be missing."] if too_long else []


def _shown(url: str, book: Book, clock: BankClock, username: str) -> list[dict[str, Any]]:
    wanted = set(request.args.getlist("account"))
    start = request.args.get("start-date", 0, type=int)
    end = min(request.args.get("end-date", 2**40, type=int), start + LONGEST_WINDOW_S if start else 2**40)
    found = []
    for shown in accounts_at(BankName.ALBION):
        if username not in shown.owners:
            continue
        one = wire.account(url, book, clock, shown)
        if "balances-only" not in request.args:
            one["transactions"] = [
                row
                for entry in reversed(book.entries(shown))
                if (row := wire.transaction(entry))
                and ((row["posted"] == 0 and request.args.get("pending") == "1") or start <= row["posted"] < end)
                and (row["posted"] or request.args.get("pending") == "1")
            ]
        found.append(one)
    if username == "alice":
        found.append(wire.points(url, clock))
    return [one for one in found if not wanted or one["id"] in wanted]


def _refuse(kind: str) -> Response:
    status = {"http_500": 500, "http_503": 503, "rate_limited": 429, "consent_expired": 403}[kind]
    return Response("", status, mimetype="text/plain", headers={"Retry-After": "7"} if status == 429 else {})
