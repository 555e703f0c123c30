"""What a bank's file must say under ``api`` for this standard."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]

DETAIL_PERMISSIONS = (
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadTransactionsDetail",
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``assertion_audience`` is for banks that want another ``aud`` than their token endpoint in client assertions.

    ``time_zone`` is the bank's own, for moments written without an offset. ``ca_bundle`` is a path, for a bank whose
    certificate comes from a private root.
    """

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    resource_base: Url
    client_id: Annotated[str, Meta(min_length=1)]
    permissions: Annotated[tuple[str, ...], Meta(min_length=1)] = DETAIL_PERMISSIONS
    token_auth: Literal["private_key_jwt"]
    assertion_audience: str | None = None
    time_zone: str = "Europe/London"
    ca_bundle: str | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Where calls may go; the authorization endpoint is for the PSU's browser and not among them."""
        return self.token_endpoint, self.jwks_uri, self.resource_base
