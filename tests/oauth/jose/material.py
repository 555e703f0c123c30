"""Keys that every test here shares (making RSA keys is slow), and the moment at which they sign."""

from datetime import UTC, datetime

from tests.oauth.signing import ClientKey

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://hub.example"
CLIENT = "01931f00-0000-7000-8000-00000000000a"
KEYS = {alg: ClientKey.make(alg) for alg in ("PS256", "ES256", "EdDSA", "Ed25519")}
ES, PS = KEYS["ES256"], KEYS["PS256"]
RS = ClientKey("RS256", PS.key)
OTHER = ClientKey.make("ES256")
