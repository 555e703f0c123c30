"""What a token is bound to: the client's DPoP key (RFC 9449), its TLS certificate (RFC 8705), or, for plain sign-in,
nothing.
"""

from dataclasses import dataclass

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.call import Call
from hub.oauth.errors import InvalidDpopProof, InvalidRequestError, OAuth2Error, UseDpopNonce
from hub.oauth.jose.dpop import BadProof, Proof, lacks_nonce, read_proof
from hub.oauth.policy import Policy


@dataclass(frozen=True, slots=True)
class Binding:
    """``jkt``: RFC 7638 thumbprint of the DPoP key. ``x5t``: RFC 8705 3.1 thumbprint of the certificate."""

    jkt: str | None = None
    x5t: str | None = None

    @property
    def cnf(self) -> dict[str, str] | None:
        """The confirmation claim (RFC 7800) of a token that is bound so; None for a bearer token."""
        members = {"jkt": self.jkt, "x5t#S256": self.x5t}
        return {name: value for name, value in members.items() if value is not None} or None

    @property
    def token_type(self) -> str:
        return "Bearer" if self.jkt is None else "DPoP"


def of_call(hub: Hub, call: Call, client: Client, policy: Policy) -> Binding:
    """What the tokens of this call will be bound to.

    Raises InvalidDpopProof or UseDpopNonce for a proof that does not hold, InvalidRequestError where the profile or the
    registration demands a proof and none came.
    """
    told = client.registration
    proof = proof_of(hub, call) if call.proofs else None
    if proof is None and told.get("dpop_bound_access_tokens"):
        raise InvalidDpopProof("This client's tokens are bound by DPoP, and no proof came.")
    certificate = call.certificate
    by_certificate = bool(told.get("tls_client_certificate_bound_access_tokens"))
    if by_certificate and certificate is None:
        raise InvalidRequestError("This client's tokens are bound to its TLS certificate, and none arrived.")
    if policy.sender_constrained and proof is None and certificate is None:
        raise InvalidRequestError("Tokens must be bound: send a DPoP proof or use mutual TLS (FAPI 2.0 5.3.2.1).")
    bound_to_certificate = certificate is not None and (by_certificate or (policy.sender_constrained and proof is None))
    return Binding(
        jkt=None if proof is None else proof.jkt,
        x5t=certificate.thumbprint_s256 if bound_to_certificate and certificate is not None else None,
    )


_PROVEN = frozenset({"token", "par", "device_authorization"})
"""Endpoints that look at a DPoP proof."""


def ask_for_nonce(hub: Hub, call: Call) -> None:
    """Before anything of this call is used up: there are clients that send it once more as it was, but for the proof
    (RFC 9449 8), with the same client_assertion. Raises UseDpopNonce."""
    if call.endpoint in _PROVEN and lacks_nonce(call.proofs, hub.dpop_nonces, call.now):
        raise UseDpopNonce()


def proof_of(hub: Hub, call: Call) -> Proof:
    """The call's DPoP proof, used up. Raises InvalidDpopProof, UseDpopNonce."""
    try:
        proof = read_proof(call.proofs, method=call.method, url=call.url, now=call.now, nonces=hub.dpop_nonces)
    except BadProof as error:
        raise _refused(error) from error
    if not hub.replay.burn("dpop", proof.jkt, proof.jti, proof.expires_at, call.now):
        raise InvalidDpopProof("This proof was used already; make each with a jti of its own.")
    return proof


def _refused(error: BadProof) -> OAuth2Error:
    return UseDpopNonce() if error.error == "use_dpop_nonce" else InvalidDpopProof(error.why)
