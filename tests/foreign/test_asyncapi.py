"""The document of the events is AsyncAPI 3.0, by the schema that the makers of AsyncAPI publish."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hub.api import asyncapi
from hub.settings import Settings
from tests.conftest import absent
from tests.foreign import npm
from tests.foreign.npm import Absent

FOLDER = Path(__file__).parent / "asyncapi_specs"
SCHEMA = FOLDER / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"


@pytest.fixture(scope="module")
def checker() -> jsonschema.Draft7Validator:
    try:
        npm.install(FOLDER)
    except Absent as why:
        absent("node", str(why))
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))


@pytest.fixture
def document() -> dict[str, Any]:
    return deepcopy(asyncapi.document(Settings()))


def test_it_is_what_the_specification_says(checker: jsonschema.Draft7Validator, document: dict[str, Any]) -> None:
    assert [one.message for one in checker.iter_errors(document)] == []


@pytest.mark.parametrize("part", ["operation", "security", "binding", "message"])
def test_and_the_schema_would_tell(checker: jsonschema.Draft7Validator, document: dict[str, Any], part: str) -> None:
    if part == "operation":
        document["operations"]["tell"]["action"] = "publish"
    elif part == "security":
        document["components"]["securitySchemes"]["signature"]["in"] = "body"
    elif part == "binding":
        document["operations"]["tell"]["bindings"]["http"]["method"] = "SEND"
    else:
        document["components"]["messages"]["consent.ended"]["headers"] = {"type": "list"}
    assert not checker.is_valid(document)
