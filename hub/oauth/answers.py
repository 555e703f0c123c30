"""What goes back to the client through the browser: where to, with which members, and in which of the response modes.

Every answer names its issuer (RFC 9207), so that a client of several servers cannot be made to mix them up (RFC 9700
4.4). In the JWT modes (JARM) the members travel inside a signed token whose ``iss`` says it, and nowhere else; it is
encrypted for a client that registered for that.

``facts`` are a checked request's: client_id and redirect_uri, response_mode, and state if there was one. The way back
is made ready before the person's answer is claimed, and never inside a transaction: signing may have to make a key
first, and encrypting to fetch one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.context import Hub
from hub.errors import BadInput
from hub.models.client import Client
from hub.oauth import protection, redirects
from hub.oauth.errors import OAuth2Error
from hub.oauth.protection import Protection

QUERY, FORM_POST = "query", "form_post"
JWT_MODES = frozenset({"jwt", "query.jwt", "form_post.jwt"})
ANSWER_LIFE = timedelta(minutes=5)  # JARM 2.1 recommends at most ten


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the browser carries an answer: by a redirect to ``url``, or by posting ``fields`` to it (form_post)."""

    url: str
    fields: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WayBack:
    """From the person's browser to the client. ``protection`` is None in the modes without a JWT."""

    hub: Hub
    client: Client
    facts: Mapping[str, Any]
    protection: Protection | None

    def success(self, code: str, now: datetime) -> Delivery:
        """RFC 6749 4.1.2."""
        return self._deliver({"code": code}, now)

    def refusal(self, error: OAuth2Error, now: datetime) -> Delivery:
        """RFC 6749 4.1.2.1."""
        return self._deliver({"error": error.error, "error_description": error.get_error_description() or None}, now)

    def _deliver(self, told: Mapping[str, str | None], now: datetime) -> Delivery:
        facts, issuer = self.facts, self.hub.settings.base_url
        members = {name: value for name, value in {**told, "state": facts.get("state")}.items() if value is not None}
        if self.protection is None:
            members["iss"] = issuer
        else:
            times = {"iat": int(now.timestamp()), "exp": int((now + ANSWER_LIFE).timestamp())}
            claims = {"iss": issuer, "aud": self.client.client_id, **times, **members}  # JARM 2.1
            members = {"response": self.protection.protect(self.hub, claims, typ="JWT")}
        if _mode(facts).startswith(FORM_POST):
            return Delivery(facts["redirect_uri"], members)
        return Delivery(redirects.answer(facts["redirect_uri"], members))


def way_back(hub: Hub, client: Client, facts: Mapping[str, Any]) -> WayBack:
    """Raises BadInput where the client wants its answers protected in a way that cannot be had now (JARM 2.2)."""
    if _mode(facts) not in JWT_MODES:
        return WayBack(hub, client, facts, None)
    try:
        return WayBack(hub, client, facts, protection.of_answers(hub, client))
    except OAuth2Error as error:
        why = error.get_error_description()
        raise BadInput(f"The app's answer cannot be protected as the app wants it, so none was sent. {why}") from error


def _mode(facts: Mapping[str, Any]) -> str:
    return str(facts.get("response_mode", QUERY))
