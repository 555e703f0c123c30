"""What the hub promises whoever dies, each promise in words and as a check of what a storm left.

Once are: events, messages, transactions, receipts, rounds of a connection. At least once are: calls of a webhook (under
one webhook-id, so that the receiver knows a repetition) and calls to a bank, which only read.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import orjson
from sqlalchemy import func, select

from consent import receipt
from hub.clock import now
from hub.consents import rows as stored
from hub.events import audience
from hub.models.consent import ConsentRow
from hub.models.event import Event
from hub.models.job import DeadJob, Job
from hub.models.ledger import Account, Change, Transaction
from hub.models.signal import DeadSignal
from hub.models.webhook import WebhookEndpoint, WebhookMessage
from tests.storm.storm import Storm

Check = Callable[[Storm], Iterator[str]]


def _signals(weather: Storm) -> Iterator[str]:
    with weather.hub.db.read() as session:
        seen = Counter(session.scalars(select(Event.kind)))
    for kind, count in weather.moved.items():
        if seen[kind] != count:
            yield f"{kind}: {count} happened, {seen[kind]} were told"
    for made, source in (("consent.granted", "consent.valid"), ("balances.updated", "connection.synced")):
        if seen[made] != seen[source]:
            yield f"{seen[source]} of {source} made {seen[made]} of {made}"


def _order(weather: Storm) -> Iterator[str]:
    with weather.hub.db.read() as session:
        told = session.execute(select(Event.position, Event.id).order_by(Event.position)).all()
    if [row.position for row in told] != list(range(1, len(told) + 1)):
        yield "positions of events have gaps or doubles"
    if len({row.id for row in told}) != len(told):
        yield "an event came twice"


def _messages(weather: Storm) -> Iterator[str]:
    """The app's consents stand throughout, so whom an event concerns can still be told; the mover's are told of by
    ``consent.granted``, which is for the app of the consent alone."""
    with weather.hub.db.read() as session:
        events = session.scalars(select(Event).order_by(Event.position)).all()
        due = Counter(
            (one.client_id, one.event.id, one.type.type)
            for one in audience.apps(session, events, now())
            if one.client_id == "app" or one.type.type == "consent.granted"
        )
        query = select(WebhookEndpoint.client_id, WebhookMessage.body, WebhookMessage.type)
        rows = session.execute(query.join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id)).all()
    made = Counter((row.client_id, str(orjson.loads(row.body)["id"]), row.type) for row in rows)
    if missing := due - made:
        yield f"{missing.total()} messages were never made"
    if twice := [one for one, count in made.items() if count > 1]:
        yield f"{len(twice)} events have two messages for one app"
    if strange := {one for one in made if one[0] == "app"} - set(due):
        yield f"{len(strange)} messages tell the app of what does not concern it"


def _deliveries(weather: Storm) -> Iterator[str]:
    got = {came.id for came in weather.receiver.got}
    with weather.hub.db.read() as session:
        states = {row.id: row.state for row in session.execute(select(WebhookMessage.id, WebhookMessage.state))}
    if unheard := set(states) - got:
        yield f"{len(unheard)} messages were never received"
    if strange := got - set(states):
        yield f"{len(strange)} messages came that nobody made"
    if untaken := Counter(state for state in states.values() if state != "taken"):
        yield f"messages are not taken: {dict(untaken)}"


def _lines(weather: Storm) -> Iterator[str]:
    first = dict[str, int]()
    for place, came in enumerate(weather.receiver.got):
        first.setdefault(came.id, place)
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    with weather.hub.db.read() as session:
        for one in session.scalars(select(WebhookMessage).order_by(WebhookMessage.position)):
            lines[one.endpoint_id, one.line].append(first.get(one.id, 0))
    if any(places != sorted(places) for places in lines.values()):
        yield "what concerns one person came out of order"


def _ledger(weather: Storm) -> Iterator[str]:
    with weather.hub.db.read() as session:
        accounts = session.execute(
            select(Account.id, Account.institution_id, func.count(Transaction.id))
            .join(Transaction, Transaction.account_id == Account.id)
            .where(Transaction.removed_at.is_(None))
            .group_by(Account.id, Account.institution_id)
        ).all()
        added = session.scalar(select(func.count()).where(Change.kind == "added"))
    if len(accounts) != len(weather.people) * len(weather.banks):
        yield f"{len(accounts)} accounts, not {len(weather.people) * len(weather.banks)}"
    for account_id, institution_id, count in accounts:
        rows = weather.banks[int(institution_id.rpartition("-")[2])].rows
        if count != rows:
            yield f"account {account_id} has {count} transactions, the bank {rows}"
    if added != sum(row[2] for row in accounts):
        yield "the change log does not say what was added"


def _receipts(weather: Storm) -> Iterator[str]:
    with weather.hub.db.read() as session:
        revoked = session.scalar(select(func.count()).where(ConsentRow.status == "revoked"))
        for consent_id, head in session.execute(select(ConsentRow.id, ConsentRow.receipt_head)).all():
            outcome = receipt.verify(stored.receipts(session, consent_id), head=head)
            if isinstance(outcome, receipt.Broken):
                yield f"the receipts of {consent_id}: {outcome}"
    if revoked != weather.moved["consent.revoked"]:
        yield f"{revoked} consents are revoked, {weather.moved['consent.revoked']} were taken back"


def _jobs(weather: Storm) -> Iterator[str]:
    with weather.hub.db.read() as session:
        for one in session.scalars(select(DeadJob)):
            yield f"dead: {one.queue} {one.key}: {one.failure}"
        for signal in session.scalars(select(DeadSignal)):
            yield f"dead: {signal.kind} {signal.subject_id}: {signal.failure}"
        planned = session.scalar(select(func.count()).where(Job.queue == "connection"))
    if planned != len(weather.people) * len(weather.banks):
        yield f"{planned} connections are planned"


PROMISES: dict[str, Check] = {
    "every signal becomes its event, once": _signals,
    "events have one order without gaps": _order,
    "an event makes one message for each app that is to hear of it, and for nobody else": _messages,
    "every message is received, at least once, under one id": _deliveries,
    "what concerns one person is received in its order": _lines,
    "each transaction of the bank stands once in the ledger and once in its change log": _ledger,
    "a consent that was taken back is revoked once, and its chain of receipts holds": _receipts,
    "every connection is planned, and no work was given up": _jobs,
}


def broken(weather: Storm) -> list[str]:
    """What does not hold once it is quiet; nothing is what there should be."""
    return [f"{words}: {what}" for words, check in PROMISES.items() for what in check(weather)]
