"""Nest Egg: a third-party app in one file. It signs people in with Rialto and lists what they chose to share.

    RIALTO_URL=http://127.0.0.1:8000 CLIENT_ID=... CLIENT_SECRET=... python examples/app.py

Register it on the hub's developer page with the redirect URI http://127.0.0.1:9000/callback. Everything OAuth is done
by an ordinary client library (Authlib) from the hub's discovery document; nothing here knows more than that.
"""

import argparse
import os
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, render_template_string, session, url_for
from werkzeug.wrappers import Response

SCOPE = "openid profile offline_access accounts:read balances:read transactions:read"
app = Flask(__name__)
app.secret_key = os.urandom(32)
app.config["SESSION_COOKIE_NAME"] = "nest_egg"  # cookies do not tell ports apart, and the hub is on this host too
hub_url = os.environ.get("RIALTO_URL", "http://127.0.0.1:8000")
rialto = OAuth(app).register(
    "rialto",
    client_id=os.environ.get("CLIENT_ID"),
    client_secret=os.environ.get("CLIENT_SECRET"),
    server_metadata_url=f"{hub_url}/.well-known/openid-configuration",
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)
PREFERRED = ["ITBD", "CLBD", "XPCD", "ITAV", "CLAV"]  # booked first: what is available may include an overdraft
tokens: dict[str, dict[str, Any]] = {}  # what a real app keeps in its database, by the person's sub

PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Nest Egg</title>
<h1>Nest Egg</h1>
{% if refused %}<p id="refused">Rialto says: {{ refused }}</p>{% endif %}
{% if not name %}<p><a id="sign-in" href="/login">Sign in with Rialto</a></p>
{% else %}<p>Hello {{ name }}. <a href="/logout">Sign out</a></p>
<table><tr><th>Account<th>Balance</tr>{% for account in accounts %}
<tr><td>{{ account.name }}<td>{{ account.balance }} {{ account.currency }}</tr>{% endfor %}</table>
<h2>Latest</h2><table>{% for row in transactions %}
<tr><td>{{ row.booking_date or row.value_date or "" }}{{ " (pending)" if row.status == "PDNG" }}
<td>{{ row.counterparty_name or "" }}<td>{{ row.amount }} {{ row.currency }}</tr>
{% endfor %}</table>{% endif %}</html>"""


class Refused(Exception):
    """The hub's own words for why it does not answer any more."""


def read(path: str, **query: Any) -> dict[str, Any]:
    """One API call with the person's token, renewed by the library when it has run out."""
    try:
        answer = rialto.get(f"{hub_url}{path}", token=tokens[session["sub"]], params=query, timeout=10)
    except OAuthError as error:
        raise Refused(error.description or error.error) from error
    if answer.status_code != 200:
        raise Refused(answer.json().get("detail", "no reason given"))
    found: dict[str, Any] = answer.json()
    return found


def preference(balance: dict[str, Any]) -> int:
    """A bank may give several balances of one account, each of its ISO 20022 type; we show one."""
    return PREFERRED.index(balance["type"]) if balance["type"] in PREFERRED else len(PREFERRED)


def shared() -> dict[str, Any]:
    """Everything the person shares with us: accounts with their balance, and the latest transactions."""
    balances: dict[str, str] = {}
    for balance in sorted(read("/v1/balances")["data"], key=preference):
        balances.setdefault(balance["account_id"], balance["amount"])
    accounts = [one | {"balance": balances.get(one["id"], "?")} for one in read("/v1/accounts")["data"]]
    return {"accounts": accounts, "transactions": read("/v1/transactions", limit=10)["data"]}


@app.get("/")
def home() -> str:
    if session.get("sub") not in tokens:
        return render_template_string(PAGE)
    try:
        return render_template_string(PAGE, name=session["name"], **shared())
    except Refused as refused:
        return render_template_string(PAGE, refused=str(refused))


@app.get("/data.json")
def data() -> Any:
    """The same for programs: what the demo prints."""
    if session.get("sub") not in tokens:
        return jsonify(error="nobody is signed in"), 401
    try:
        return jsonify(shared())
    except Refused as refused:
        return jsonify(error=str(refused)), 403


@app.get("/login")
def login() -> Response:
    response: Response = rialto.authorize_redirect(url_for("callback", _external=True))
    return response


@app.get("/callback")
def callback() -> Response | str:
    try:
        token = rialto.authorize_access_token()  # checks state, PKCE, nonce and the ID token's signature
    except OAuthError as error:
        return render_template_string(PAGE, refused=error.description or error.error)
    person = rialto.userinfo(token=token)
    tokens[person["sub"]] = token
    session.update(sub=person["sub"], name=person.get("name", "you"))
    return redirect("/", 303)


@app.get("/logout")
def logout() -> Response:
    session.clear()
    return redirect("/", 303)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=9000)
    app.run(port=arguments.parse_args().port)
