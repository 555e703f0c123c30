"""``rialto clients``: register a client for somebody, see who there is, vouch for one."""

from pathlib import Path

import click
import orjson
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.errors import DomainError
from hub.events.outbox import emit
from hub.models.client import Client
from hub.oauth import clients as apps
from hub.oauth.jose.strict import read_object
from hub.oauth.policy import Profile
from hub.oauth.registration import rows, service
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.prepare import prepare

_ROW = "{:<36}  {:<15}  {:<10}  {}"


@click.group()
def clients() -> None:
    """The OAuth clients of this hub."""


@clients.command("register")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", type=click.Choice([one.value for one in Profile]), help="Stricter than the metadata needs.")
def register(file: Path, profile: str | None) -> None:
    """Register the client that FILE describes: a JSON object of client metadata (RFC 7591 2).

    --profile resource_server makes one that asks about tokens and gets none: {"client_name": "..."} will do.
    """
    hub = hub_of_environ()
    document = read_object(file.read_bytes())
    if document is None:
        raise click.ClickException(f"{file} is not one JSON object that names no member twice")
    now = hub.clock()
    try:
        prepared = prepare(hub, document, now=now, wanted=None if profile is None else Profile(profile))
        with hub.db.write() as session:
            made = service.register(session, prepared, owner_psu_id=None, now=now)
    except BadMetadata as error:
        raise click.ClickException(error.description) from error
    click.echo(f"client_id      {made.client.client_id}")
    click.echo(f"profile        {made.client.profile}")
    if made.secret is not None:
        click.echo(f"client_secret  {made.secret}   (shown this once)")


@clients.command("list")
def show_all() -> None:
    """Every client, oldest first."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        found = session.scalars(
            select(Client).where(Client.deleted_at.is_(None)).order_by(Client.created_at, Client.client_id)
        ).all()
    click.echo(_ROW.format("client_id", "profile", "made by", "name"))
    for client in found:
        click.echo(_ROW.format(client.client_id, client.profile, _maker(client), client.name))


@clients.command("show")
@click.argument("client_id")
def show(client_id: str) -> None:
    """What one client is registered with, as JSON."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        client = apps.find(session, client_id)
    if client is None:
        raise click.ClickException("there is no such client")
    vouched = "the operator" if client.trust_anchor is None else client.trust_anchor
    told = {
        "client_id": client.client_id,
        "profile": client.profile,
        "made_by": _maker(client),
        "verified_by": None if client.verified_at is None else vouched,
        **rows.document(client),
    }
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


@clients.command("verify")
@click.argument("client_id")
@click.option("--off", is_flag=True, help="Take the mark away again.")
def verify(client_id: str, off: bool) -> None:
    """Vouch for a client: people then read that Rialto verified it, until it changes its name or addresses."""
    hub = hub_of_environ()
    now = hub.clock()
    with hub.db.write() as session:
        if (client := apps.find(session, client_id)) is None:
            raise click.ClickException("there is no such client")
        client.verified_at = None if off else now
        kind = "client.unverified" if off else "client.verified"
        emit(session, kind, client_id, now=now, psu_id=client.owner_psu_id)
    click.echo(f"{client.name}: {'not verified any more' if off else 'verified'}")


@clients.command("delete")
@click.argument("client_id")
@click.confirmation_option(prompt="Its tokens stop working and people's consents to it end. Delete it?")
def delete(client_id: str) -> None:
    """End a client, with its grants and what people allowed it."""
    hub = hub_of_environ()
    try:
        with hub.db.write() as session:
            if (client := apps.find(session, client_id)) is None:
                raise click.ClickException("there is no such client")
            apps.end(session, client, now=hub.clock())
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{client.name}: deleted")


def _maker(client: Client) -> str:
    if client.owner_psu_id is not None:
        return "developer"
    return "itself" if client.registration_token_hash is not None else "operator"
