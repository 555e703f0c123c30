"""The moves of signing keys from state to state. Each rotation is one transaction: a crash leaves the line as it was.

A rotation names the key that it replaces and claims it by one conditional UPDATE: of any number that replace the same
key at once, one wins.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.models.key import KeyState, SigningKey
from hub.settings import Settings
from hub.signing import lines, store
from hub.signing.lines import Line

SIGNED_FOR_AT_MOST_S = 600
"""Whatever we sign besides access and ID tokens (authorization responses, logout tokens, introspection) ends sooner."""

NOTICED_AFTER_S = 300
"""Until every process has noticed a rotation and every clock agrees that the last token is over: amply."""


class NextTooNew(Exception):
    """The next key was published so lately that caches of our JWKS may not know it; ``ready_at`` is when they do."""

    def __init__(self, line: Line, ready_at: datetime) -> None:
        super().__init__(f"{line}: the next key may be used from {ready_at:%Y-%m-%d %H:%M} UTC on")
        self.ready_at = ready_at


@dataclass(frozen=True, slots=True)
class Rotated:
    """``dropped`` are the kids that the JWKS no longer holds; ``until`` is how long it holds the replaced key."""

    line: Line
    replaced: str
    active: str
    next: str
    until: datetime
    dropped: frozenset[str]


def rotate(hub: Hub, line: Line, *, replaces: str, now: datetime, at_once: bool = False) -> Rotated | None:
    """The next key becomes active and ``replaces`` retires; None if that key is not the active one any more.

    ``at_once``: the replaced key, and any that retires still, is worth nothing from now on, and the next key signs even
    if it was published this moment. Otherwise raises NextTooNew where that would surprise a cache.
    """
    ahead = timedelta(seconds=0 if at_once else hub.settings.key_publish_ahead_s)
    _have_next(hub, line, now)
    until = now if at_once else now + retiring_for(hub.settings)
    fresh = store.new_row(hub.sealer, line, lines.generate(line.alg), KeyState.NEXT, now)
    with hub.db.write() as session:
        if not _retire(session, line, replaces, until=until, now=now, gone=at_once):
            return None
        promoted = _promote(session, line, published_by=now - ahead, now=now)
        dropped = _drop(session, line, now) | {replaces} if at_once else frozenset()
        session.add(fresh)
        body = {"replaced": replaces, "active": promoted, "next": fresh.kid, "dropped": sorted(dropped)}
        store.announce(session, line, "key.rotated", now, body)
    hub.keys.reread()
    return Rotated(line, replaces, promoted, fresh.kid, until, dropped)


def active_kids(hub: Hub, purpose: str) -> dict[Line, str]:
    """The lines of this purpose that have begun, each with the key that signs."""
    found = {one.line: one.kid for one in store.published(hub.db) if one.state is KeyState.ACTIVE}
    return {line: found[line] for line in lines.lines_of(purpose) if line in found}


def upkeep(hub: Hub, now: datetime) -> None:
    """What time brings about: keys that have signed long enough are replaced, retired ones go."""
    _take_down(hub, now)
    if not hub.settings.key_rotation_days:
        return
    for line, kid in _long_enough(hub, now):
        try:
            rotate(hub, line, replaces=kid, now=now)
        except NextTooNew:
            continue  # it has been published now at the latest; a later round takes it


def retiring_for(settings: Settings) -> timedelta:
    """How long after its last signature something of a key may still have to be verified.

    An ID token comes back as ``id_token_hint`` as long as its session lives (RP-Initiated Logout 1.0, 2). The private
    half is gone by then, so a public one that stays a little longer helps nobody to forge anything.
    """
    longest = max(
        settings.access_token_ttl_s,
        settings.id_token_ttl_s,
        settings.session_ttl_s,
        settings.link_attempt_ttl_s,  # a request object that a bank reads when the person arrives there
        SIGNED_FOR_AT_MOST_S,
    )
    return timedelta(seconds=longest + NOTICED_AFTER_S)


def _have_next(hub: Hub, line: Line, now: datetime) -> None:
    if all((one.line, one.state) != (line, KeyState.NEXT) for one in store.published(hub.db)):
        store.begin(hub.db, hub.sealer, line, KeyState.NEXT, now)


def _retire(session: Session, line: Line, kid: str, *, until: datetime, now: datetime, gone: bool) -> bool:
    claimed = session.execute(
        update(SigningKey)
        .where(
            SigningKey.kid == kid,
            SigningKey.purpose == line.purpose,
            SigningKey.alg == line.alg,
            SigningKey.state == KeyState.ACTIVE,
        )
        .values(
            state=KeyState.GONE if gone else KeyState.RETIRING,
            retired_at=now,
            published_until=until,
            private_sealed=None,
        )
        .execution_options(synchronize_session=False)
    )
    return isinstance(claimed, CursorResult) and claimed.rowcount == 1


def _promote(session: Session, line: Line, *, published_by: datetime, now: datetime) -> str:
    """The kid of the key that signs from now on. Raises NextTooNew, and the transaction with it."""
    waiting = session.execute(
        select(SigningKey.kid, SigningKey.created_at)
        .where(SigningKey.purpose == line.purpose, SigningKey.alg == line.alg, SigningKey.state == KeyState.NEXT)
        .with_for_update()
    ).one()
    if waiting.created_at > published_by:
        raise NextTooNew(line, waiting.created_at + (now - published_by))
    kid: str = waiting.kid
    session.execute(
        update(SigningKey)
        .where(SigningKey.kid == kid)
        .values(state=KeyState.ACTIVE, activated_at=now)
        .execution_options(synchronize_session=False)
    )
    return kid


def _drop(session: Session, line: Line, now: datetime) -> frozenset[str]:
    """Take the line's retiring keys down before their time."""
    return frozenset(
        session.scalars(
            update(SigningKey)
            .where(
                SigningKey.purpose == line.purpose, SigningKey.alg == line.alg, SigningKey.state == KeyState.RETIRING
            )
            .values(state=KeyState.GONE, published_until=now)
            .returning(SigningKey.kid)
            .execution_options(synchronize_session=False)
        )
    )


def _take_down(hub: Hub, now: datetime) -> None:
    """The ring looks at the time itself; this makes the rows say so too."""
    due = (SigningKey.state == KeyState.RETIRING, SigningKey.published_until <= now)
    with hub.db.read() as session:
        if session.scalar(select(SigningKey.kid).where(*due).limit(1)) is None:
            return
    with hub.db.write() as session:
        gone = session.execute(
            update(SigningKey)
            .where(*due)
            .values(state=KeyState.GONE)
            .returning(SigningKey.kid, SigningKey.purpose, SigningKey.alg)
            .execution_options(synchronize_session=False)
        ).all()
        for row in gone:
            store.announce(session, Line(row.purpose, row.alg), "key.gone", now, {"kid": row.kid})


def _long_enough(hub: Hub, now: datetime) -> list[tuple[Line, str]]:
    since = now - timedelta(days=hub.settings.key_rotation_days)
    with hub.db.read() as session:
        rows = session.execute(
            select(SigningKey.purpose, SigningKey.alg, SigningKey.kid).where(
                SigningKey.purpose.in_(lines.SCHEDULED),
                SigningKey.state == KeyState.ACTIVE,
                SigningKey.activated_at <= since,
            )
        ).all()
    return [(Line(row.purpose, row.alg), row.kid) for row in rows if row.alg in lines.ALGORITHMS[row.purpose]]
