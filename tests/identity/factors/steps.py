"""What the tests of factors do again and again."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import select

from hub.context import Hub
from hub.hashing import secret_hash
from hub.identity import second_step
from hub.identity.admission import LoggedIn
from hub.identity.factors import passkey_login, passkeys, totp, totp_enrolment
from hub.identity.factors.challenges import Purpose
from hub.identity.factors.passkey_login import NotAccepted
from hub.identity.origin import Origin
from hub.identity.second_step import Answer
from hub.identity.sessions import Person
from hub.models.psu import PsuSession
from tests.identity.factors.authenticator import Authenticator
from tests.identity.steps import HERE, half_open, loaded

BROWSER = secret_hash("the pre-session of this browser")
Result = TypeVar("Result")


def enrol_passkey(hub: Hub, person: Person, key: Authenticator, *, name: str = "Phone") -> str:
    """The id of the passkey. The session has a new secret then: see as_now."""
    made = key.make(passkeys.ask(hub, person, now=hub.clock()))
    who = as_now(hub, person)
    return passkeys.add(hub, who, credential=made, name=name, origin=HERE, now=hub.clock()).passkey_id


def as_now(hub: Hub, person: Person) -> Person:
    """The person in the same session, whatever its secret is by now."""
    with hub.db.read() as session:
        row = session.scalars(select(PsuSession).where(PsuSession.sid == person.sid)).one()
    return replace(person, session_hash=row.id_hash, acr=row.acr, amr=tuple(row.amr))


def enrol_app(hub: Hub, person: Person) -> tuple[bytes, Person]:
    """The seed, and the person in the session as it is afterwards."""
    totp_enrolment.begin(hub, person, now=hub.clock())
    seed = totp_enrolment.pending(hub, person, now=hub.clock())
    assert seed is not None
    secret = totp_enrolment.confirm(hub, person, code_now(hub, seed), origin=HERE, now=hub.clock())
    again = loaded(hub, secret)
    assert again is not None
    return seed, again


def code_now(hub: Hub, seed: bytes, *, steps: int = 0) -> str:
    return totp.code_at(seed, totp.step_of(hub.clock()) + steps)


def by_passkey(
    hub: Hub, key: Authenticator, person: Person | None = None, *, bound_to: str = BROWSER, origin: Origin = HERE
) -> object:
    """A login with nothing but the passkey; the answer."""
    asked = passkey_login.ask(hub, Purpose.LOGIN, bound_to, psu_id=None, now=hub.clock())
    return send(hub, key.use(asked), person, bound_to=bound_to, origin=origin)


def send(
    hub: Hub, credential: str, person: Person | None = None, *, bound_to: str = BROWSER, origin: Origin = HERE
) -> object:
    return passkey_login.log_in(hub, person, credential=credential, bound_to=bound_to, origin=origin, now=hub.clock())


def is_in(answer: object) -> bool:
    assert isinstance(answer, LoggedIn | NotAccepted)
    return isinstance(answer, LoggedIn)


def by_code(hub: Hub, secret: str, code: str) -> Answer:
    return second_step.by_code(hub, secret, code, origin=HERE, now=hub.clock())


def log_in_with_code(hub: Hub, seed: bytes, name: str = "alice") -> Person:
    answer = by_code(hub, half_open(hub, name), code_now(hub, seed))
    assert isinstance(answer, LoggedIn), answer
    person = loaded(hub, answer.session_secret)
    assert person is not None
    return person


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """``act(0)`` to ``act(count - 1)``, each in a thread of its own, all let go together."""
    ready, results, lock = threading.Barrier(count), [], threading.Lock()

    def one(number: int) -> None:
        ready.wait()
        result = act(number)
        with lock:
            results.append(result)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results
