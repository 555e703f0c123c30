"""A hub that knows one provider, which plays by the rules."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from flask import Flask

from hub.app import create_app
from hub.context import Hub
from hub.identity import passwords
from hub.upstream.catalogue import Declared
from hub.upstream.provider import Provider
from tests.conftest import TestClock
from tests.upstream import op as scripted
from tests.upstream.op import CLIENT_ID, SECRET, Op


@pytest.fixture
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done with passwords is not the matter here."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODY", passwords._nobody())


@pytest.fixture
def op(clock: TestClock) -> Iterator[Op]:
    with scripted.provider(clock) as running:
        yield running


def declared(op: Op, **changes: object) -> Declared:
    facts: dict[str, object] = {
        "id": "lagoon",
        "name": "Lagoon Mobility",
        "issuer": op.url,
        "client_id": CLIENT_ID,
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": SECRET,
        "scopes": ("openid", "profile", "email"),
    }
    return Declared(**(facts | changes))  # type: ignore[arg-type]  # the fields of the struct


def knowing(hub: Hub, *providers: Declared) -> Hub:
    """The same hub, with these providers."""
    return replace(hub, upstreams={one.id: Provider(one) for one in providers})


@pytest.fixture
def linked_hub(hub: Hub, op: Op) -> Hub:
    return knowing(hub, declared(op))


@pytest.fixture
def linked_app(linked_hub: Hub) -> Flask:
    return create_app(linked_hub)
