"""``rialto keys``: the keys that seal secrets, those that sign, and those that banks encrypt to."""

from datetime import datetime

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.context import Hub
from hub.encryption import ENC
from hub.keys import AS, REREAD_S
from hub.models.key import EncryptionKey, KeyState, SigningKey
from hub.reseal import reseal_all
from hub.sealing import new_key_text
from hub.signing import lines, rotation
from hub.signing.rotation import NextTooNew, Rotated

_ROW = "{:<8} {:<8} {:<43} {:<9} {:<17} {}"


@click.group()
def keys() -> None:
    """The keys that seal secrets at rest, those that sign, and those that banks encrypt to."""


@keys.command("new")
def new() -> None:
    """Print a fresh sealing key. Put it FIRST in RIALTO_MASTER_KEYS, keep the old ones after it, restart, reseal."""
    click.echo(new_key_text())


@keys.command("reseal")
def reseal() -> None:
    """Move every sealed value to the first key; afterwards the older keys can go."""
    hub = hub_of_environ()
    for table, moved in reseal_all(hub):
        click.echo(f"{table}: {moved} moved")


@keys.command("list")
def show() -> None:
    """The keys: which line, which state, since when, until when they are published (enc: until when they open)."""
    hub = hub_of_environ()
    order = list(KeyState)
    with hub.db.read() as session:
        rows = sorted(
            session.scalars(select(SigningKey)),
            key=lambda row: (row.purpose, row.alg, order.index(KeyState(row.state)), row.created_at),
        )
    click.echo(_ROW.format("purpose", "alg", "kid", "state", "since (UTC)", "published until").rstrip())
    for row in rows:
        until = _minute(row.published_until)
        click.echo(_ROW.format(row.purpose, row.alg, row.kid, row.state, _minute(_since(row)), until).rstrip())
    with hub.db.read() as session:
        ours = session.scalars(select(EncryptionKey).order_by(EncryptionKey.created_at.desc())).all()
    for one in ours:
        since, until = _minute(one.retired_at or one.created_at), _minute(one.opens_until)
        click.echo(_ROW.format(ENC, one.alg, one.kid, _state(one), since, until).rstrip())


@keys.command("rotate")
@click.option("--purpose", type=click.Choice([*lines.ALGORITHMS, ENC]), default=AS, show_default=True)
@click.option("--alg", help="One algorithm; without it every line of the purpose that has begun.")
@click.option("--now", "at_once", is_flag=True, help="The key is compromised: take it down at once.")
def rotate(purpose: str, alg: str | None, at_once: bool) -> None:
    """Let the next signing key take over from the active one; of purpose enc, a new key from the present one."""
    hub = hub_of_environ()
    if purpose == ENC:
        _rotate_encryption(hub, at_once=at_once)
        return
    begun = rotation.active_kids(hub, purpose)
    chosen = {line: kid for line, kid in begun.items() if alg in {None, line.alg}}
    if not chosen:
        raise click.ClickException(f"no {purpose} key for {alg or 'anything'} has been made yet")
    late = []
    for line, kid in chosen.items():
        try:
            done = rotation.rotate(hub, line, replaces=kid, now=hub.clock(), at_once=at_once)
        except NextTooNew as error:
            late.append(str(error))
            continue
        click.echo(f"{line}: somebody else rotated it just now" if done is None else _told(done))
    if at_once:
        click.echo(
            f"Every process knows within {REREAD_S} s. Tokens by the dropped keys are refused from then on: clients "
            "refresh, and people whose app has no refresh token log in again. Clients that cached our JWKS go on "
            "believing ID tokens by a dropped key until they fetch it again. If the thief may have read the database "
            "and the master key, change the master key, reseal, and rotate --now twice: the next key was there too."
        )
    if late:
        raise click.ClickException("; ".join(late) + ". If the key is compromised, use --now.")


def _rotate_encryption(hub: Hub, *, at_once: bool) -> None:
    kid, now = hub.encryption_keys.present(), hub.clock()
    if kid is None:
        raise click.ClickException("no key to encrypt to has been made yet")
    done = hub.encryption_keys.rotate(kid, now=now, at_once=at_once)
    if done is None:
        click.echo("somebody else rotated it just now")
        return
    old = "opens nothing any more" if at_once else f"opens until {_minute(done.opens_until)} UTC"
    click.echo(f"{done.present} is what banks encrypt to, {done.kid} {old}")
    if at_once:
        click.echo("Links fail at a bank that encrypts to the dropped key until it fetches our JWKS again.")


def _state(row: EncryptionKey) -> str:
    if row.retired_at is None:
        return "present"
    return "gone" if row.private_sealed is None else "opens"


def _told(done: Rotated) -> str:
    old = (
        f"dropped {', '.join(sorted(done.dropped))}"
        if done.dropped
        else f"{done.replaced} is published until {_minute(done.until)} UTC"
    )
    return f"{done.line}: {done.active} signs, {done.next} is next, {old}"


def _since(row: SigningKey) -> datetime | None:
    return {
        KeyState.NEXT: row.created_at,
        KeyState.ACTIVE: row.activated_at,
        KeyState.RETIRING: row.retired_at,
        KeyState.GONE: row.published_until,
    }[KeyState(row.state)]


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
