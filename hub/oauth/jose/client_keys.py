"""The public keys of a client, as it registered them."""

from typing import Any

from hub.models.client import Client
from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwks
from hub.oauth.jose.read import BadJwt


class ClientKeys:
    """One per process."""

    def for_client(self, client: Client, *, kid: str | None = None) -> tuple[PublicKey, ...]:
        """The keys that may verify what this client signed. ``kid`` is the one it says it used. Raises BadJwt."""
        try:
            return read_jwks(self.document(client))
        except BadKey as error:
            raise BadJwt("The client's JWK Set cannot be used.") from error

    def document(self, client: Client) -> dict[str, Any]:
        """The whole JWK Set; an empty one where the client registered none."""
        return client.jwks or {"keys": []}
