"""``rialto banks``: register this hub with a bank that lets clients register themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from hub.commands.environ import hub_of_environ
from hub.connections.link import CALLBACK_PATH
from hub.context import Hub
from hub.errors import DomainError
from providers.errors import ProviderError
from providers.registering import Registered, Registrar
from providers.registry import CatalogueError, registrar_for

T = TypeVar("T")
_TOKEN = click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the registration access token, at banks that give one.",
)
_STATEMENT = click.argument("statement", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def banks() -> None:
    """What banks have registered us with. BANK is the id of an institution."""


@banks.command("register")
@click.argument("bank")
@_STATEMENT
def register(bank: str, statement: Path | None) -> None:
    """Register with BANK, by the directory's software STATEMENT (a file that holds its JWT) where there is a directory.

    What the bank gives is shown this once; its place is the bank's file (client_id) and a file of its own (the secret).
    """
    hub = hub_of_environ()
    _show(_asked(hub, bank, lambda one: one.register(_held(statement), _callbacks(hub), now=hub.clock())))


@banks.command("update")
@click.argument("bank")
@_STATEMENT
@_TOKEN
def update(bank: str, statement: Path | None, token_file: Path | None) -> None:
    """Register anew what BANK knows of us, under the client_id that it gave."""
    hub, token = hub_of_environ(), _held(token_file)
    redirect_uris = _callbacks(hub)
    _show(
        _asked(hub, bank, lambda one: one.update(_held(statement), redirect_uris, now=hub.clock(), access_token=token))
    )


@banks.command("registration")
@click.argument("bank")
@_TOKEN
def registration(bank: str, token_file: Path | None) -> None:
    """Show what BANK has registered."""
    hub, token = hub_of_environ(), _held(token_file)
    found = _asked(hub, bank, lambda one: one.read(now=hub.clock(), access_token=token))
    click.echo(found.raw.decode("utf-8", "replace"))


@banks.command("unregister")
@click.argument("bank")
@_TOKEN
@click.confirmation_option(prompt="Nobody can link this bank afterwards. Unregister?")
def unregister(bank: str, token_file: Path | None) -> None:
    """Make BANK forget us."""
    hub, token = hub_of_environ(), _held(token_file)
    _asked(hub, bank, lambda one: one.delete(now=hub.clock(), access_token=token))


def _asked(hub: Hub, bank: str, ask: Callable[[Registrar], T]) -> T:
    try:
        return ask(registrar_for(hub.institution(bank), hub.tpp))
    except (CatalogueError, DomainError) as error:
        raise click.ClickException(str(error)) from error
    except ProviderError as error:
        raise click.ClickException(f"{bank}: {error.step}: {error.reason}") from error


def _show(made: Registered) -> None:
    click.echo(f"client_id      {made.client_id}")
    for name, value in (
        ("issued", made.issued_at),
        ("client_secret", made.client_secret),
        ("expires", made.secret_expires_at),
        ("access_token", made.access_token),
        ("uri", made.uri),
    ):
        if value is not None:
            click.echo(f"{name:<13}  {value}")


def _callbacks(hub: Hub) -> list[str]:
    return [hub.settings.base_url + CALLBACK_PATH]


def _read(path: Path) -> str:
    return path.read_text().strip()


def _held(path: Path | None) -> str | None:
    return None if path is None else _read(path)
