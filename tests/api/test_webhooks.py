"""An app looks after its webhooks by a token of its own, and after nobody else's."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.jobs.crew import Crew
from hub.oauth.clients import Registered
from hub.oauth.scopes import WEBHOOKS
from hub.webhooks import deliver
from tests.oauth.conftest import world
from tests.oauth.world import SCOPE, World
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["world"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


def app(world: World, *own: str) -> tuple[Registered, str]:
    """A registered app and a token of its own with these scopes."""
    client = world.register(scopes=[*SCOPE.split(), WEBHOOKS, "grant_management_query"])
    with world.hub.db.write() as session:
        row = session.merge(client.client)
        row.grant_types = [*row.grant_types, "client_credentials"]
    client = Registered(row, client.secret)
    form = {"grant_type": "client_credentials", "scope": " ".join(own or (WEBHOOKS,))}
    answer = world.post("/oauth/token", form, client)
    assert answer.status_code == 200, answer.text
    return client, str(answer.get_json()["access_token"])


def call(world: World, token: str, method: str, path: str, body: Any = None) -> TestResponse:
    headers = world.shown(token, path, method)
    given = {} if body is None else {"json": body}
    return create_app(world.hub).test_client().open(path, method=method, headers=headers, **given)


def test_from_adding_to_deleting(world: World, receiver: Receiver) -> None:
    _, mine = app(world)
    answer = call(world, mine, "POST", "/v1/webhooks", {"url": receiver.url, "types": ["consent.ended"]})
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    here = f"/v1/webhooks/{made['id']}"
    assert call(world, mine, "POST", f"{here}/test").status_code == 204
    Crew(world.hub, [deliver.KIND]).run_once()
    assert receiver.got[0].is_signed_by(made["secret"])
    (message,) = call(world, mine, "GET", f"{here}/messages").get_json()["data"]
    assert (message["id"], message["state"]) == (receiver.got[0].id, "taken")
    assert [one["status"] for one in message["attempts"]] == [204]
    assert call(world, mine, "POST", f"{here}/messages/{message['id']}/again").status_code == 204
    assert call(world, mine, "POST", f"{here}/again", {"since": "2020-01-01T00:00:00Z"}).get_json() == {"messages": 0}
    assert call(world, mine, "POST", f"{here}/secret").get_json()["secret"] != made["secret"]
    changed = call(world, mine, "PATCH", here, {"types": [], "enabled": False}).get_json()
    assert (changed["types"], changed["enabled"], changed["disabled_why"]) == ([], False, "developer")
    assert "secret" not in call(world, mine, "GET", "/v1/webhooks").get_json()["data"][0]
    fits_the_document(world, mine, ("/v1/webhooks", here, f"{here}/messages"))
    assert call(world, mine, "DELETE", here).status_code == 204
    assert call(world, mine, "GET", here).status_code == 404


def fits_the_document(world: World, token: str, paths: tuple[str, ...]) -> None:
    document = create_app(world.hub).test_client().get("/openapi.json").get_json()
    webhook_id = paths[1].rpartition("/")[2]
    for path in paths:
        described = document["paths"][path.replace(webhook_id, "{webhook_id}")]["get"]
        promised = described["responses"]["200"]["content"]["application/json"]["schema"]
        answer = call(world, token, "GET", path).get_json()
        OAS31Validator(promised | {"components": document["components"]}).validate(answer)


def test_another_app_and_another_token_find_nothing(world: World, receiver: Receiver) -> None:
    _, mine = app(world)
    _, other = app(world)
    _, weak = app(world, "grant_management_query")
    made = call(world, mine, "POST", "/v1/webhooks", {"url": receiver.url}).get_json()
    here = f"/v1/webhooks/{made['id']}"
    for method, path, body in (
        ("GET", here, None),
        ("PATCH", here, {"url": receiver.url}),
        ("DELETE", here, None),
        ("POST", f"{here}/secret", None),
        ("POST", f"{here}/test", None),
        ("GET", f"{here}/messages", None),
        ("POST", f"{here}/again", {"since": "2020-01-01T00:00:00Z"}),
        ("POST", f"{here}/messages/{made['id']}/again", None),
    ):
        assert call(world, other, method, path, body).status_code == 404, path
        assert call(world, weak, method, path, body).status_code == 403, path
    assert call(world, weak, "POST", "/v1/webhooks", {"url": receiver.url}).status_code == 403


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "url"),
        ({"url": "https://app.example/", "scheme": "v9"}, "scheme"),
        ({"url": "https://app.example/", "types": ["psu.registered"]}, "types"),
        ({"url": "https://app.example/", "colour": "red"}, "colour"),
        ({"url": "https://a:b@app.example/"}, "url"),
        ({"url": 5}, "url"),
        ([], None),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_is_named(world: World, body: Any, parameter: str | None) -> None:
    _, mine = app(world)
    answer = call(world, mine, "POST", "/v1/webhooks", body)
    assert answer.status_code == 400
    assert answer.get_json().get("parameter") == parameter
