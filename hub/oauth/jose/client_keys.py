"""The public keys of a client: those it registered, or those it publishes at its jwks_uri."""

from collections.abc import Mapping
from typing import Any

from hub.clock import Clock
from hub.db import in_transaction
from hub.models.client import Client
from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwks
from hub.oauth.jose.published import LONGEST_S, SHORTEST_S, Published, Suits
from hub.oauth.jose.read import BadJwt
from hub.outbound.fetch import Outbound


class ClientKeys:
    """One per process; safe from any thread. Keys may have to be fetched, so never called inside a transaction."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._published = Published(outbound, clock)

    def for_client(self, client: Client, *, kid: str | None = None) -> tuple[PublicKey, ...]:
        """The keys that may verify what this client signed. ``kid`` is the one it says it used. Raises BadJwt.

        A kid that is not among them is a reason to look again: that is how clients change their keys (OpenID Connect
        Core 10.1.1). Without one nobody can tell that they did, so then only young keys will do.
        """
        most_s = SHORTEST_S if kid is None else LONGEST_S
        try:
            return read_jwks(self._document(client, lambda document: kid is None or _names(document, kid), most_s))
        except BadKey as error:
            raise BadJwt(error.why) from error

    def document(self, client: Client, *, suits: Suits | None = None) -> dict[str, Any]:
        """The whole JWK Set; an empty one where the client has none. Raises BadKey if it cannot be had.

        ``suits``: whether a set has what is looked for; if not, and if it was published, it is fetched anew.
        """
        return self._document(client, suits or _any, LONGEST_S)

    def _document(self, client: Client, suits: Suits, most_s: int) -> dict[str, Any]:
        if in_transaction():
            raise RuntimeError("a client's keys are looked for outside of transactions")
        if client.jwks_uri is None:
            return client.jwks or {"keys": []}
        return self._published.document(client.client_id, client.jwks_uri, suits=suits, most_s=most_s)


def _any(_document: Mapping[str, Any]) -> bool:
    return True


def _names(document: Mapping[str, Any], kid: str) -> bool:
    return any(key.get("kid") == kid for key in document["keys"])
