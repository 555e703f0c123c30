"""TLS certificates that clients prove themselves with (RFC 8705 2), and what they register for them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from joserfc.jwk import ECKey

from hub.ids import new_id
from hub.stack import Stack
from hub.tls import authority
from tests.certificates import self_signed


@dataclass(frozen=True)
class Proof:
    """``certificate`` and ``key`` are PEM files."""

    certificate: Path
    key: Path
    metadata: dict[str, Any]

    @property
    def files(self) -> dict[str, str]:
        return {"certificate": str(self.certificate), "key": str(self.key)}


def proof(method: str, stack: Stack, folder: Path) -> Proof:
    """One more, for this value of token_endpoint_auth_method."""
    bound = {"token_endpoint_auth_method": method, "tls_client_certificate_bound_access_tokens": True}
    name = f"app-{new_id()}"
    if method == "tls_client_auth":
        made = authority.client_files(stack.data_dir.resolve(), name, now=datetime.now(UTC))
        subject = x509.load_pem_x509_certificate(made.certificate.read_bytes()).subject.rfc4514_string()
        return Proof(made.certificate, made.key, bound | {"tls_client_auth_subject_dn": subject})
    issued = self_signed(name)
    public = ECKey.import_key(issued.key_pem).as_dict(private=False)
    return Proof(*issued.write(folder, name), bound | {"jwks": {"keys": [public]}})
