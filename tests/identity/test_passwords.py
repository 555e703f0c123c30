"""Which passwords are accepted and how they are compared."""

import threading
import time

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from hub import db
from hub.errors import BadInput, TooMany
from hub.identity import passwords
from hub.identity.commonest import COMMONEST
from tests.identity.steps import count_comparisons

EMAIL, NAME = "alice.andersen@people.example", "Alice Andersen"


@pytest.mark.parametrize(
    "password",
    [
        "ten chars!",
        "x" * 60 + "yz" + "x" * 66,
        "only lower case letters",
        "  spaces at both ends  ",
        "ключ от квартиры",
        "🗝️🚪🏠🌳🐈🌧️☕📚",
        "a\u0308" * 4 + "bcdefg",  # ten after composition
        EMAIL + " and more",
    ],
)
def test_length_is_enough(password: str) -> None:
    passwords.check_rules(password, email=EMAIL, name=NAME)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "nine char",
        "a\u0308" * 5 + "bcde",  # 14 code points, nine after composition
        "xyz" * 43,
        "xyz" * 10_000,
        "Password123",
        "QWERTYUIOP",
        "aaaaaaaaaaaa",
        "abababababab",
        EMAIL,
        "ALICE.ANDERSEN@people.example",
        "alice.andersen",
        "alice andersen",
        "AliceAndersen",
    ],
)
def test_what_is_too_short_too_long_or_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as caught:
        passwords.check_rules(password, email=EMAIL, name=NAME)
    assert caught.value.parameter == "password"
    assert not password or password not in caught.value.detail


def test_a_refusal_names_the_field_of_its_form() -> None:
    with pytest.raises(BadInput) as caught:
        passwords.check_rules("short", email=EMAIL, name=NAME, parameter="new_password")
    assert caught.value.parameter == "new_password"


def test_the_commonest_list_holds_only_what_the_other_rules_let_through() -> None:
    for word in COMMONEST:
        assert word == word.casefold()
        assert len(word) >= passwords.MIN_CHARACTERS


def test_a_breach_list_is_asked_where_there_is_one() -> None:
    class Leaked:
        def contains(self, password: str) -> bool:
            return password == "once leaked long ago"

    with pytest.raises(BadInput, match="breach"):
        passwords.check_rules("once leaked long ago", email=EMAIL, name=NAME, breach_list=Leaked())
    passwords.check_rules("never leaked until now", email=EMAIL, name=NAME, breach_list=Leaked())


def test_hashes_are_argon2id_with_the_parameters_of_owasp() -> None:
    made = passwords.hash_password("a-long-enough-password")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert made != passwords.hash_password("a-long-enough-password")
    assert len(made) <= 200  # the column


@pytest.mark.parametrize(
    ("stored", "given", "fits"),
    [
        ("a-long-enough-password", "a-long-enough-password", True),
        ("a-long-enough-password", "A-long-enough-password", False),
        ("a-long-enough-password", "a-long-enough-password ", False),
        ("a-long-enough-password", "", False),
        ("grüne Straße 12", "gru\u0308ne Straße 12", True),
        ("a-long-enough-password", "\ud800 lone surrogate", False),
        ("a-long-enough-password", "nul \x00 inside here", False),
        ("nul \x00 inside here", "nul \x00 elsewhere too", False),
        ("a-long-enough-password", "a-long-enough-password" * 1000, False),
    ],
)
def test_a_password_fits_itself_however_it_was_composed(stored: str, given: str, fits: bool) -> None:
    assert passwords.verify(passwords.hash_password(stored), given) is fits


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$"])
def test_a_broken_stored_hash_fits_nothing(stored: str) -> None:
    assert passwords.verify(stored, "") is False


@pytest.mark.parametrize("password", ["a-long-enough-password", "", "x" * 100_000])
def test_nobody_costs_exactly_one_comparison_with_todays_parameters(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    compared = count_comparisons(monkeypatch)
    assert passwords.verify(None, password) is False
    assert len(compared) == 1
    assert not passwords.needs_rehash(compared[0])
    with pytest.raises(VerifyMismatchError):  # well-formed: the whole work is done, not refused at once
        PasswordHasher().verify(compared[0], b"a-long-enough-password")


def test_another_cost_asks_for_a_new_hash() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("a-long-enough-password")
    assert passwords.needs_rehash(weak)
    assert not passwords.needs_rehash(passwords.hash_password("a-long-enough-password"))


def test_no_more_comparisons_run_at_once_than_there_are_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(self: PasswordHasher, password_hash: str, password: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    monkeypatch.setattr(passwords, "_slots", threading.BoundedSemaphore(2))
    threads = [threading.Thread(target=passwords.verify, args=(None, "x")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_who_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_slots", threading.Semaphore(0))
    monkeypatch.setattr(passwords, "_WAIT_S", 0)
    with pytest.raises(TooMany):
        passwords.verify(None, "a-long-enough-password")


def test_no_password_is_hashed_while_a_transaction_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db._open, "depth", 1, raising=False)
    with pytest.raises(RuntimeError):
        passwords.hash_password("a-long-enough-password")
