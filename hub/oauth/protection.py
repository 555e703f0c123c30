"""How one client wants what is said to it alone: signed, and encrypted where it registered that (RFC 7519 11.2).

Made ready *before* a code, a request or an answer is used up. The key may have to be fetched from the client's
jwks_uri, and what is used up for an answer that then cannot be made is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.context import Hub
from hub.models.client import Client
from hub.oauth import encryption, response_jwt
from hub.oauth.encryption import Envelope


@dataclass(frozen=True, slots=True)
class Protection:
    """``alg`` signs; ``envelope`` encrypts what was signed, None where the client did not ask for that."""

    alg: str
    envelope: Envelope | None

    def protect(self, hub: Hub, claims: Mapping[str, Any], *, typ: str) -> str:
        """A compact JWS, or a JWE around one. Not inside a transaction (hub.oauth.response_jwt.sign)."""
        signed = response_jwt.sign(hub, claims, alg=self.alg, typ=typ)
        return signed if self.envelope is None else self.envelope.seal(signed, signed=True)


def of_id_tokens(hub: Hub, client: Client) -> Protection:
    """Of ID tokens, and of logout tokens, which are made the same way (Back-Channel Logout 1.0, 2.4).

    May fetch the client's keys: not inside a transaction. Raises NotSignable, NoEncryptionKey.
    """
    alg = response_jwt.algorithm(client, client.id_token_signed_response_alg)
    return Protection(alg, encryption.envelope(hub, client, "id_token"))


def of_answers(hub: Hub, client: Client) -> Protection:
    """Of what goes back through the browser (JARM 2). The same holds and is raised."""
    alg = response_jwt.algorithm(client, client.registration.get("authorization_signed_response_alg"))
    return Protection(alg, encryption.envelope(hub, client, "authorization"))
