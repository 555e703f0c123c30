"""What the workers do, and what comes round by the clock: the one table of both."""

from hub import housekeeping
from hub.events import kafka, rules
from hub.events.dispatcher import Route
from hub.insights import watch
from hub.jobs.kind import Kind
from hub.jobs.scheduler import Round
from hub.notifications import birthdays, everyone, mail
from hub.notifications import route as notifications
from hub.notifications.push import deliver as push
from hub.sync import job as connections
from hub.webhooks import deliver, tell

KINDS: tuple[Kind, ...] = (
    connections.KIND,
    housekeeping.KIND,
    rules.KIND,
    deliver.KIND,
    kafka.KIND,
    watch.KIND,
    birthdays.KIND,
    mail.KIND,
    everyone.KIND,
    push.KIND,
)
ROUNDS: tuple[Round, ...] = (
    Round(housekeeping.KIND.queue, housekeeping.EVERY),
    Round(birthdays.KIND.queue, birthdays.EVERY),
)
ROUTES: tuple[Route, ...] = (tell.route, kafka.route, watch.route, notifications.route)
"""Who hears of events."""
