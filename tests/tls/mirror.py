"""A real hub with one more route, which says what reached it: granian tests.tls.mirror:app."""

from flask import Flask, jsonify, request
from werkzeug.wrappers import Response

from hub.access import public
from hub.app import create_app
from hub.certificates import peer_certificate
from hub.context import Hub

PATHS = ("/mirror", "/v1/mirror", "/oauth/mirror", "/oauth/authorize/mirror")


@public
def mirror() -> Response:
    certificate = peer_certificate(request)
    return jsonify(
        address=request.remote_addr,
        scheme=request.scheme,
        host=request.host,
        thumbprint=certificate and certificate.thumbprint_s256,
        verified=certificate and certificate.is_verified,
    )


def with_mirror(hub: Hub | None = None) -> Flask:
    made = create_app(hub)
    for path in PATHS:
        made.add_url_rule(path, f"mirror{path}", mirror)
    return made


def __getattr__(name: str) -> Flask:
    """``app``, made when a server asks for it and not when a test imports this file."""
    if name == "app":
        return with_mirror()
    raise AttributeError(name)
