"""Nothing that opens a door is ever written down: not in a log, not in a repr, not in an error, not in a row."""

import logging

import pytest

from hub.context import Hub
from hub.errors import BadInput
from hub.identity import people
from hub.identity.people import LoggedIn
from tests.identity.steps import HERE, NEW_PASSWORD, attempt, loaded, log_in
from tests.people import PASSWORD
from tests.stored import everything

WRONG = "a wrong guess at it"


def test_a_whole_life_of_logins_leaves_no_secret_anywhere(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm"):
        caplog.set_level(logging.DEBUG, name)
    now = hub.clock()
    people.register(hub, name="Alice", email="alice@people.example", password=PASSWORD, origin=HERE, now=now)
    said: list[str] = []
    with pytest.raises(BadInput) as caught:
        people.register(hub, name="Alice", email="alice@people.example", password=WRONG, origin=HERE, now=now)
    said.append(str(caught.value))
    attempt(hub, "alice@people.example", WRONG)
    done = attempt(hub, "alice@people.example", PASSWORD)
    assert isinstance(done, LoggedIn)
    person, second = log_in(hub)
    with pytest.raises(BadInput) as caught:
        people.change_password(hub, person, current=WRONG, new=NEW_PASSWORD, origin=HERE, now=now)
    said.append(str(caught.value))
    proved = people.reauthenticate(hub, person, PASSWORD, origin=HERE, now=now)
    assert isinstance(proved, LoggedIn)
    person_now = loaded(hub, proved.session_secret)
    assert person_now is not None
    third = people.change_password(hub, person_now, current=PASSWORD, new=NEW_PASSWORD, origin=HERE, now=now)

    assert len(caplog.records) > 50  # the statements really were logged, with their parameters
    said += [caplog.text, repr(done), repr(proved), repr(person), everything_stored(hub)]
    secrets = [
        PASSWORD,
        NEW_PASSWORD,
        WRONG,
        done.session_secret,
        done.device_secret,
        second,
        proved.session_secret,
        third,
    ]
    for text in said:
        assert [secret for secret in secrets if secret in text] == []


def everything_stored(hub: Hub) -> str:
    with hub.db.read() as session:
        return everything(session)
