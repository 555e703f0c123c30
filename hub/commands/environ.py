"""The hub that a command works on."""

import click

from hub.context import Hub, build
from hub.settings import SettingsError, from_environ
from providers.registry import CatalogueError


def hub_of_environ() -> Hub:
    """Put together from the environment; what is wrong there ends the command with one line."""
    try:
        return build(from_environ())
    except (SettingsError, CatalogueError) as error:
        raise click.ClickException(str(error)) from error
