"""``rialto dev-cert``: a client certificate for trying mTLS against a development hub."""

from pathlib import Path

import click

from hub.clock import now
from hub.stack import TLS_PORT
from hub.tls import authority


@click.command("dev-cert")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Data folder.")
def dev_cert(name: str, data: Path) -> None:
    """Make a client certificate for a hub that is served with --tls."""
    try:
        files = authority.client_files(data, name, now=now())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"tls_client_auth_subject_dn: CN={name},O={authority.ORGANISATION}")
    trusted = authority.trusted_certificate(data)
    click.echo(
        f"curl --cacert {trusted} --cert {files.certificate} --key {files.key} https://localhost:{TLS_PORT}/livez"
    )
