"""Whether a hub is fit for real people: settings, files and the database, each finding with what to do about it.

On a hub that only its own machine reaches (development) most of it is as it should be and is not looked at.
"""

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sqlalchemy import inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from hub import migrate, partitions
from hub.context import Hub
from hub.db import Base
from hub.mail import transport
from hub.models.observability import Heartbeat
from hub.models.psu import Psu
from hub.observability import heartbeat
from hub.replica import Unusable
from hub.sealing import parse_keys
from hub.settings import Network, SettingsError, unread

CLOCKS_APART = timedelta(seconds=10)
_LOOPBACK_4, _LOOPBACK_6 = IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")
DEMO = "%@people.example"
_FEWEST_BYTES = 12
"""Of a random key of 32 bytes so many differ, but for one in more than 10 to the 20."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``wrong`` must not go on; ``weak`` may be meant."""

    weight: Literal["wrong", "weak"]
    what: str
    do: str


def run(
    hub: Hub,
    *,
    system_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Sequence[Finding]:
    """What is wrong comes first. Raises nothing: a database that is away is a finding. ``environ``: what the settings
    were read from."""
    found = [*_misspelt(environ), *_files(hub), *_database(hub, system_now)]
    if not hub.settings.local:
        found += [*_secrets(hub), *_surroundings(hub)]
    return sorted(found, key=lambda one: one.weight == "weak")


def _misspelt(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name, near in unread(environ).items():
        do = f"is it {near}?" if near else "the settings are in docs/operating/configuration.md"
        yield Finding("weak", f"no setting is called {name}", do)


def _files(hub: Hub) -> Iterator[Finding]:
    settings = hub.settings
    private = [settings.data_dir / "master.key"]
    private += [pair[1] for pair in (settings.qwac, settings.qseal) if pair is not None]
    if hub.db.is_sqlite and hub.db.url.database:
        private.append(Path(hub.db.url.database))
    for path in private:
        # A folder that is closed to others closes what is in it.
        if path.exists() and _others_read(path) and not (settings.local and path.suffix == ".db"):
            yield Finding("wrong", f"others on this machine may read {path}", f"chmod 600 {path}")


def _others_read(path: Path) -> bool:
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH) == 0:
        return False
    return stat.S_IMODE(path.absolute().parent.stat().st_mode) & (stat.S_IXGRP | stat.S_IXOTH) != 0


def _database(hub: Hub, system_now: Callable[[], datetime]) -> Iterator[Finding]:
    try:
        current = migrate.current(hub.db)
        if not migrate.fits(current):
            have = f"the schema is at {current}" if current else "the database is empty"
            yield Finding("wrong", f"{have}, and this code wants {migrate.head()}", "rialto db upgrade")
            return
        if current == migrate.head():
            yield from _indexes(hub)
        yield from _partitions(hub)
        yield from _replica(hub)
        yield from _clock(hub, system_now)
        yield from _processes(hub)
    except SQLAlchemyError as error:
        why = f"the database does not answer ({type(error).__name__})"
        yield Finding("wrong", why, "look at DATABASE_URL, and whether the server runs")


def _replica(hub: Hub) -> Iterator[Finding]:
    if hub.db.replica is None:
        return
    try:
        hub.db.replica.behind_bytes()
    except Unusable as error:
        yield Finding("weak", f"the replica is not used: {error}", "look at DATABASE_REPLICA_URL and its server")


def _indexes(hub: Hub) -> Iterator[Finding]:
    """By name: the planner finds none that is not there, and reads whole tables instead."""
    eye = inspect(hub.db.reader)
    there = set(eye.get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name not in there:  # one of those that lie in a file of their own on SQLite
            continue
        have = {index["name"] for index in eye.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in have:
                what = f"{table.name} has lost its index {index.name}"
                yield Finding("wrong", what, "make it again as migrations/versions does (CREATE INDEX CONCURRENTLY)")


def _partitions(hub: Hub) -> Iterator[Finding]:
    now = hub.clock()
    for name, until in partitions.made_until(hub.db).items():
        if until < now + partitions.SOON:
            what = f"partitions of {name} are made until {until:%Y-%m-%d %H:%M} UTC only"
            yield Finding("wrong" if until < now + partitions.NOW else "weak", what, partitions.REMEDY)


def _clock(hub: Hub, system_now: Callable[[], datetime]) -> Iterator[Finding]:
    if hub.db.is_sqlite:  # the clock of this machine
        return
    with hub.db.read() as session:
        theirs: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = abs(system_now() - theirs)
    if apart > CLOCKS_APART:
        what = f"this machine's clock and the database's are {apart.total_seconds():.0f} s apart"
        yield Finding("wrong", what, "set both by NTP: leases, tokens and proofs go by the clock")


def _processes(hub: Hub) -> Iterator[Finding]:
    now = hub.clock()
    with hub.db.read() as session:
        alive = heartbeat.alive(session, now)
        names = session.scalars(select(Heartbeat.name).where(Heartbeat.beat_at > now - heartbeat.SILENT)).all()
    machines = {name.rpartition(":")[0] for name in names}
    if hub.db.is_sqlite and len(machines) > 1:
        what = f"{len(machines)} machines share one SQLite file ({', '.join(sorted(machines))})"
        yield Finding("wrong", what, "SQLite is for one machine: move to PostgreSQL")
    if alive.get("web") and not alive.get("worker"):
        yield Finding("wrong", "web processes run, and no worker does", "start rialto worker")


def _secrets(hub: Hub) -> Iterator[Finding]:
    settings = hub.settings
    for kid, key in parse_keys(settings.master_keys or "").items() if settings.master_keys else ():
        if len(set(key)) < _FEWEST_BYTES:
            yield Finding("wrong", f"the master key {kid} is not random", "make one with: rialto keys new, and reseal")
    try:
        with hub.db.read() as session:
            has_demo = session.scalar(select(Psu.id).where(Psu.email.like(DEMO)).limit(1)) is not None
    except SQLAlchemyError:  # said already
        has_demo = False
    if has_demo:
        what = "people of the demo are registered here, and their password is printed in the documentation"
        yield Finding("wrong", what, "use a fresh database: this one was made by rialto serve --sandbox")
    if settings.smtp_url and settings.smtp_url.startswith("smtp://") and "@" in settings.smtp_url:
        what = "the mail server gets its password after STARTTLS only if it offers that"
        yield Finding("weak", what, "prefer smtps:// in RIALTO_SMTP_URL")
    if settings.metrics_token is None:
        yield Finding("weak", "nobody can read /metrics", "set RIALTO_METRICS_TOKEN, and watch the hub by it")


def _surroundings(hub: Hub) -> Iterator[Finding]:
    settings = hub.settings
    try:
        transport.of(settings)
    except SettingsError as error:
        yield Finding("wrong", "mails cannot be sent", str(error))
    if settings.trusted_proxy_hops == 0:
        what = "no proxy is trusted, so all who come through one have its address: limits and locks count them as one"
        yield Finding("wrong", what, "set RIALTO_TRUSTED_PROXY_HOPS to how many proxies stand in front")
    elif any(network.prefixlen == 0 for network in settings.trusted_proxies):
        what = "RIALTO_TRUSTED_PROXIES is everybody: anybody may say from where and with which certificate they come"
        yield Finding("wrong", what, "name the networks that the nearest proxy calls from")
    if any(_reaches_us(network) for network in settings.outbound_networks):
        what = "RIALTO_OUTBOUND_ALLOW lets clients lead this hub to its own machine"
        yield Finding("wrong", what, "take loopback out of it")
    if not settings.operators:
        yield Finding("weak", "nobody may see /operator", "name them in RIALTO_OPERATORS")
    if settings.who_registers == "open":
        what = "whoever likes may register a client"
        yield Finding("weak", what, "RIALTO_REGISTRATION=token, unless an ecosystem's statements vouch for clients")
    if settings.log_level.upper() == "DEBUG":
        yield Finding("weak", "the log level is DEBUG", "RIALTO_LOG_LEVEL=INFO")
    sandboxes = [one.id for one in hub.enabled_institutions if one.status == "sandbox"]
    if sandboxes:
        what = f"banks of the sandbox can be linked: {', '.join(sandboxes)}"
        yield Finding("weak", what, 'in a folder of RIALTO_INSTITUTIONS: {"extends": "<id>", "enabled": false}')


def _reaches_us(network: Network) -> bool:
    if isinstance(network, IPv4Network):
        return network.overlaps(_LOOPBACK_4)
    return network.overlaps(_LOOPBACK_6)
