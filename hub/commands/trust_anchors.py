"""``rialto trust-anchors``: whose software statements this hub believes (RFC 7591 2.3)."""

from pathlib import Path

import click

from hub.commands.environ import hub_of_environ
from hub.errors import DomainError
from hub.oauth.jose.strict import read_object
from hub.oauth.registration import anchors as trust

_ROW = "{:<36}  {:<44}  {}"


@click.group("trust-anchors")
def trust_anchors() -> None:
    """Those who vouch for clients by software statements."""


@trust_anchors.command("add")
@click.argument("name")
@click.option("--issuer", required=True, help="The iss of its statements.")
@click.option("--jwks-uri", help="Where it publishes its keys.")
@click.option("--jwks-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its keys, as a file.")
def add(name: str, issuer: str, jwks_uri: str | None, jwks_file: Path | None) -> None:
    """Believe the statements of one issuer. People read NAME: "vouched for by NAME"."""
    hub = hub_of_environ()
    jwks = None if jwks_file is None else read_object(jwks_file.read_bytes())
    if jwks_file is not None and jwks is None:
        raise click.ClickException(f"{jwks_file} is not a JWK Set")
    try:
        with hub.db.write() as session:
            trust.add(
                session,
                name=name,
                issuer=issuer,
                jwks=jwks,
                jwks_uri=jwks_uri,
                loopback=hub.settings.local,
                now=hub.clock(),
            )
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{name} is believed")


@trust_anchors.command("list")
def show() -> None:
    """Every anchor, with its issuer and where its keys come from."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        found = trust.all_of(session)
    click.echo(_ROW.format("name", "issuer", "keys"))
    for row in found:
        click.echo(_ROW.format(row.name, row.issuer, row.jwks_uri or "kept here"))


@trust_anchors.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Believe it no longer. The clients it vouched for go on, as unverified ones."""
    hub = hub_of_environ()
    try:
        with hub.db.write() as session:
            count = trust.remove(session, name, hub.clock())
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{name} is believed no longer; clients that lost its word: {count}")
