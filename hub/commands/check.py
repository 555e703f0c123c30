"""``rialto check``: whether a hub is fit for real people."""

import os
import sys

import click

from hub import checks
from hub.commands.environ import hub_of_environ


@click.command("check")
@click.option("--strict", is_flag=True, help="What is only weak counts as wrong.")
def check(strict: bool) -> None:
    """Look at settings, files and the database before opening a hub, and say what to do about each finding.

    Exit code 0: fit, as far as can be seen from here; 1: something is wrong; settings that cannot work are 1 too.
    """
    hub = hub_of_environ()
    found = checks.run(hub, environ=os.environ)
    for one in found:
        click.echo(f"{one.weight}: {one.what}\n    {one.do}")
    kind = "development: only this machine reaches it" if hub.settings.local else f"public: {hub.settings.base_url}"
    wrong = sum(strict or one.weight == "wrong" for one in found)
    click.echo(f"{kind}; {wrong} wrong, {len(found) - wrong} weak")
    sys.exit(1 if wrong else 0)
