"""The token endpoint (RFC 6749 4.1.3, 4.4, 6), and what of its answers a link keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from providers import text
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused
from providers.oauth import refusal
from providers.oauth.client_auth import ClientAuth
from providers.port import Access
from providers.rows import Lenient, envelope
from providers.transport import Answer, Transport


class TokenAnswer(msgspec.Struct, frozen=True):
    """RFC 6749 5.1, OpenID Connect Core 3.1.3.3, with the ids that some ecosystems add. Never shown."""

    access_token: str
    token_type: str
    expires_in: int | float | str | None = None
    refresh_token: str | None = None
    id_token: str | None = None
    cdr_arrangement_id: str | None = None

    def __repr__(self) -> str:
        return "TokenAnswer(...)"


_TOKEN = Lenient(TokenAnswer)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """``headers`` go with every call. ``refused`` says what an answer that is no success means at this bank."""

    transport: Transport
    url: str
    auth: ClientAuth
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Callable[[Answer], ProviderError] = refusal.from_answer

    def ask(self, form: Mapping[str, str], *, now: datetime) -> TokenAnswer:
        """One grant. Raises Refused with OAuth's code, Transient, or ContractBroken without the body."""
        proof = self.auth(now)
        answer = self.transport.call(
            "POST", self.url, headers={**self.headers, **proof.headers}, form={**form, **proof.form}
        )
        if answer.status != 200:
            raise self.refused(answer)
        try:
            tokens = envelope(_TOKEN, answer.body)
        except ContractBroken as error:
            raise ContractBroken(error.reason) from None  # without the body: it may hold a token
        if tokens.token_type.lower() != "bearer" or not text.is_token(tokens.access_token):
            raise ContractBroken("the token answer holds no bearer token")
        return tokens

    def renew(self, refresh_token: str, *, now: datetime, more: Mapping[str, str] | None = None) -> TokenAnswer:
        """Fresh tokens; ReconsentRequired when the bank's grant has ended."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **(more or {})}
        try:
            return self.ask(form, now=now)
        except Refused as refused:
            if refused.code == "invalid_grant":
                raise ReconsentRequired("the refresh token is no longer good") from None
            raise


def expires_at(tokens: TokenAnswer, now: datetime, *, at_most_s: int | None = None) -> datetime | None:
    """When the access token ends, if the bank says so in a number that makes sense. ``at_most_s``: it lives no longer,
    whatever the bank says."""
    told = str(tokens.expires_in).removesuffix(".0") if tokens.expires_in is not None else ""
    lives_s = int(told) if told.isascii() and told.isdigit() and len(told) <= 9 else at_most_s
    if lives_s is None:
        return None
    return now + timedelta(seconds=lives_s if at_most_s is None else min(lives_s, at_most_s))


def held(tokens: TokenAnswer, before: Mapping[str, str]) -> dict[str, str]:
    """Rotation is the bank's choice: a new refresh token replaces the old one, none leaves it (RFC 6749 6)."""
    refresh_token = tokens.refresh_token or before.get("refresh_token", "")
    return {"access_token": tokens.access_token} | ({"refresh_token": refresh_token} if refresh_token else {})


def access_token(access: Access) -> str:
    token = access.data.get("access_token", "")
    if not token:
        raise ReconsentRequired("no access token is held")
    return token


def refresh_token(access: Access) -> str:
    token = access.data.get("refresh_token", "")
    if not token:
        raise ReconsentRequired("the bank gave no refresh token")
    return token
