"""What the workers do, and what comes round by the clock: the one table of both."""

from hub import housekeeping
from hub.events import kafka, rules
from hub.events.dispatcher import Route
from hub.jobs.kind import Kind
from hub.jobs.scheduler import Round
from hub.sync import job as connections
from hub.webhooks import deliver, tell

KINDS: tuple[Kind, ...] = (connections.KIND, housekeeping.KIND, rules.KIND, deliver.KIND, kafka.KIND)
ROUNDS: tuple[Round, ...] = (Round(housekeeping.KIND.queue, housekeeping.EVERY),)
ROUTES: tuple[Route, ...] = (tell.route, kafka.route)
"""Who hears of events."""
