"""Keys and institutions for tests: one RSA key for the TPP, one for the bank, made once a run."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from providers.port import LinkRequest, Psu
from providers.registry import Institution
from providers.tpp import OpeningKey, Tpp

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UK = "http://127.0.0.1:8101"
AISP = f"{UK}/open-banking/v3.1/aisp"
BERLIN = "http://127.0.0.1:8102"
STET = "http://127.0.0.1:8103"
CALLBACK = "http://127.0.0.1:8000/connections/callback"


@cache
def tpp() -> Tpp:
    return Tpp("Rialto", RSAKey.generate_key(2048).as_pem(private=True), "tpp-1")


def tpp_key() -> RSAKey:
    return RSAKey.import_key(tpp().signing_key_pem)


@cache
def bank_key(kid: str = "bank-1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def encryption_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "enc"})


def opening_key(kid: str = "ours-enc") -> OpeningKey:
    return OpeningKey(kid, encryption_key(kid).as_pem(private=True))


def albion(**api: Any) -> Institution:
    settings = {
        "issuer": UK,
        "authorization_endpoint": f"{UK}/authorize",
        "token_endpoint": f"{UK}/token",
        "jwks_uri": f"{UK}/jwks",
        "aisp": {"base": AISP},
        "client_id": "rialto",
        "token_auth": "private_key_jwt",
    }
    api = settings | api
    return Institution(id="albion", name="Albion Bank", standard="uk_obie", version="3.1", country="GB", api=api)


def lorelei(**api: Any) -> Institution:
    api = {"base_url": BERLIN} | api
    return Institution(id="lorelei", name="Lorelei", standard="berlin_group", version="1.3", country="DE", api=api)


def melusine(**api: Any) -> Institution:
    settings = {
        "authorization_endpoint": f"{STET}/oauth/authorize",
        "token_endpoint": f"{STET}/oauth/token",
        "resource_base": f"{STET}/psd2/v1",
        "client_id": "PSDFR-ACPR-1",
    }
    api = {name: value for name, value in (settings | api).items() if value is not ...}
    return Institution(id="melusine", name="Mélusine", standard="stet", version="1.5", country="FR", api=api)


def link_request(psu: Psu | None = None) -> LinkRequest:
    return LinkRequest(
        redirect_uri=CALLBACK,
        state="state-1",
        nonce="nonce-1",
        now=NOW,
        valid_until=date(2026, 8, 28),
        history_from=date(2024, 3, 1),
        psu=psu or Psu("192.0.2.1", "Browser/1.0"),
    )


def id_token_claims(**changed: Any) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": UK,
        "aud": "rialto",
        "sub": "consent-1",
        "nonce": "nonce-1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "openbanking_intent_id": "consent-1",
    }
    return {name: value for name, value in (claims | changed).items() if value is not ...}


def id_token(claims: dict[str, Any], *, alg: str = "PS256", kid: str = "bank-1", key: Any = None) -> str:
    return jwt.encode({"alg": alg, "kid": kid}, claims, key or bank_key(), algorithms=[alg])


def bank_jwks() -> dict[str, Any]:
    return {"keys": [bank_key().as_dict(private=False)]}
