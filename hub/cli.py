"""The operator's commands: ``python -m hub.cli`` or, installed, ``rialto``."""

import os
import signal
import sys
import threading
from pathlib import Path

import click
from prometheus_client import start_http_server
from sqlalchemy import select, update

from hub import duties, logs, migrate
from hub.commands.backup import backup, restore
from hub.commands.banks import banks
from hub.commands.check import check
from hub.commands.clients import clients
from hub.commands.connections import connections
from hub.commands.dev_cert import dev_cert
from hub.commands.environ import hub_of_environ
from hub.commands.events import events
from hub.commands.failures import failures
from hub.commands.housekeeping import tidy_up
from hub.commands.institutions import institutions
from hub.commands.jobs import jobs
from hub.commands.keys import keys
from hub.commands.partitions import partitions
from hub.commands.registration_tokens import registration_token
from hub.commands.renormalise import renormalise
from hub.commands.trace import trace
from hub.commands.trust_anchors import trust_anchors
from hub.commands.web import web
from hub.context import Hub, build
from hub.events import dispatcher, inbound
from hub.garbage import look_rarely
from hub.identity import people
from hub.identity.people import Origin
from hub.jobs import scheduler as scheduling
from hub.jobs.crew import Crew
from hub.mail import transport
from hub.mail import worker as postman
from hub.mail.transport import Transport
from hub.models.psu import Psu
from hub.oauth import approvals, backchannel, pings, turns
from hub.observability.heartbeat import Heart
from hub.outbound.fetch import Outbound
from hub.settings import SettingsError, from_environ
from hub.stack import OPERATOR, PORT, SANDBOX, TLS_PORT, Stack, StackError

DEMO_PEOPLE = ("Alice", "Bob", "Charlie")
DEMO_PASSWORD = "the-bridge-of-sighs"  # noqa: S105  # printed on purpose: a sandbox has no secrets


def _mail_transport(hub: Hub) -> Transport:
    try:
        return transport.of(hub.settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def main() -> None:
    """Rialto, the open-banking hub."""


@main.command()
@click.option("--port", type=int, help=f"Where the hub listens; else {PORT}, or {TLS_PORT} with TLS.")
@click.option("--tls", is_flag=True, help="Serve https://localhost with certificates of its own making.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Data folder.")
@click.option("--sandbox", is_flag=True, help="Also start the sandbox banks and make demo people.")
@click.option("--workers", default=2, show_default=True, help="Web processes.")
def serve(port: int | None, tls: bool, data: Path, sandbox: bool, workers: int) -> None:
    """Run the hub on this machine until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = port or (TLS_PORT if tls else PORT)
    stack = Stack(
        data_dir=data,
        port=port,
        tls=tls,
        host="localhost",
        web_workers=workers,
        sandbox=tuple(SANDBOX) if sandbox else (),
        sandbox_flags=("--control",),
        say=_say,
    )
    try:
        with stack.up():
            if sandbox:
                seed_people(build(from_environ(stack.child_environ())))
                _introduce(stack)
            if tls:
                _introduce_tls(stack)
            click.echo(f"\nRialto is open at {stack.url}   (Ctrl-C closes it)")
            stack.wait()
    except StackError as error:
        raise click.ClickException(str(error)) from error
    except (KeyboardInterrupt, SystemExit):
        click.echo("\nclosed")


def _say(line: str) -> None:
    click.echo(f"  {line}")


def _introduce(stack: Stack) -> None:
    click.echo(f"\nDemo people, all with the password {DEMO_PASSWORD}")
    for name in map(str.lower, DEMO_PEOPLE):
        click.echo(f"  {name}@people.example   at the banks: {name} / {name}-at-albion and so on")
    for bank, url in stack.banks.items():
        click.echo(f"  sandbox bank {bank}: {url}   (make it fail, move its clock: {url}/_control)")
    for bridge, token in stack.setup_tokens.items():
        click.echo(f"  Alice's token for {bridge}, works once at {stack.url}/connect/{bridge}: {token}")
        click.echo(f"    more are made at {stack.banks[bridge]}/simplefin/create, with her login at albion")
    click.echo(f"  {OPERATOR} runs this hub: {stack.url}/operator")
    click.echo(f"  mails, as files: {stack.data_dir / 'mail'}")
    click.echo(f"  logs: {stack.data_dir / 'web.log'}, {stack.data_dir / 'worker.log'}")
    if passed_over := stack.passed_over():
        click.echo(f"  not taken by a hub with sandbox banks: {', '.join(passed_over)}")


def _introduce_tls(stack: Stack) -> None:
    click.echo(f"\nTrust {stack.ca_file} in your browser's authorities (it can vouch for localhost only), or:")
    click.echo(f"  curl --cacert {stack.ca_file} {stack.url}/livez")
    click.echo("A client certificate for trying mTLS: rialto dev-cert NAME")


def seed_people(hub: Hub) -> None:
    """Register the demo people who are not there yet."""
    emails = {f"{name.lower()}@people.example": name for name in DEMO_PEOPLE}
    with hub.db.read() as session:
        known = set(session.scalars(select(Psu.email).where(Psu.email.in_(emails))))
    origin = Origin(ip_address="127.0.0.1", user_agent="seed")
    for email, name in emails.items():
        if email not in known:
            people.register(hub, name=name, email=email, password=DEMO_PASSWORD, origin=origin, now=hub.clock())
    with hub.db.write() as session:  # it runs the place, and nobody reads its mail
        session.execute(update(Psu).where(Psu.email == OPERATOR).values(email_verified_at=hub.clock()))


@main.command()
@click.option(
    "--no-scheduler", "with_scheduler", flag_value=False, default=True, help="Leave the clock to `rialto scheduler`."
)
def worker(with_scheduler: bool) -> None:
    """Do the jobs that are due (bank reads, tidying up), send mails and logout notices, and call clients, until
    SIGTERM. Any number of workers may run on any number of machines.
    """
    hub = hub_of_environ()
    mails, sources = _mail_transport(hub), _sources(hub)
    logs.configure(hub.settings.log_level)
    hub.recorder.start()
    if port := hub.settings.worker_metrics_port:
        start_http_server(port, addr="127.0.0.1", registry=hub.figures.registry)
    heart = Heart(hub.db, hub.clock, "worker")
    heart.start()
    crew, stopping = Crew(hub, duties.KINDS), threading.Event()
    crew.stop_on_signals()
    beside = [
        threading.Thread(target=dispatcher.run, args=(hub, duties.ROUTES, stopping), name="dispatcher"),
        threading.Thread(target=postman.run, args=(hub, mails, stopping), name="mail"),
        threading.Thread(
            target=backchannel.run, args=(hub, backchannel.by(_by_turns(hub)), stopping), name="backchannel"
        ),
        threading.Thread(target=pings.run, args=(hub, pings.by(_by_turns(hub)), stopping), name="pings"),
        threading.Thread(target=approvals.run, args=(hub, stopping), name="approvals"),
        threading.Thread(target=inbound.run, args=(hub, sources, stopping), name="signals"),
    ]
    if with_scheduler:
        beside.append(threading.Thread(target=scheduling.run, args=(hub, duties.ROUNDS, stopping), name="scheduler"))
    for thread in beside:
        thread.start()
    look_rarely()
    is_all_done = crew.run()
    stopping.set()
    for thread in beside:
        thread.join()
    heart.stop()
    hub.recorder.close()
    if not is_all_done:
        os._exit(0)  # what still runs is another worker's as soon as its lease has run out


@main.command()
def scheduler() -> None:
    """Only put what comes round by the clock, until SIGTERM: beside workers started with --no-scheduler."""
    hub = hub_of_environ()
    logs.configure(hub.settings.log_level)
    stopping, heart = threading.Event(), Heart(hub.db, hub.clock, "scheduler")
    heart.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    scheduling.run(hub, duties.ROUNDS, stopping)
    heart.stop()


def _sources(hub: Hub) -> inbound.Sources:
    """Read before anything begins: a worker that cannot hear the systems outside does not start."""
    try:
        return inbound.load(hub.settings.kafka_sources)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _by_turns(hub: Hub) -> Outbound:
    """For one thread's senders, apart from all others that call somebody."""
    return Outbound(hub.settings, limits=turns.LIMITS)


@main.group()
def db() -> None:
    """The database's schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to this code's."""
    hub = hub_of_environ()
    migrate.upgrade(hub.db)
    click.echo(f"schema at {migrate.current(hub.db)}")


@db.command("current")
def db_current() -> None:
    """Say where the schema is and where this code wants it."""
    hub = hub_of_environ()
    click.echo(f"database {migrate.current(hub.db)}, code {migrate.head()}")


main.add_command(dev_cert)
main.add_command(web)
for group in (
    banks,
    clients,
    connections,
    events,
    failures,
    institutions,
    jobs,
    keys,
    partitions,
    registration_token,
    trust_anchors,
):
    main.add_command(group)
main.add_command(tidy_up)
main.add_command(renormalise)
main.add_command(trace)
main.add_command(backup)
main.add_command(check)
main.add_command(restore)

if __name__ == "__main__":
    main()
