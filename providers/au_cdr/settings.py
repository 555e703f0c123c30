"""What a bank's file must say under ``api`` for this standard."""

from typing import Annotated

import msgspec
from msgspec import Meta

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]

SCOPES = ("openid", "bank:accounts.basic:read", "bank:transactions:read")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resource_base`` ends in ``/cds-au/v1``. ``client_id`` is what the holder gave us when we registered with the
    Register's software statement. ``acr`` is the least level of assurance that we ask for. ``time_zone`` decides on
    which day a moment was; ``page_size`` is at most 1000 in the standard. ``brand_id`` is the holder's
    dataHolderBrandId in the Register: its calls to us name it as their issuer; without it none of them is believed."""

    issuer: Url
    authorization_endpoint: Url
    pushed_authorization_request_endpoint: Url
    token_endpoint: Url
    cdr_arrangement_revocation_endpoint: Url
    jwks_uri: Url
    resource_base: Url
    client_id: Annotated[str, Meta(min_length=1)]
    brand_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    scopes: Annotated[tuple[str, ...], Meta(min_length=1)] = SCOPES
    acr: str = "urn:cds.au:cdr:2"
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 250
    time_zone: str = "Australia/Sydney"
    ca_bundle: str | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Where calls may go; the authorization endpoint is for the PSU's browser and not among them."""
        return (
            self.pushed_authorization_request_endpoint,
            self.token_endpoint,
            self.cdr_arrangement_revocation_endpoint,
            self.jwks_uri,
            self.resource_base,
        )
