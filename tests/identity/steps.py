"""What the tests of identity do again and again."""

import pytest
from argon2 import PasswordHasher

from hub.context import Hub
from hub.identity import activity, people, sessions
from hub.identity.origin import Origin
from hub.identity.people import HalfOpen, LoggedIn, LoginFailed
from hub.identity.sessions import Person
from tests.people import PASSWORD

HERE = Origin(ip_address="192.0.2.10", user_agent="Firefox", device="d" * 43)
NEW_PASSWORD = "quite another password"


def elsewhere(number: int) -> Origin:
    """A network of its own for each number."""
    return Origin(ip_address=f"198.51.{number // 250}.{number % 250 + 1}", user_agent="curl")


def attempt(hub: Hub, email: str, password: str, origin: Origin = HERE) -> LoggedIn | LoginFailed:
    """A login of somebody who has nothing but a password."""
    answer = people.login(hub, email=email, password=password, origin=origin, now=hub.clock())
    assert not isinstance(answer, HalfOpen)
    return answer


def half_open(hub: Hub, name: str = "alice", origin: Origin = HERE, *, password: str = PASSWORD) -> str:
    """The first step of somebody who has a second factor; the secret in the cookie."""
    email = f"{name}@people.example"
    answer = people.login(hub, email=email, password=password, origin=origin, now=hub.clock())
    assert isinstance(answer, HalfOpen)
    return answer.secret


def log_in(hub: Hub, name: str = "alice", password: str = PASSWORD, origin: Origin = HERE) -> tuple[Person, str]:
    """The person and the secret in their cookie."""
    done = attempt(hub, f"{name}@people.example", password, origin)
    assert isinstance(done, LoggedIn)
    person = sessions.load(hub, done.session_secret, hub.clock())
    assert person is not None
    return person, done.session_secret


def loaded(hub: Hub, secret: str) -> Person | None:
    return sessions.load(hub, secret, hub.clock())


def activity_of(hub: Hub, psu_id: str) -> list[str]:
    """The kinds of the person's entries in alphabetical order: a standing clock gives no other."""
    with hub.db.read() as session:
        return sorted(entry.kind for entry in activity.recent(session, psu_id, limit=100))


def count_comparisons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every argon2 comparison from now on, by the hash it was made with."""
    seen: list[str] = []
    original = PasswordHasher.verify

    def counted(self: PasswordHasher, password_hash: str, password: bytes) -> bool:
        seen.append(password_hash)
        return original(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return seen
