"""examples/app.py where the hub says no: the demo tells the rest of its story."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import responses
from joserfc.jwk import ECKey

EXAMPLE = Path(__file__).parents[1] / "examples" / "app.py"
HUB = "https://hub.example"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    key = tmp_path / "key.jwk.json"
    key.write_text(json.dumps(ECKey.generate_key("P-256", {"alg": "ES256", "kid": "nest-egg"}).as_dict(private=True)))
    for name, value in {"RIALTO_URL": HUB, "CLIENT_ID": "nest-egg", "CLIENT_KEY": str(key)}.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("example_app", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@responses.activate
def test_whoever_asks_for_more_than_the_app_is_registered_for_reads_why_on_its_page(example: ModuleType) -> None:
    where = {name: f"{HUB}/{name}" for name in ("token_endpoint", "authorization_endpoint")}
    par = {"pushed_authorization_request_endpoint": f"{HUB}/par"}
    responses.get(f"{HUB}/.well-known/openid-configuration", json={"issuer": HUB, **where, **par})
    refusal = {"error": "invalid_scope", "error_description": "The client is not registered for profile."}
    responses.post(f"{HUB}/par", json=refusal, status=400)
    answer = example.app.test_client().get("/login")
    assert (answer.status_code, "not registered for profile" in answer.text) == (200, True)
