"""These tests are many and small, so most of them hash cheaply."""

import pytest
from argon2 import PasswordHasher

from hub.identity import passwords


@pytest.fixture
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests about what is done with a comparison; test_passwords and test_secrecy pay the real price."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODY", passwords._nobody())
