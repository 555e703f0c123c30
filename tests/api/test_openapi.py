"""The API document is true: valid, complete, and every real answer fits the schema that it promises."""

from typing import Any

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator

from consent.model import Permission
from hub.access import Kind, declared
from hub.oauth.scopes import WEBHOOKS
from tests.api.whole import WHOLE
from tests.api.world import READS, World
from tests.people import alice


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return found


def _schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_document_is_openapi_3_1_and_its_schemas_are_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    for schema in _schemas(document).values():
        OAS31Validator.check_schema(schema)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_of_the_api_is_described_with_its_permission(app: Flask, document: dict[str, Any]) -> None:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/v1/"):
            continue
        path = rule.rule.replace("<", "{").replace(">", "}")
        access = declared(app.view_functions[rule.endpoint])
        assert access is not None
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            described = document["paths"][path][method.lower()]
            if access.kind is Kind.PUBLIC:
                assert described["security"] == []
            else:
                named = access.permission.value if access.permission else access.scope
                expected = [named] if named else []
                assert described["security"] == [{"oauth2": expected}]
            assert {"400"} <= set(described["responses"])
    scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]["scopes"]
    assert set(scopes) == {one.value for one in Permission} | {"offline_access"}


def test_real_answers_fit_the_document(world: World, document: dict[str, Any]) -> None:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    world.history(account, 3)
    for kind, value in WHOLE.items():
        world.hang(account, kind, value)
    app = world.caller(psu_id, {account: READS})
    row = app.get("/v1/transactions").json["data"][0]["id"]
    checked = 0
    for path, methods in document["paths"].items():
        if "get" not in methods or methods["get"]["security"] == [{"oauth2": [WEBHOOKS]}]:
            continue  # the latter with a token of the app's own: tests.api.test_webhooks
        real = path.format(account_id=account, transaction_id=row, institution_id="albion", consent_id=app.consent_id)
        answer = app.get(real)
        assert answer.status_code == 200, (real, answer.text)
        promised = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        OAS31Validator(promised | {"components": document["components"]}).validate(answer.json)
        _no_more_than_promised(document, promised, answer.json, real)
        checked += 1
    assert checked >= 27


def _no_more_than_promised(document: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> None:
    """A member that the document does not name must not be in an answer."""
    if "$ref" in schema:
        schema = _schemas(document)[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        for one in value:
            _no_more_than_promised(document, schema.get("items", {}), one, where)
    elif isinstance(value, dict) and "properties" in schema:
        assert set(value) <= set(schema["properties"]), where
        for name, inner in value.items():
            _no_more_than_promised(document, schema["properties"][name], inner, f"{where} {name}")
