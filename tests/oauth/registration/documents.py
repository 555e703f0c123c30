"""Client metadata as clients would send it, and the keys that it names."""

import warnings
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

CALLBACK = "https://nest.example/callback"


def key(kind: str = "P-256", kid: str = "k1") -> ECKey | RSAKey | OKPKey:
    """A key pair, the same each time; ``kind`` is a curve, or a number of RSA bits."""
    return _made(kind, kid)


@cache
def _made(kind: str, kid: str) -> ECKey | RSAKey | OKPKey:
    if kind.isdigit():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a short key is just what a test wants
            return RSAKey.generate_key(int(kind), {"kid": kid})
    if kind == "Ed25519":
        return OKPKey.generate_key("Ed25519", {"kid": kid})
    return ECKey.generate_key(kind, {"kid": kid})


def public(kind: str = "P-256", kid: str = "k1", **more: Any) -> dict[str, Any]:
    return {**key(kind, kid).as_dict(private=False), "kid": kid, "use": "sig", **more}


def jwks(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"keys": list(keys or (public(),))}


def sign_in(**changes: Any) -> dict[str, Any]:
    """A confidential client that signs people in; a change to None leaves a member out."""
    return _changed({"client_name": "Nest Egg", "redirect_uris": [CALLBACK]}, changes)


def bank_data(**changes: Any) -> dict[str, Any]:
    """A client that sees accounts, and so is a FAPI 2.0 client."""
    facts = {
        "client_name": "Nest Egg",
        "redirect_uris": [CALLBACK],
        "scope": "openid accounts:read balances:read",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": jwks(),
    }
    return _changed(facts, changes)


def _changed(facts: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (facts | changes).items() if value is not None}
