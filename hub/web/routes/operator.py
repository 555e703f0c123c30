"""Pages for those who run the hub. Nobody else learns that they exist."""

from flask import Blueprint, Response, request
from sqlalchemy import select

from hub.access import operator
from hub.context import hub_of_request
from hub.errors import NotFound
from hub.events import dead as dead_signals
from hub.events import overview as flows
from hub.jobs import holding, overview
from hub.models.job import DeadJob
from hub.observability import parts
from hub.observability import trace as traces
from hub.web.flash import Said
from hub.web.present import events
from hub.web.routes import fields, respond
from hub.web.viewmodels import DeadRow, HopRow, JobsPage, OverviewPage, PartRow, QueueRow, TracePage, WaitingRow
from hub.webhooks import overview as webhooks

blueprint = Blueprint("operator", __name__, url_prefix="/operator")
JOBS = "/operator/jobs"
EVENTS = "/operator/events"
AT_ONCE = 1000


@blueprint.get("/")
@operator
def entrance() -> Response:
    """All parts at a glance."""
    found = parts.of(hub_of_request())
    page = OverviewPage(
        tuple(PartRow(one.name, one.state, one.says, one.do) for one in found),
        tuple(f"{one.name}: {one.says}. {one.do}" for one in found if one.state == "bad"),
    )
    return respond.page("operator_overview.html", page)


@blueprint.get("/jobs")
@operator
def jobs() -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        queues = overview.queues(session, hub.clock())
        dead = overview.dead(session)
    page = JobsPage(
        tuple(QueueRow(one.name, one.running, one.due, one.later, one.failing, one.dead, one.late_s) for one in queues),
        tuple(
            DeadRow(one.id, one.queue, one.key, one.attempts, one.failure, one.died_at, one.trace_id or "")
            for one in dead
        ),
        sum(one.dead for one in queues),
    )
    return respond.page("operator_jobs.html", page)


@blueprint.get("/events")
@operator
def stream() -> Response:
    """Rules, flow and lag."""
    hub = hub_of_request()
    now = hub.clock()
    with hub.db.read() as session:
        flow, queues = flows.flow(session, now), overview.queues(session, now)
        page = events.operator_page(flow, queues, webhooks.behind(session), now)
    return respond.page("operator_events.html", page)


@blueprint.post("/events/retry")
@operator
def retry_signals() -> Response:
    hub, dead_id = hub_of_request(), fields.single(request.form, "dead_id")
    if not dead_signals.revive(hub, dead_id or None, most=AT_ONCE) and dead_id:
        raise NotFound("There is no such signal.")
    return respond.see_other(EVENTS, say=Said.SENT_ROUND_AGAIN)


@blueprint.get("/trace")
@operator
def trace() -> Response:
    wanted = fields.single(request.args, "id").replace("\x00", "").strip()[:100]
    if not wanted:
        return respond.page("operator_trace.html", TracePage())
    with hub_of_request().db.read() as session:
        found = traces.find(session, wanted)
    page = TracePage(
        wanted,
        tuple(
            HopRow(
                one.at,
                one.place,
                one.what,
                one.party,
                one.outcome,
                one.detail,
                one.took_ms,
                "" if one.request_id == one.trace_id else one.request_id,
            )
            for one in found.hops
        ),
        tuple(WaitingRow(one.queue, one.key, one.at, one.failure, one.is_dead) for one in found.waiting),
        found.verdict.fault,
        found.verdict.words,
    )
    return respond.page("operator_trace.html", page)


@blueprint.post("/jobs/retry")
@operator
def retry() -> Response:
    hub, dead_id = hub_of_request(), fields.single(request.form, "dead_id")
    with hub.db.read() as session:
        wanted = select(DeadJob.id).where(DeadJob.id == dead_id) if dead_id else select(DeadJob.id).limit(AT_ONCE)
        ids = session.scalars(wanted).all()
    if dead_id and not ids:
        raise NotFound("There is no such job.")
    for one in ids:
        with hub.db.write() as session:
            holding.revive(session, one, hub.clock())
    return respond.see_other(JOBS, say=Said.SENT_ROUND_AGAIN)
