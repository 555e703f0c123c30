"""What a bank's file must say under ``api`` for this standard."""

from typing import Annotated

import msgspec
from msgspec import Meta

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]

# The group "Contas" of the permissions, which is asked for whole or not at all (Consents API 3, Permissões)
PERMISSIONS = (
    "ACCOUNTS_READ",
    "ACCOUNTS_BALANCES_READ",
    "ACCOUNTS_TRANSACTIONS_READ",
    "ACCOUNTS_OVERDRAFT_LIMITS_READ",
    "RESOURCES_READ",
)


# And the groups "Cartão de Crédito": limits, transactions, bills
CARD_PERMISSIONS = (
    "CREDIT_CARDS_ACCOUNTS_READ",
    "CREDIT_CARDS_ACCOUNTS_LIMITS_READ",
    "CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ",
    "CREDIT_CARDS_ACCOUNTS_BILLS_READ",
    "CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ",
)
CARD_SCOPE = "credit-cards-accounts"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resource_base`` is everything before ``/consents/v3``; ``scope`` joins the consent's own dynamic scope.
    ``overdraft_limits``: whether the contracted limit is read beside the balance, which is a call of its own against
    the month's operational limits. ``credit_cards``: cards are asked for and read too, if we are registered with their
    scope. ``id_token_encrypted``: we are registered for ID tokens encrypted by
    RSA-OAEP and A256GCM, and any other is refused. ``time_zone`` decides on which day a moment was."""

    issuer: Url
    authorization_endpoint: Url
    pushed_authorization_request_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    resource_base: Url
    client_id: Annotated[str, Meta(min_length=1)]
    scope: str = "openid accounts resources"
    permissions: Annotated[tuple[str, ...], Meta(min_length=1)] = PERMISSIONS
    overdraft_limits: bool = True
    credit_cards: bool = False
    id_token_encrypted: bool = False
    page_size: Annotated[int, Meta(ge=25, le=1000)] = 1000
    time_zone: str = "America/Sao_Paulo"
    ca_bundle: str | None = None

    @property
    def asked_scope(self) -> str:
        return f"{self.scope} {CARD_SCOPE}" if self.credit_cards else self.scope

    @property
    def asked_permissions(self) -> tuple[str, ...]:
        return self.permissions + (CARD_PERMISSIONS if self.credit_cards else ())

    @property
    def urls(self) -> tuple[str, ...]:
        """Where calls may go; the authorization endpoint is for the PSU's browser and not among them."""
        return (self.pushed_authorization_request_endpoint, self.token_endpoint, self.jwks_uri, self.resource_base)
