"""The official OpenAPI files, and whether an answer is what they say. The files are not part of this repository."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

ROOT = Path(os.environ.get("RIALTO_SPECS", Path(__file__).parents[3] / "shared" / "specs"))
FILES = {
    "uk": "uk-obie/v3.1.11/account-info-openapi.yaml",
    "uk4": "uk-obie/v4.0/account-info-openapi.yaml",
    "uk4_funds": "uk-obie/v4.0/confirmation-funds-openapi.yaml",
    "berlin": "berlin-group/psd2-api_v1.3.11-2021-10-01v1.yaml",
}


@cache
def _document(standard: str) -> Any:
    path = ROOT / FILES[standard]
    if not path.is_file():
        pytest.skip(f"no official OpenAPI file at {path}; set RIALTO_SPECS to the folder that holds them")
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _inlined(document: Any, node: Any) -> Any:
    """``node`` with every $ref replaced by what it means: resolved once here, not once for each row."""
    if isinstance(node, list):
        return [_inlined(document, item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _inlined(document, target)
    return {name: _inlined(document, value) for name, value in node.items()}


@cache
def _validator(standard: str, response: str) -> OAS30Validator:
    document = _document(standard)
    schema = document["components"]["responses"][response]["content"]["application/json"]["schema"]
    return OAS30Validator(_inlined(document, schema), format_checker=oas30_format_checker)


def check(standard: str, path: str, answer: requests.Response) -> None:
    """Assert that ``answer`` is one that the official file allows for its method, ``path`` template and status."""
    document = _document(standard)
    assert answer.request.method
    method = answer.request.method.lower()
    responses = document["paths"][path][method]["responses"]
    status = next((key for key in (str(answer.status_code), answer.status_code) if key in responses), None)
    assert status is not None, f"{method} {path} does not answer {answer.status_code}: {answer.text[:200]}"
    name = responses[status]["$ref"].rsplit("/", 1)[-1]
    content = document["components"]["responses"][name].get("content")
    if content is None:
        assert answer.content == b"", f"{name} has no body, but came with {answer.text[:200]}"
        return
    assert answer.headers["Content-Type"] == "application/json"
    found = _validator(standard, name).iter_errors(answer.json())
    errors = [(list(error.path), error.message[:200]) for error in found]
    assert not errors, errors[:5]
