"""The hops of an id as OpenTelemetry spans, for a collector: OTLP over HTTP in JSON (opentelemetry-proto 1.x, "JSON
Protobuf Encoding"), with the exporter's standard variables OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS.

The id is a UUID and is the trace id as it is. The request of the person or the app, or the job that came by the clock,
is the span under which the others stand: the first one, where a caller sends several under one id. Ids of spans follow
from the rows, so that a batch that is sent twice is one for the collector.
"""

import hashlib
import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import requests

log = logging.getLogger(__name__)
TIMEOUT_S = 3.0
PATH = "/v1/traces"
_SERVER, _INTERNAL, _CLIENT = 2, 1, 3
_KINDS = {"person": _SERVER, "app": _SERVER, "hub": _INTERNAL}
_FAILED = frozenset({"failed", "unreachable"})
_ERROR = 2


class Exporter:
    """``url`` is the collector's base address, ``headers`` the text of OTEL_EXPORTER_OTLP_HEADERS. What cannot be sent
    is dropped: a collector that is away must not fill our memory."""

    def __init__(self, url: str, headers: str = "") -> None:
        self._url = url.rstrip("/") + PATH
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(headers_of(headers))
        self._is_down = False

    def send(self, hops: Sequence[Mapping[str, Any]], begun: Collection[str] = ()) -> bool:
        """Whether the collector took them (see ``spans``). Said in the log once, until it is well again."""
        try:
            answer = self._session.post(self._url, json=spans(hops, begun), timeout=TIMEOUT_S, allow_redirects=False)
            reason = "" if answer.ok and not answer.is_redirect else f"HTTP {answer.status_code}"
        except requests.RequestException as error:
            reason = type(error).__name__
        if bool(reason) is not self._is_down:
            self._is_down = bool(reason)
            level = logging.WARNING if reason else logging.INFO
            log.log(level, "the trace collector", extra={"outcome": reason or "takes spans again"})
        return not reason


def headers_of(text: str) -> dict[str, str]:
    """``name=value,name=value``, values percent-encoded (OpenTelemetry, OTLP exporter configuration)."""
    pairs = (one.partition("=") for one in text.split(",") if one.strip())
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


def spans(hops: Sequence[Mapping[str, Any]], begun: Collection[str] = ()) -> dict[str, Any]:
    """ExportTraceServiceRequest. ``hops`` are rows of hub.models.observability.Hop; ``at`` is when each ended.
    ``begun``: those of their ids that began with an earlier row."""
    firsts: dict[str, Mapping[str, Any]] = {}
    for hop in hops:
        if _begins(hop) and hop["trace_id"] not in begun:
            firsts.setdefault(hop["trace_id"], hop)
    told = [_span(hop, is_first=firsts.get(hop["trace_id"]) is hop) for hop in hops]
    resource = {"attributes": [_said("service.name", "rialto")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "rialto"}, "spans": told}]}]}


def _begins(hop: Mapping[str, Any]) -> bool:
    """Whether its id may have begun with it: a request, or a job that came by the clock."""
    is_by_the_clock = hop["place"] == "hub" and hop["request_id"] == hop["trace_id"]
    return hop["place"] in {"person", "app"} or bool(is_by_the_clock)


def _span(hop: Mapping[str, Any], *, is_first: bool) -> dict[str, Any]:
    trace = uuid.UUID(str(hop["trace_id"])).hex
    ended_ns = int(hop["at"].timestamp() * 1_000_000) * 1000
    root = _id(trace)
    told = {name: str(hop[name]) for name in ("place", "party", "outcome", "detail", "request_id") if hop[name]}
    span: dict[str, Any] = {
        "traceId": trace,
        "spanId": root if is_first else _id(trace, hop["id"]),
        "name": hop["what"],
        "kind": _KINDS.get(hop["place"], _CLIENT),
        "startTimeUnixNano": str(ended_ns - int(hop["took_ms"]) * 1_000_000),
        "endTimeUnixNano": str(ended_ns),
        "attributes": [_said(f"rialto.{name}", value) for name, value in told.items()],
        "status": {"code": _ERROR, "message": str(hop["detail"])} if hop["outcome"] in _FAILED else {},
    }
    return span if is_first else span | {"parentSpanId": root}


def _id(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


def _said(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
