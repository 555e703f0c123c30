"""One round of housekeeping takes away what has ended, and only that."""

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from hub import housekeeping
from hub.cli import main
from hub.context import Hub
from hub.identity import sessions
from hub.identity.origin import Origin
from hub.models.oauth import AuthorizationRequest, DeniedToken
from hub.models.psu import PsuSession
from tests.conftest import TestClock
from tests.people import alice


def test_what_has_ended_goes_and_what_is_live_stays(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    origin = Origin(ip_address="127.0.0.1", user_agent="test")
    with hub.db.write() as session:
        sessions.start(session, psu_id, amr=("pwd",), origin=origin, now=clock(), settings=hub.settings)
        session.add(DeniedToken(jti="old", expires_at=clock() + timedelta(minutes=5)))
    clock.advance(days=1)
    with hub.db.write() as session:
        sessions.start(session, psu_id, amr=("pwd",), origin=origin, now=clock(), settings=hub.settings)
        session.add(DeniedToken(jti="new", expires_at=clock() + timedelta(minutes=5)))
    housekeeping.tidy(hub)
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PsuSession)) == 1
        assert session.scalars(select(DeniedToken.jti)).all() == ["new"]
        assert session.scalar(select(func.count()).select_from(AuthorizationRequest)) == 0


def test_a_round_by_hand_says_what_it_did(hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.commands.housekeeping.hub_of_environ", lambda: hub)
    with hub.db.write() as session:
        session.add_all(DeniedToken(jti=str(number), expires_at=clock()) for number in range(1500))
    clock.advance(days=1)
    monkeypatch.setattr("hub.sweeping.BATCHES", 1)
    assert "denied_token rows deleted: 1000\n" in CliRunner().invoke(main, ["housekeeping"]).output
    rest = CliRunner().invoke(main, ["housekeeping", "--all"])
    assert "denied_token rows deleted: 500\n" in rest.output
    assert rest.exit_code == 0
    idle = CliRunner().invoke(main, ["housekeeping"]).output.splitlines()
    assert idle[0] == "nothing was left to do"
    assert re.fullmatch(r"database: [0-9.]+ MiB before, [0-9.]+ MiB after; freed room is used again", idle[1])
