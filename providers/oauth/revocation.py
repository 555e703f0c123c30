"""Giving a token back (RFC 7009)."""

from dataclasses import dataclass
from datetime import datetime

from providers.oauth import refusal
from providers.oauth.client_auth import ClientAuth
from providers.transport import Transport


@dataclass(frozen=True, slots=True)
class RevocationEndpoint:
    transport: Transport
    url: str
    auth: ClientAuth

    def revoke(self, token: str, hint: str, *, now: datetime) -> None:
        """A token that the bank no longer knows is revoked already: it answers 200 to both."""
        proof = self.auth(now)
        form = {"token": token, "token_type_hint": hint, **proof.form}
        answer = self.transport.call("POST", self.url, headers=proof.headers, form=form)
        if not 200 <= answer.status < 300:
            raise refusal.from_answer(answer)
