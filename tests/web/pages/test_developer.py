"""Register an app, look after it; its secret is seen once."""

import re
from typing import Any

from tests.web.pages.world import Browser, World

GOOD: dict[str, str] = {
    "name": "Nest Egg",
    "site": "https://nest.example",
    "redirect_uris": "https://nest.example/cb\nhttp://127.0.0.1:9000/cb",
    "type": "confidential",
}


def register(browser: Browser, scopes: tuple[str, ...] = ("openid", "accounts:read"), **changes: str) -> Any:
    browser.get("/developer/new")
    return browser.post("/developer/new", [*(GOOD | changes).items(), *(("scope", one) for one in scopes)])


def shown(text: str, field: str) -> str:
    found = re.search(rf'id="{field}" value="([^"]+)"', text)
    assert found
    return found[1]


def test_the_secret_is_shown_once_and_never_again(world: World) -> None:
    alice = world.browser()
    answer = register(alice)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    client_id, secret = shown(answer.text, "client-id"), shown(answer.text, "client-secret")
    for path in ("/developer", f"/developer/apps/{client_id}", "/developer/guide", "/developer/new", "/account"):
        assert secret not in alice.get(path).text
    basic = {"auth": (client_id, secret), "data": {"grant_type": "client_credentials"}}
    assert world.app.test_client().post("/oauth/token", **basic).status_code == 200

    alice.get(f"/developer/apps/{client_id}")
    rotated = shown(alice.post(f"/developer/apps/{client_id}/secret").text, "client-secret")
    assert rotated != secret
    assert world.app.test_client().post("/oauth/token", **basic).status_code == 401
    assert client_id in alice.get("/developer/guide").text


def test_a_public_app_has_no_secret(world: World) -> None:
    alice = world.browser()
    text = register(alice, type="public").text
    assert "client-secret" not in text
    client_id = shown(text, "client-id")
    assert "Make a new secret" not in alice.get(f"/developer/apps/{client_id}").text
    assert alice.post(f"/developer/apps/{client_id}/secret").status_code == 400


BAD: list[tuple[dict[str, str], tuple[str, ...], str]] = [
    ({"name": ""}, ("openid",), "name"),
    ({"name": "a\u202eb"}, ("openid",), "name"),
    ({"site": "javascript:alert(1)"}, ("openid",), "site"),
    ({"redirect_uris": ""}, ("openid",), "redirect_uris"),
    ({"redirect_uris": "http://evil.example/cb"}, ("openid",), "redirect_uris"),
    ({"type": ""}, ("openid",), "type"),
    ({}, (), "scope"),
    ({}, ("payments:write",), "scope"),
    ({}, ("root",), "scope"),
]


def test_what_will_not_do_is_named_and_what_was_typed_is_kept(world: World) -> None:
    alice = world.browser()
    for changes, scopes, field in BAD:
        answer = register(alice, scopes, **changes)
        assert answer.status_code == 422, changes
        assert f'<a href="#{field}">' in answer.text
        assert "https://nest.example" in answer.text
    assert "No app yet" in world.browser(world.charlie).get("/developer").text


def test_redirect_uris_can_be_changed(world: World) -> None:
    alice = world.browser()
    path = f"/developer/apps/{world.client.client.client_id}"
    alice.get(path)
    bad = alice.post(path, {"redirect_uris": "http://evil.example/"})
    assert bad.status_code == 422
    assert "http://evil.example/" in bad.text
    assert alice.post(path, {"redirect_uris": "https://new.example/cb"}).headers["Location"] == path
    assert "https://new.example/cb" in alice.get(path).text


def test_deleting_wants_the_name_and_ends_what_people_allowed(world: World) -> None:
    alice = world.browser()
    consent = world.consent(world.current, browser=alice)
    path = f"/developer/apps/{world.client.client.client_id}"
    assert "1</dd>" in alice.get(path).text
    assert alice.post(f"{path}/delete", {"confirm": "another"}).status_code == 422
    assert alice.post(f"{path}/delete", {"confirm": "Budget Buddy"}).headers["Location"] == "/developer"
    assert "The app is deleted" in alice.get("/developer").text
    assert alice.get(path).status_code == 404
    assert "Budget Buddy" in alice.get(f"/consents/{consent}").text
    assert "Stop access now" not in alice.get(f"/consents/{consent}").text
