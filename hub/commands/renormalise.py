"""``rialto renormalise``: today's rules over the rows that older ones have read."""

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.context import Hub
from hub.errors import NotFound
from hub.imports import FILE, kept
from hub.ledger.normaliser import normaliser_of
from hub.ledger.renormalise import Report, Rereading
from hub.models.ledger import Account
from providers.port import Rereads


@click.command("renormalise")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--institution", help="One bank's id, or 'file' for imported statements; without it everything.")
def renormalise(dry_run: bool, institution: str | None) -> None:
    """Read the stored rows of banks and files again by today's rules. Safe beside running workers; can be stopped and
    run again."""
    hub = hub_of_environ()
    work: dict[str, list[Rereading]] = {}
    for institution_id, account_id in _accounts(hub, institution):
        if (found := _rereadings(hub, institution_id, account_id)) is None:
            click.echo(f"{institution_id}: no rules here read this bank's rows again", err=True)
        else:
            work.setdefault(institution_id, []).extend(found)
    for institution_id, accounts in work.items():
        report = Report()
        left = sum(one.left() for one in accounts)
        with click.progressbar(length=left, label=institution_id) as bar:
            for one in accounts:
                for done in one.batches(report, dry_run=dry_run, now=hub.clock()):
                    bar.update(done)
        _tell(report, dry_run=dry_run)


def _accounts(hub: Hub, institution_id: str | None) -> list[tuple[str, str]]:
    query = select(Account.institution_id, Account.id).order_by(Account.institution_id, Account.id)
    if institution_id is not None:
        query = query.where(Account.institution_id == institution_id)
    with hub.db.read() as session:
        return [(row.institution_id, row.id) for row in session.execute(query)]


def _rereadings(hub: Hub, institution_id: str, account_id: str) -> list[Rereading] | None:
    if institution_id == FILE:
        return kept.rereadings(hub, account_id)
    try:
        institution, adapter = hub.institution(institution_id), hub.adapter(institution_id)
    except NotFound:  # no longer in the catalogue
        return None
    if not isinstance(adapter, Rereads):
        return None
    return [Rereading(hub.db, hub.sealer, adapter, normaliser_of(institution, adapter.capabilities), account_id)]


def _tell(report: Report, *, dry_run: bool) -> None:
    click.echo(f"  {report.read} rows read, {report.changed} {'would change' if dry_run else 'changed'}")
    for name, count in report.fields.most_common():
        click.echo(f"    {name}: {count}")
        for before, after in report.samples[name]:
            click.echo(f"      {before}  ->  {after}")
    for reason, count in report.kept.most_common():
        click.echo(f"    left as they were: {count}: {reason}")
