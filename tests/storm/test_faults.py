"""What goes wrong around the hub, on its real processes: it says what it is, loses nothing, and goes on by itself."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from hub.clock import now
from hub.models.connection import Connection
from hub.models.event import Event
from hub.models.webhook import WebhookAttempt, WebhookEndpoint, WebhookMessage
from hub.webhooks import endpoints
from tests import postgres
from tests.conftest import absent
from tests.storm import promises
from tests.storm.storm import Storm, storm
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.timeout(420)
PATIENCE_S = 60.0


def until(holds: Callable[[], bool]) -> bool:
    ends_at = time.monotonic() + PATIENCE_S
    while not (held := holds()) and time.monotonic() < ends_at:
        time.sleep(0.1)
    return held


def told(weather: Storm) -> int:
    with weather.hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def goes_on(weather: Storm) -> bool:
    """Whether more is told than now."""
    before = told(weather)
    return until(lambda: told(weather) > before + 2)


def calm(weather: Storm) -> None:
    assert weather.quieten() == []
    assert promises.broken(weather) == []


def test_a_worker_that_stood_still_for_longer_than_its_lease_changes_nothing_of_what_others_took_over(
    database_url: str, tmp_path: Path
) -> None:
    with storm(tmp_path / "storm", database_url, workers=2) as weather:
        weather.settle_people(3)
        weather.start()
        for _ in range(3):
            assert goes_on(weather)
            assert weather.freeze_one()
        calm(weather)
        assert weather.alive == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_stops_nothing_for_good(database_url: str, tmp_path: Path) -> None:
    with storm(tmp_path / "storm", database_url, workers=1) as weather:
        weather.settle_people(3)
        weather.start()
        assert goes_on(weather)
        with weather.full_disk():
            time.sleep(6)
            assert weather.alive == 1
        assert goes_on(weather)
        calm(weather)
        assert weather.alive == 1
        with weather.hub.db.read() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_a_database_that_crashes_and_comes_back_is_used_again_by_workers_and_pages_alike(tmp_path: Path) -> None:
    if postgres.binaries() is None:
        absent("postgres", "no initdb on this machine")
    with (
        postgres.cluster(is_durable=True) as cluster,
        postgres.database(cluster, "crashes") as url,
        storm(tmp_path / "storm", url, workers=2) as weather,
    ):
        weather.settle_people(3)
        weather.start()
        for _ in range(2):
            assert goes_on(weather)
            postgres.restart(cluster)
            weather.hub.db.dispose()  # this process's own connections; the others find out for themselves
        weather.move()
        assert goes_on(weather)
        calm(weather)
        assert (weather.alive, weather.web.answers) == (2, 2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bank_that_answers_a_byte_a_second_keeps_no_other_waiting_and_is_said_to_be_away(
    database_url: str, tmp_path: Path
) -> None:
    with storm(tmp_path / "storm", database_url, workers=1) as weather:
        weather.settle_people(3)
        weather.start()
        assert goes_on(weather)
        slow, _quick = weather.banks
        slow.drips.set()

        def kinds(number: int) -> set[str | None]:
            with weather.hub.db.read() as session:
                query = select(Connection.failure_kind).where(Connection.institution_id == f"bank-{number}")
                return set(session.scalars(query))

        assert until(lambda: "bank_unavailable" in kinds(0))
        assert kinds(1) == {None}
        assert goes_on(weather)
        slow.drips.clear()
        calm(weather)
        assert kinds(0) == {None}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_receivers_that_hang_or_drip_keep_no_other_waiting_and_hear_everything_once_they_are_well(
    database_url: str, tmp_path: Path
) -> None:
    with receiving() as hangs, receiving() as drips, storm(tmp_path / "storm", database_url, workers=1) as weather:
        weather.settle_people(3)
        unwell = [weather.listens("hangs", hangs.url), weather.listens("drips", drips.url)]
        for psu_id, client_id in itertools.product(weather.people, ("hangs", "drips")):
            weather.allow(psu_id, client_id)
        hangs.hangs.set()
        drips.drips.set()
        weather.start()
        assert until(lambda: all(rests(weather, one) for one in unwell))
        assert [why(weather, one) for one in unwell] == [{"The URL did not answer in time."}] * 2
        heard = len(weather.receiver.got)
        assert until(lambda: len(weather.receiver.got) > heard + 10)
        hangs.hangs.clear()
        drips.drips.clear()
        for endpoint_id in unwell:
            assert until(lambda one=endpoint_id: ends_its_pause(weather, one) == 0)  # type: ignore[misc]
        assert weather.quieten() == []
        weather.receiver.got += [*hangs.got, *drips.got]
        assert promises.broken(weather) == []


def rests(weather: Storm, endpoint_id: str) -> bool:
    with weather.hub.db.read() as session:
        found = session.get_one(WebhookEndpoint, endpoint_id)
        return found.failing_since is not None and found.rests_until is not None


def why(weather: Storm, endpoint_id: str) -> set[str]:
    """What went wrong with its calls."""
    with weather.hub.db.read() as session:
        query = select(WebhookAttempt.why).join(WebhookMessage, WebhookMessage.id == WebhookAttempt.message_id)
        return set(session.scalars(query.where(WebhookMessage.endpoint_id == endpoint_id)))


def ends_its_pause(weather: Storm, endpoint_id: str) -> int:
    """As when the time of its pauses were over. How many messages wait for it still."""
    due = (WebhookMessage.endpoint_id == endpoint_id, WebhookMessage.state == "due")
    with weather.hub.db.write() as session:
        session.execute(update(WebhookMessage).where(*due).values(next_at=now()))
        session.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(rests_until=None))
        endpoints.wake(session, session.get_one(WebhookEndpoint, endpoint_id), now())
        return session.scalar(select(func.count()).where(*due)) or 0
