"""The steps of a link that happen on a page of ours: what a bank, or the PSU's own service, asks for there.

Each step is answered once: the attempt is claimed, the adapter told, and the attempt kept open with the next step if
there is one. ``number`` says which step a form belongs to, so that a form sent twice is never taken for the next one's
answer. A crash between claim and answer costs the attempt: the person begins again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from hub.connections import sealed
from hub.connections.attempts import STALE, Linked, LinkFailed, claim, keep_open
from hub.connections.circuit import Family
from hub.connections.link import STEP_PATH, address_of, failed, finished
from hub.context import Hub
from hub.hashing import secret_hash
from hub.models.connection import Connection, LinkAttempt
from providers.errors import ContractBroken, ProviderError
from providers.port import Ask, AskingAdapter, LinkStart, Psu


@dataclass(frozen=True, slots=True)
class Asked:
    """The step that waits for its answers."""

    institution_id: str
    connection_id: str
    ask: Ask
    number: int


def waiting(hub: Hub, state: str, *, psu_id: str, session_hash: str, now: datetime) -> Asked | None:
    """The step that this person is asked in this browser session; None for nothing of theirs."""
    state_hash = secret_hash(state)
    query = (
        select(LinkAttempt.connection_id, LinkAttempt.link_state_sealed, Connection.institution_id)
        .join(Connection, Connection.id == LinkAttempt.connection_id)
        .where(
            LinkAttempt.state_hash == state_hash,
            LinkAttempt.psu_id == psu_id,
            LinkAttempt.session_hash == session_hash,
            LinkAttempt.used_at.is_(None),
            LinkAttempt.expires_at > now,
        )
    )
    with hub.db.read() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    kept = sealed.open_kept(hub.sealer, state_hash, row.link_state_sealed)
    return (
        None
        if kept is None or kept.ask is None
        else Asked(row.institution_id, row.connection_id, kept.ask, kept.number)
    )


def answer(
    hub: Hub,
    state: str,
    answers: Mapping[str, str],
    *,
    number: int,
    psu_id: str,
    session_hash: str,
    psu: Psu,
    now: datetime,
) -> str | Linked | LinkFailed:
    """Where the browser goes next, the finished link, or why it came to nothing. Never raises for what a bank does."""
    claimed = claim(hub, secret_hash(state), psu_id=psu_id, session_hash=session_hash, now=now)
    if isinstance(claimed, LinkFailed):
        return claimed
    kept = claimed.kept
    if kept.ask is None or kept.number != number:  # a form of another step: nothing was answered
        keep_open(hub, claimed, kept, now=now)
        return LinkFailed(claimed.connection_id, STALE) if kept.ask is None else f"{STEP_PATH}/{state}"
    adapter = hub.adapter(claimed.institution_id)
    try:
        if not isinstance(adapter, AskingAdapter):
            raise ContractBroken("the adapter asks and takes no answer", step="advance")
        with hub.circuits.asking(claimed.institution_id, Family.LINK, whatever=True):
            gone_on = adapter.advance(kept.state, _only_asked(kept.ask, answers), now=now, psu=psu)
        address = address_of(hub, gone_on) if isinstance(gone_on, LinkStart) else ""
    except ProviderError as error:
        return failed(hub, claimed, error, now=now)
    if isinstance(gone_on, LinkStart):
        keep_open(hub, claimed, sealed.keep(gone_on, number + 1), now=now)
        return address
    return finished(hub, claimed, gone_on, now=now)


def _only_asked(ask: Ask, answers: Mapping[str, str]) -> dict[str, str]:
    """One text for each field that was asked, cut to its length; a choice that was not offered is no answer."""
    taken = {}
    for field in ask.fields:
        given = answers.get(field.name, "")[: field.max_length]
        offered = {value for value, _label in field.options}
        taken[field.name] = given if field.kind != "choice" or given in offered else ""
    return taken
