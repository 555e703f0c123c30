"""``rialto institutions``: the catalogue of banks, checked and listed without a database."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from hub.settings import SHIPPED_INSTITUTIONS, SettingsError, from_environ
from providers import profiles
from providers.registry import CatalogueError, Institution, load_institutions

_ROW = "{:<28}  {:<2}  {:<14}  {:<10}  {:<8}  {}"


@click.group()
def institutions() -> None:
    """Banks: their files, what is wrong with them, what they lack."""


@institutions.command("schema")
def schema() -> None:
    """The JSON Schema of a bank's file, for editors."""
    click.echo(json.dumps(profiles.schema(), indent=2, sort_keys=True))


@institutions.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path) -> None:
    """Check the files in FOLDER, which may extend banks that are shipped."""
    folders = [SHIPPED_INSTITUTIONS]
    if folder.resolve() != SHIPPED_INSTITUTIONS:
        folders.append(folder)
    found = _loaded(folders)
    wrong = []
    for one in found.values():
        try:
            profiles.check(one)
        except CatalogueError as error:
            wrong.append(str(error))
    if wrong:
        raise click.ClickException("\n".join(wrong))
    enabled = sum(one.enabled for one in found.values())
    click.echo(f"{len(found)} banks with those that are shipped, {enabled} of them enabled: all files fit")


@institutions.command("list")
@click.option("--country", help="ISO 3166-1 alpha-2.")
@click.option("--standard")
@click.option("--status", type=click.Choice(["sandbox", "unverified", "verified"]))
def show(country: str | None, standard: str | None, status: str | None) -> None:
    """Every bank of this hub, and what it takes to enable it."""
    try:
        folders = from_environ().institution_dirs
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    click.echo(_ROW.format("id", "", "standard", "status", "", "to enable it"))
    for one in sorted(_loaded(folders).values(), key=lambda one: (one.country, one.id)):
        wanted = country in {None, *one.countries} and standard in {None, one.standard} and status in {None, one.status}
        if wanted:
            row = one.id, one.country, one.standard, one.status, "enabled" if one.enabled else ""
            click.echo(_ROW.format(*row, "; ".join(_to_enable(one))).rstrip())


def _to_enable(one: Institution) -> tuple[str, ...]:
    try:
        return profiles.to_enable(one)
    except CatalogueError as error:
        return (f"a file that fits: {error}",)


def _loaded(folders: Iterable[Path]) -> Mapping[str, Institution]:
    try:
        return load_institutions(folders)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error
