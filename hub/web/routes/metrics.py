"""Figures for Prometheus: for whoever knows the token, or for this machine on a hub that nobody else reaches."""

import hmac

from flask import Blueprint, Response, request

from hub.access import public
from hub.context import hub_of_request
from hub.errors import NotFound
from hub.observability import figures
from hub.settings import LOOPBACK, Settings

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    hub = hub_of_request()
    if not _may_read(hub.settings):
        raise NotFound("There is no such page.")
    return Response(figures.text(hub), content_type=figures.CONTENT_TYPE)


def _may_read(settings: Settings) -> bool:
    """That somebody calls from loopback is enough only where nobody else can: a proxy may stand there."""
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.metrics_token}".encode())
    return settings.local and not settings.trusted_proxy_hops and request.remote_addr in LOOPBACK
