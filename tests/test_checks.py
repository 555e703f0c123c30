"""rialto check: what must not go on is found, with what to do; a development hub passes as one."""

import ipaddress
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from hub import checks, migrate
from hub.cli import main
from hub.context import Hub, build
from hub.db import Database
from hub.models.psu import Psu
from hub.observability.heartbeat import Heart
from hub.sealing import new_key_text
from hub.settings import Settings
from tests.conftest import TestClock
from tests.people import alice

FIT = Settings(
    base_url="https://hub.example",
    master_keys=new_key_text(),
    smtp_url="smtps://user:word@mail.example:465",
    mail_from="rialto@hub.example",
    trusted_proxy_hops=1,
    operators=frozenset({"alice@hub.example"}),
    metrics_token="a-token-of-more-than-twenty",
)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    (tmp_path / "var").mkdir()
    if database_url.startswith("sqlite"):
        (tmp_path / "rialto.db").chmod(0o600)
    return replace(FIT, database_url=database_url, data_dir=tmp_path / "var")


def wrong(hub: Hub, **changes: Any) -> list[str]:
    found = checks.run(replace(hub, settings=replace(hub.settings, **changes)))
    return [one.what for one in found if one.weight == "wrong"]


def test_a_hub_that_is_well_set_up_is_found_fit(hub: Hub) -> None:
    assert wrong(hub) == []
    assert all(one.do for one in checks.run(hub))


def test_a_name_that_no_setting_has_is_found_with_the_one_that_it_may_be_meant_to_be(hub: Hub) -> None:
    given = {"RIALTO_CODE_TTLS": "30", "RIALTO_SECRET_SAUCE": "1", "RIALTO_CODE_TTL_S": "30", "RIALTO_QWAC_KEY": ""}
    told = {one.what: one.do for one in checks.run(hub, environ=given) if "called" in one.what}
    assert told["no setting is called RIALTO_CODE_TTLS"] == "is it RIALTO_CODE_TTL_S?"
    assert "configuration.md" in told["no setting is called RIALTO_SECRET_SAUCE"]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trusted_proxy_hops": 0}, "no proxy is trusted"),
        ({"trusted_proxies": (ipaddress.ip_network("0.0.0.0/0"),)}, "is everybody"),
        ({"smtp_url": None}, "mails cannot be sent"),
        ({"mail_from": ""}, "mails cannot be sent"),
        ({"outbound_networks": (ipaddress.ip_network("127.0.0.1/32"),)}, "to its own machine"),
        ({"outbound_networks": (ipaddress.ip_network("::/0"),)}, "to its own machine"),
        ({"master_keys": "k1:" + "A" * 43 + "="}, "is not random"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_weak_settings_are_refused(hub: Hub, changes: dict[str, Any], words: str) -> None:
    (found,) = wrong(hub, **changes)
    assert words in found


def test_what_is_wrong_with_the_database(hub: Hub, clock: TestClock) -> None:
    with hub.db.writer.begin() as connection:
        connection.execute(text("DROP INDEX ix_hop_at"))
    try:
        assert wrong(hub) == ["hop has lost its index ix_hop_at"]
    finally:
        with hub.db.writer.begin() as connection:
            connection.execute(text("CREATE INDEX ix_hop_at ON hop (at)"))
    Heart(hub.db, clock, "web", name="one:1").beat()
    assert wrong(hub) == ["web processes run, and no worker does"]
    Heart(hub.db, clock, "worker", name="two:1").beat()
    assert wrong(hub) == (["2 machines share one SQLite file (one, two)"] if hub.db.is_sqlite else [])
    ahead: Callable[[], datetime] = lambda: datetime.now(UTC) + timedelta(seconds=11)  # noqa: E731
    told = [one.what for one in checks.run(hub, system_now=ahead)]
    assert any("clock" in one for one in told) is not hub.db.is_sqlite


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_files_that_others_may_read_and_people_of_the_demo(hub: Hub, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "rialto.db").chmod(0o644)
    assert wrong(hub) == [f"others on this machine may read {tmp_path / 'rialto.db'}"]
    tmp_path.chmod(0o700)
    assert wrong(hub) == [], "a closed folder closes what is in it"
    person = alice(hub)
    with hub.db.write() as session:
        session.get_one(Psu, person).email = "bob@people.example"
    assert "people of the demo" in wrong(hub)[0]


def test_an_empty_database_and_one_that_is_away_are_findings(own_database_url: str, tmp_path: Path) -> None:
    settings = replace(FIT, database_url=own_database_url, data_dir=tmp_path)
    hub = build(settings)
    assert any("the database is empty" in what for what in wrong(hub))
    hub.close()
    away = build(replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none"))
    assert any("does not answer" in what for what in wrong(away))


def test_the_exit_code_is_for_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        one for one in os.environ if one.startswith("RIALTO_")
    ]:  # whoever runs the suite says what it promises
        monkeypatch.delenv(name)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("RIALTO_DATA_DIR", str(tmp_path))
    run = CliRunner()
    before = run.invoke(main, ["check"])
    assert (before.exit_code, "rialto db upgrade" in before.output) == (1, True)
    migrate.upgrade(Database(f"sqlite:///{tmp_path / 'rialto.db'}"))
    fit = run.invoke(main, ["check", "--strict"])
    assert fit.exit_code == 0, fit.output
    assert fit.output.startswith("development")
    (tmp_path / "master.key").chmod(0o644)
    tmp_path.chmod(0o755)
    assert run.invoke(main, ["check"]).exit_code == 1
    monkeypatch.setenv("RIALTO_BASE_URL", "https://hub.example")
    refused = run.invoke(main, ["check"])
    assert refused.exit_code == 1
    assert "RIALTO_MASTER_KEYS must be set" in refused.output
