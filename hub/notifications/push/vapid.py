"""Who we are to push services (RFC 8292): one key for good, since a browser's subscription is made for that key."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.context import Hub
from hub.notifications.push.sealed import encoded

LIVES = timedelta(hours=12)
"""A day at most (RFC 8292 2)."""
_SECRET = "web-push"  # noqa: S105  # its name
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186 3.2.1.3)


def application_server_key(hub: Hub) -> str:
    """What a browser subscribes with: the public key in base64url. The first need makes it: not in a transaction."""
    return _base64url(encoded(_key(hub.keys.secret(_SECRET)).public_key()))


def authorization(hub: Hub, endpoint: str, now: datetime) -> str:
    """The header of a message to this endpoint: signed for its origin, by its mail address or page the operator."""
    where = urlsplit(endpoint)
    sender = f"mailto:{hub.settings.mail_from}" if hub.settings.mail_from else hub.settings.base_url
    claims = {"aud": f"{where.scheme}://{where.netloc}", "exp": int((now + LIVES).timestamp()), "sub": sender}
    key = ECKey.import_key(_key(hub.keys.secret(_SECRET)))
    token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, key)
    return f"vapid t={token}, k={application_server_key(hub)}"


@lru_cache(maxsize=4)
def _key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The hub's lasting secret as a scalar; 48 bytes, so that none is likelier than another (FIPS 186-5 A.2.1)."""
    drawn = HKDF(algorithm=SHA512(), length=48, salt=None, info=b"rialto web push P-256").derive(secret)
    return ec.derive_private_key(int.from_bytes(drawn, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
