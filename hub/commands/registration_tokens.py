"""``rialto registration-token``: who may register clients by themselves (initial access tokens, RFC 7591 3)."""

from datetime import datetime, timedelta

import click

from hub.commands.environ import hub_of_environ
from hub.errors import DomainError
from hub.models.registration import InitialAccessToken
from hub.oauth.policy import Profile
from hub.oauth.registration import initial_tokens

_ROW = "{:<36}  {:>4}  {:<16}  {:<10}  {:<12}  {}"
_PROFILES = [Profile.OIDC.value, Profile.FAPI2.value, Profile.FAPI2_MS.value]


@click.group("registration-token")
def registration_token() -> None:
    """Initial access tokens for dynamic registration."""


@registration_token.command("new")
@click.option("--uses", default=1, show_default=True, type=int, help="How many clients it registers.")
@click.option("--days", default=7, show_default=True, type=int, help="How long it is good.")
@click.option("--profile", type=click.Choice(_PROFILES), help="The only profile it registers for.")
@click.option("--trust-anchor", help="Whose software statement each registration must bring.")
def new(uses: int, days: int, profile: str | None, trust_anchor: str | None) -> None:
    """Make a token and print it, this once."""
    hub = hub_of_environ()
    now = hub.clock()
    try:
        with hub.db.write() as session:
            made = initial_tokens.new(
                session,
                uses=uses,
                expires_at=now + timedelta(days=days),
                now=now,
                profile=None if profile is None else Profile(profile),
                trust_anchor=trust_anchor,
            )
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"id     {made.id}")
    click.echo(f"token  {made.token}   (shown this once)")


@registration_token.command("list")
def show() -> None:
    """Every token, newest first; never the token itself."""
    hub = hub_of_environ()
    now = hub.clock()
    with hub.db.read() as session:
        found = initial_tokens.all_of(session)
    click.echo(_ROW.format("id", "left", "until (UTC)", "profile", "anchor", "state"))
    for row in found:
        until = f"{row.expires_at:%Y-%m-%d %H:%M}"
        told = (row.id, row.uses_left, until, row.profile or "any", row.trust_anchor or "none", _state(row, now))
        click.echo(_ROW.format(*told))


@registration_token.command("revoke")
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """End a token. What was registered with it stays."""
    hub = hub_of_environ()
    try:
        with hub.db.write() as session:
            initial_tokens.revoke(session, token_id, hub.clock())
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo("revoked")


def _state(row: InitialAccessToken, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= now:
        return "expired"
    return "good" if row.uses_left else "used up"
