"""``rialto trace``: the way of one id, and where a failure on it sits."""

import click

from hub.commands.environ import hub_of_environ
from hub.observability import trace as traces

_HOP = "{:<23} {:<8} {:<44} {:<24} {:<12} {:>8}  {}"


@click.command("trace")
@click.argument("trace_id")
def trace(trace_id: str) -> None:
    """Show every hop that was written down under TRACE_ID: an error page's reference, x-fapi-interaction-id, or the
    trace_id of a log line.
    """
    hub = hub_of_environ()
    with hub.db.read() as session:
        found = traces.find(session, trace_id)
    if found.hops:
        click.echo(_HOP.format("at", "where", "what", "with", "outcome", "ms", "detail").rstrip())
    for one in found.hops:
        at = f"{one.at:%Y-%m-%d %H:%M:%S}.{one.at.microsecond // 1000:03}"
        known_as = f" (known there as {one.request_id})" if one.request_id not in {"", one.trace_id} else ""
        detail = f"{one.detail}{known_as}".strip()
        line = _HOP.format(at, one.place, one.what, one.party, one.outcome, one.took_ms, detail)
        click.echo(line.rstrip())
    for job in found.waiting:
        state = "given up at" if job.is_dead else "is due at"
        click.echo(f"job {job.queue} {job.key} {state} {job.at:%Y-%m-%d %H:%M:%S} {job.failure}".rstrip())
    sits_at = "" if found.verdict.fault == "none" else f"{found.verdict.fault}: "
    click.echo(f"{sits_at}{found.verdict.words}")
