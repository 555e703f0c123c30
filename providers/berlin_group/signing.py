"""How a Berlin Group bank wants our requests signed, and how it signs its answers: by its version, or as its file says
instead."""

from datetime import UTC, datetime

import requests

from providers.berlin_group.settings import AnswerSigning, Signing
from providers.berlin_group.versions import V2, Version
from providers.signing.anchors import anchors_of
from providers.signing.answers import Demand, check_http_signature, check_jades
from providers.signing.http_signature import Scheme, signer
from providers.signing.jades import JadesScheme, jades_signer
from providers.signing.seal import key_id
from providers.tpp import Tpp
from providers.transport import Answer, Checker, Signer

_HTTP_HEADERS = ("digest", "x-request-id", "psu-id", "psu-corporate-id", "date", "tpp-redirect-uri")  # 1.3, 12.2
_JADES_HEADERS = ("x-request-id", "digest", "psu-id", "psu-corporate-id", "client-redirect-uri")


def _scheme(named: str | None, version: Version) -> str:
    return named or ("jades" if version is V2 else "http_signature")


def checker_for(how: AnswerSigning | None, version: Version) -> Checker | None:
    """For answers of the interface, which are those to requests with an X-Request-ID: an authorisation server signs
    nothing. Raises ValueError for anchors that cannot be read."""
    if how is None:
        return None
    demand = Demand(anchors_of(how.anchors), how.must_sign, how.certificate_header, refusals=how.refusals)
    check = check_jades if _scheme(how.scheme, version) == "jades" else check_http_signature

    def checked(request: requests.PreparedRequest, answer: Answer) -> None:
        if "X-Request-ID" in request.headers:
            check(demand, request, answer, now=datetime.now(UTC))

    return checked


def signer_for(how: Signing | None, version: Version, tpp: Tpp) -> Signer | None:
    """Raises ValueError for an algorithm of the other scheme, or a seal that cannot be used."""
    if how is None:
        return None
    if _scheme(how.scheme, version) == "jades":
        if how.algorithm not in (None, "PS256", "RS256"):
            raise ValueError(f"signing: JAdES is not signed by {how.algorithm}")
        scheme = JadesScheme(
            how.headers or _JADES_HEADERS, how.algorithm or "PS256", how.digest, sends_certificate=how.sends_certificate
        )
        return jades_signer(scheme, tpp.qualified_seal or tpp.seal)
    if how.algorithm == "PS256" or how.algorithm == "RS256":  # mypy narrows by these alone
        raise ValueError(f"signing: an HTTP signature is not made by {how.algorithm}")
    seal = tpp.seal_for(how.key_id)
    cavage = Scheme(
        key_id(how.key_id, seal),
        how.headers or _HTTP_HEADERS,
        how.algorithm or "rsa-sha256",
        how.digest,
        algorithm_name=how.algorithm_name or "",
    )
    return signer(cavage, seal, certificate_header="TPP-Signature-Certificate")
