"""Which passwords are accepted, how they are kept (argon2id) and how they are compared.

One hash costs about 30 ms of a core and 19 MiB (OWASP Password Storage: t=2, m=19 MiB, p=1). Both are bounded: no more
hashes run at once in a process than the machine has cores. More would finish no sooner, and a flood of logins would
take the memory of the whole hub; so the others wait, and after a while are told to come back.
"""

import base64
import hmac
import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from hub.db import in_transaction
from hub.errors import BadInput, TooMany
from hub.identity.commonest import COMMONEST

MIN_CHARACTERS = 10
MAX_CHARACTERS = 128
_READ_CHARACTERS = 4 * MAX_CHARACTERS  # NFC shortens, but not that much; nothing longer is even normalised
_FEWEST_DISTINCT = 3
_WAIT_S = 5

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)


class BreachList(Protocol):
    """Where known leaked passwords can be asked for. May be slow; it is never asked inside a transaction."""

    def contains(self, password: str) -> bool: ...


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # what a container lets us have; Linux only
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


_slots = threading.BoundedSemaphore(_cores())


@contextmanager
def _slot() -> Iterator[None]:
    if in_transaction():
        raise RuntimeError("a password is hashed outside of transactions: it takes 30 ms and may wait for its turn")
    if not _slots.acquire(timeout=_WAIT_S):
        raise TooMany("Too many people are logging in just now.", retry_after_s=_WAIT_S)
    try:
        yield
    finally:
        _slots.release()


def _bytes(password: str) -> bytes:
    """NFC, so that one password typed on two keyboards is one (RFC 8265 4.2.2). Never raises."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def check_rules(
    password: str, *, email: str, name: str, breach_list: BreachList | None = None, parameter: str = "password"
) -> None:
    """Raises BadInput naming ``parameter`` if a person may not choose this password.

    NIST SP 800-63B 5.1.1.2: a length, no rules about kinds of characters, but a comparison with what is guessed first:
    the commonest, repetition, the person's own e-mail and name, and known breaches.
    """
    if len(password) > _READ_CHARACTERS:
        raise BadInput(f"A password has at most {MAX_CHARACTERS} characters.", parameter=parameter)
    chosen = unicodedata.normalize("NFC", password)
    if len(chosen) < MIN_CHARACTERS:
        raise BadInput(f"A password has at least {MIN_CHARACTERS} characters.", parameter=parameter)
    if len(chosen) > MAX_CHARACTERS:
        raise BadInput(f"A password has at most {MAX_CHARACTERS} characters.", parameter=parameter)
    plain = chosen.casefold()
    if plain in COMMONEST or len(set(plain)) < _FEWEST_DISTINCT:
        raise BadInput("This password is among the first that anybody would guess.", parameter=parameter)
    own = {email, email.partition("@")[0], name, name.replace(" ", "")}
    if plain in {unicodedata.normalize("NFC", word).casefold() for word in own}:
        raise BadInput("A password is not your own name or e-mail address.", parameter=parameter)
    if breach_list is not None and breach_list.contains(chosen):
        raise BadInput("This password is known from a data breach.", parameter=parameter)


def hash_password(password: str) -> str:
    """An argon2id string in PHC notation. Raises TooMany if no core is free for long."""
    with _slot():
        return _hasher.hash(_bytes(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. Raises TooMany if no core is free for long.

    ``None`` stands for a person who does not exist: it costs exactly one comparison too, with a hash that nothing
    fits, so the time of the answer does not tell who has an account.
    """
    if len(password) > _READ_CHARACTERS:
        password_hash, password = None, ""
    with _slot():
        try:
            fits = _hasher.verify(password_hash or _NOBODY, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return fits and password_hash is not None


def are_equal(one: str, other: str) -> bool:
    """Whether the two are the same password, in constant time."""
    return hmac.compare_digest(_bytes(one[:_READ_CHARACTERS]), _bytes(other[:_READ_CHARACTERS]))


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _nobody() -> str:
    """A well-formed hash of nothing, with today's parameters; made without hashing."""

    def text(size: int) -> str:
        return base64.b64encode(os.urandom(size)).decode().rstrip("=")

    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${text(_hasher.salt_len)}${text(_hasher.hash_len)}"


_NOBODY = _nobody()
