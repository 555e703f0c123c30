"""Under which name a client knows a person: a different one in every sector."""

import base64
import hashlib
import hmac


def pairwise_sub(salt: bytes, sector: str, psu_id: str) -> str:
    """A pairwise subject identifier (OIDC Core 8.1), 43 URL-safe characters, the same for ever.

    ``sector`` is the host that the client's redirect URIs share, ``salt`` the hub's secret: without it nobody can join
    two sectors, or test whether a subject belongs to a known psu_id. Losing the salt renames everybody at every client.
    """
    if not salt or not sector or not psu_id:
        raise ValueError("a subject is made of a salt, a sector and a person")
    # A host holds no NUL, so sector and person cannot run into each other; its case means nothing (RFC 3986 3.2.2).
    digest = hmac.new(salt, f"{sector.lower()}\0{psu_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
