"""Who we are to one bank: the signature over our requests, and what proves us at its token endpoint."""

from providers.oauth.client_auth import ClientAuth, certificate_only, private_key_jwt, secret_basic, secret_post
from providers.signing.http_signature import Scheme, signer
from providers.signing.seal import key_id
from providers.stet.settings import Settings
from providers.tpp import Tpp
from providers.transport import Signer


def signer_for(settings: Settings, tpp: Tpp) -> Signer | None:
    """None for a bank that wants no signature. Raises ValueError where we have no key for it."""
    if settings.signing is None:
        return None
    how = settings.signing
    seal = tpp.seal_for(how.key_id)
    name = key_id(how.key_id, seal, client_id=settings.client_id)
    scheme = Scheme(name, how.headers, how.algorithm, how.digest, how.lifetime_s, how.target_prefix)
    return signer(scheme, seal)


def client_auth_for(settings: Settings, tpp: Tpp) -> ClientAuth:
    """Raises ValueError where a secret is wanted and there is none."""
    match settings.client_auth:
        case "certificate":
            return certificate_only(settings.client_id)
        case "private_key_jwt":
            return private_key_jwt(tpp, settings.client_id, settings.token_endpoint)
        case "secret_basic":
            return secret_basic(settings.client_id, settings.client_secret())
        case "secret_post":
            return secret_post(settings.client_id, settings.client_secret())
