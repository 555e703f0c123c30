"""A PostgreSQL of the test run's own: made in a temporary folder, reached by a Unix socket, gone afterwards."""

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


def binaries() -> Path | None:
    """The folder that holds initdb and pg_ctl, None if there is none on this machine."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    return Path(folders[-1]) if folders else None


def _account() -> str | None:
    """PostgreSQL refuses to run as root, so a test run as root borrows an ordinary account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


@contextlib.contextmanager
def cluster(*, is_durable: bool = False) -> Iterator[str]:
    """Yields the URL of the maintenance database of a running cluster, with durability off unless it is restarted."""
    folder = binaries()
    if folder is None:
        raise RuntimeError("no initdb on this machine")
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="rialto-pg-"))
    if account is not None:
        shutil.chown(home, account)
    data = home / "data"

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, capture_output=True, user=account, cwd=home, env={**os.environ, "LC_ALL": "C"}
        )

    options = f"-k {home} -c listen_addresses="
    options += "" if is_durable else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    options += " -c max_connections=200 -c shared_buffers=64MB"
    try:
        run(str(folder / "initdb"), "-D", str(data), "-U", "rialto", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(str(folder / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://rialto@/postgres?host={home}"
        finally:
            run(str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def standby(cluster_url: str) -> Iterator[str]:
    """A hot standby of this cluster, streaming; the URL of its maintenance database."""
    folder, account = binaries(), _account()
    home = Path(tempfile.mkdtemp(prefix="rialto-standby-"))
    if account is not None:
        shutil.chown(home, account)

    def run(name: str, *command: str) -> None:
        told = {**os.environ, "LC_ALL": "C"}
        subprocess.run(
            [f"{folder}/{name}", *command], check=True, capture_output=True, user=account, cwd=home, env=told
        )

    data = str(home / "data")
    try:
        primary = f"host={make_url(cluster_url).query['host']} user=rialto"
        run("pg_basebackup", "-d", primary, "-D", data, "-R", "-c", "fast", "-X", "stream")
        options = f"-k {home} -c listen_addresses= -c fsync=off -c max_connections=200"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://rialto@/postgres?host={home}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def restart(url: str) -> None:
    """The cluster of this URL, without a word to those who are connected, as after a crash."""
    home, folder = Path(str(make_url(url).query["host"])), binaries()
    command = [f"{folder}/pg_ctl", "-D", str(home / "data"), "-l", str(home / "log"), "-m", "immediate", "-w"]
    told = {**os.environ, "LC_ALL": "C"}
    subprocess.run([*command, "restart"], check=True, capture_output=True, user=_account(), cwd=home, env=told)


@contextlib.contextmanager
def database(cluster_url: str, name: str, options: str = "") -> Iterator[str]:
    """An empty database of the cluster, dropped afterwards whoever is still connected. ``options``: in SQL."""
    admin = create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {options}"))
    try:
        yield make_url(cluster_url).set(database=name).render_as_string(hide_password=False)
    finally:
        admin.dispose()  # it may have been restarted since
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def empty(url: str, tables: list[str]) -> None:
    """Delete every row, foreign keys notwithstanding; whoever an earlier test left connected is sent away first."""
    admin = create_engine(url)
    with admin.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        connection.execute(text(f"{others} WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in tables:
            connection.execute(text(f'DELETE FROM "{table}"'))
    admin.dispose()
