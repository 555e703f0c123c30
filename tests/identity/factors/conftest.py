"""A hub that has a name, as passkeys need one."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from hub.identity import passwords
from hub.settings import Settings
from tests.identity.factors.authenticator import ORIGIN


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "var", base_url=ORIGIN)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODY", passwords._nobody())
