"""What a collector gets: read by OpenTelemetry's own messages, over a real socket."""

import json
import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from hub.context import Hub, build
from hub.observability.otlp import Exporter, headers_of, spans
from hub.settings import Settings, SettingsError, from_environ
from tests.conftest import TestClock
from tests.race import at_once

TRACE = str(uuid.UUID(int=7))
AT = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)
HOP = {
    "id": "hop-1",
    "trace_id": TRACE,
    "at": AT,
    "place": "bank",
    "what": "GET /accounts",
    "party": "lorelei",
    "outcome": "ok",
    "detail": "",
    "request_id": "r-1",
    "took_ms": 250,
}


@dataclass
class Collector:
    url: str = ""
    status: int = 200
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def collecting() -> Iterator[Collector]:
    here = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(here.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


def read(body: bytes) -> list[Span]:
    """As a collector reads it: ids are in hexadecimal, which Protobuf's own JSON does not know."""
    found = json_format.Parse(body, ExportTraceServiceRequest())
    (resource,) = found.resource_spans
    assert [(one.key, one.value.string_value) for one in resource.resource.attributes] == [("service.name", "rialto")]
    (scope,) = resource.scope_spans
    return list(scope.spans)


def test_a_hop_is_a_span_of_its_length_under_the_request() -> None:
    sent = spans([HOP | {"id": "hop-0", "place": "app", "what": "GET api.accounts", "took_ms": 400}, HOP])
    request, call = read(json.dumps(sent).encode())
    assert (request.kind, call.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    assert call.end_time_unix_nano == int(AT.timestamp()) * 10**9 + 250_000_000
    assert call.end_time_unix_nano - call.start_time_unix_nano == 250_000_000
    assert (call.name, call.status.code) == ("GET /accounts", Status.STATUS_CODE_UNSET)
    assert {one.key: one.value.string_value for one in call.attributes} == {
        "rialto.place": "bank",
        "rialto.party": "lorelei",
        "rialto.outcome": "ok",
        "rialto.request_id": "r-1",
    }
    first, second = sent["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert first["traceId"] == second["traceId"] == uuid.UUID(TRACE).hex
    assert second["parentSpanId"] == first["spanId"] != second["spanId"]
    assert "parentSpanId" not in first
    assert (len(first["traceId"]), len(first["spanId"])) == (32, 16)
    assert spans([HOP]) == spans([HOP]), "sent twice it is one span"


def test_what_a_job_does_that_came_by_the_clock_stands_under_the_job() -> None:
    job = HOP | {"place": "hub", "what": "job connection", "request_id": TRACE}
    first, call, uk_call = spans([job, HOP, HOP | {"request_id": TRACE}])["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert "parentSpanId" not in first
    assert call["parentSpanId"] == uk_call["parentSpanId"] == first["spanId"]


def test_requests_that_a_caller_sends_under_one_id_are_spans_of_their_own_and_the_first_is_above_the_others(
    settings: Settings, clock: TestClock
) -> None:
    """By two processes, who are told of them in the same moment."""
    with collecting() as collector:
        hubs = [_told(settings, clock, collector.url) for _ in range(2)]
        for one in (hubs[0], hubs[0], hubs[1]):
            one.recorder.note("app", "GET api.accounts", took_ms=5, outcome="refused", trace_id=TRACE)
        hubs[1].recorder.note("hub", "job connection", took_ms=5, outcome="failed", trace_id=TRACE)
        flushes = iter([one.recorder.flush for one in hubs])
        at_once(2, lambda: next(flushes)())
        for one in hubs:
            one.close()
    found = [span for *_, body in collector.got for span in read(body)]
    (root,) = [one for one in found if not one.parent_span_id]
    assert root.name == "GET api.accounts"
    assert [one.parent_span_id for one in found if one is not root] == [root.span_id] * 3
    assert len({one.span_id for one in found}) == 4


@pytest.mark.parametrize("outcome", ["failed", "unreachable"])
def test_a_failure_is_an_error_and_a_refusal_is_none(outcome: str) -> None:
    failed, refused = read(
        json.dumps(spans([HOP | {"outcome": outcome, "detail": "HTTP 500"}, HOP | {"outcome": "refused"}])).encode()
    )
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "HTTP 500")
    assert refused.status.code == Status.STATUS_CODE_UNSET


def test_headers_are_read_as_opentelemetry_writes_them() -> None:
    assert headers_of("authorization=Bearer%20abc, x-scope = a=b ,") == {
        "authorization": "Bearer abc",
        "x-scope": "a=b",
    }


def test_what_is_written_down_goes_to_the_collector_too(settings: Settings, clock: TestClock) -> None:
    with collecting() as collector:
        hub = _told(settings, clock, collector.url + "/")
        hub.recorder.note("hub", "job connection", took_ms=5, outcome="failed", trace_id=TRACE)
        hub.recorder.note("hub", "job connection", took_ms=5, trace_id=str(uuid.uuid4()))
        hub.recorder.flush()
        hub.recorder.flush()
        hub.close()
    ((path, headers, body),) = collector.got
    assert (path, headers["content-type"], headers["x-key"]) == ("/v1/traces", "application/json", "s3cret")
    assert [one.name for one in read(body)] == ["job connection"], "what is not kept here is not sent either"


def test_a_collector_that_is_away_or_refuses_holds_up_nothing_and_is_said_once(
    settings: Settings, clock: TestClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hub.observability.otlp")
    with collecting() as collector:
        exporter = Exporter(collector.url)
        for status in (503, 307, 503):
            collector.status = status
            assert not exporter.send([HOP])
        collector.status = 200
        assert exporter.send([HOP])
    assert [(record.levelname, record.__dict__["outcome"]) for record in caplog.records] == [
        ("WARNING", "HTTP 503"),
        ("INFO", "takes spans again"),
    ]
    hub = _told(settings, clock, "http://127.0.0.1:1")
    hub.recorder.note("hub", "job connection", took_ms=5, outcome="failed", trace_id=TRACE)
    hub.recorder.flush()
    hub.close()


def _told(settings: Settings, clock: TestClock, url: str) -> Hub:
    said = from_environ({"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=s3cret"})
    assert "s3cret" not in repr(said)
    return build(
        replace(settings, otlp_url=said.otlp_url, otlp_headers=said.otlp_headers, trace_percent=0), clock=clock
    )


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        from_environ({"OTEL_EXPORTER_OTLP_ENDPOINT": "otel:4318"})
