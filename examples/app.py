"""Nest Egg: a third-party app in one file. It signs people in with Rialto and lists what they chose to share.

    RIALTO_URL=http://localhost:8000 CLIENT_ID=... CLIENT_KEY=nest-egg.jwk.json python examples/app.py

Register it on the hub's developer page ("See accounts or start payments") with the redirect URI
http://127.0.0.1:9000/callback and save the key that the page shows. Everything FAPI 2.0 asks for (pushed requests,
private_key_jwt, DPoP) is done by an ordinary client library, requests_oauth2client, from the hub's discovery document;
nothing here knows more than that.
"""

import argparse
import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import requests
from flask import Flask, jsonify, redirect, render_template_string, request, session, url_for
from requests_oauth2client import AuthorizationRequest, BearerToken, OAuth2Client, PrivateKeyJwt, RepeatedDPoPNonce
from requests_oauth2client.exceptions import AuthorizationResponseError, OAuth2Error
from werkzeug.wrappers import Response

SCOPE = "openid profile offline_access accounts:read balances:read transactions:read"
app = Flask(__name__)
app.secret_key = os.urandom(32)
app.config["SESSION_COOKIE_NAME"] = "nest_egg"  # cookies do not tell ports apart, and the hub is on this host too
hub_url = os.environ.get("RIALTO_URL", "http://localhost:8000")


@cache
def rialto() -> OAuth2Client:
    """The library's client, made from the hub's own description of itself."""
    key = json.loads(Path(os.environ["CLIENT_KEY"]).read_text())
    return OAuth2Client.from_discovery_endpoint(
        issuer=hub_url,
        auth=PrivateKeyJwt(os.environ["CLIENT_ID"], key, alg="ES256", aud=hub_url),
        dpop_bound_access_tokens=True,
        id_token_signed_response_alg="ES256",
        testing=hub_url.startswith("http:"),  # lets the library talk http to this machine
    )


PREFERRED = ["ITBD", "CLBD", "XPCD", "ITAV", "CLAV"]  # booked first: what is available may include an overdraft
asked: dict[str, AuthorizationRequest] = {}  # under way, by a random id in the browser's cookie
tokens: dict[str, BearerToken] = {}  # what a real app keeps in its database, by the person's sub

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
    """One API call with the person's token, renewed when it is about to run out."""
    token = tokens[session["sub"]]
    try:
        if token.is_expired(leeway=20):
            token = tokens[session["sub"]] = rialto().refresh_token(token)
        answer = requests.get(f"{hub_url}{path}", auth=token, params=query, timeout=10)
    except RepeatedDPoPNonce as error:
        answer = error.response  # the library takes every 401 for a demand of another nonce (1.8.0)
    except OAuth2Error as error:
        raise Refused(error.description or str(error)) from error
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
def login() -> Response | str:
    """Push the request to the hub, then send the browser there with nothing but a reference to it."""
    wanted = rialto().authorization_request(
        scope=SCOPE, redirect_uri=url_for("callback", _external=True), nonce=secrets.token_urlsafe(16), dpop=True
    )
    try:
        pushed = rialto().pushed_authorization_request(wanted)
    except OAuth2Error as error:  # such as a scope that the app is not registered for
        return render_template_string(PAGE, refused=error.description or str(error))
    session["asked"] = secrets.token_urlsafe(16)
    asked[session["asked"]] = wanted
    return redirect(str(pushed), 303)


@app.get("/callback")
def callback() -> Response | str:
    wanted = asked.pop(session.pop("asked", ""), None)
    if wanted is None:
        return redirect("/", 303)
    try:
        answer = wanted.validate_callback(request.url)  # state and issuer
        token = rialto().authorization_code(answer, validate=False)
        # The library checks ID tokens (signature, nonce and the rest) beside bearer tokens only, so it gets one.
        BearerToken(token.access_token, id_token=token.id_token).validate_id_token(rialto(), answer)
        person = rialto().userinfo(token)
    except (OAuth2Error, AuthorizationResponseError) as error:
        return render_template_string(PAGE, refused=error.description or str(error))
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
