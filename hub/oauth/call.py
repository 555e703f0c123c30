"""One request to a back-channel endpoint as it came: read strictly, nothing believed yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from flask import Request, g

from hub.certificates import Certificate, peer_certificate
from hub.context import Hub
from hub.oauth.errors import InvalidRequestError, MissingParameter
from hub.oauth.parameters import parse_form
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """``url`` is the endpoint's address as the client must have used it, without a query: what DPoP's ``htu`` names.

    ``form`` holds every parameter once. ``proofs`` are the values of all DPoP headers. ``certificate`` is the client's
    TLS certificate, from our own TLS or from a trusted proxy.
    """

    endpoint: str
    method: str
    url: str
    form: Mapping[str, str] = field(repr=False)
    authorization: str | None = field(repr=False)
    proofs: tuple[str, ...] = field(repr=False)
    certificate: Certificate | None
    now: datetime
    interaction_id: str

    def required(self, name: str) -> str:
        """Raises MissingParameter."""
        if (value := self.form.get(name)) is None:
            raise MissingParameter(name)
        return value


def read(hub: Hub, request: Request, endpoint: str) -> Call:
    """Raises InvalidRequestError for what is not a form in order (RFC 6749 3.2)."""
    given = request.headers.getlist("Authorization")
    if len(given) > 1:
        raise InvalidRequestError("There is more than one Authorization header.")
    form = parse_form(content_type=request.mimetype, query=request.query_string, body=request.get_data(cache=False))
    return Call(
        endpoint=endpoint,
        method=request.method,
        url=address(hub.settings, request),
        form=form.values,
        authorization=given[0] if given else None,
        proofs=tuple(request.headers.getlist("DPoP")),
        certificate=peer_certificate(request),
        now=hub.clock(),
        interaction_id=g.get("interaction_id", ""),
    )


def address(settings: Settings, request: Request) -> str:
    """The address that the request was sent to, as we publish it: the hub's, or its alias for mTLS (RFC 8705 5)."""
    alias = settings.mtls_base_url
    base = alias if alias is not None and request.host == urlsplit(alias).netloc else settings.base_url
    return base + request.path
