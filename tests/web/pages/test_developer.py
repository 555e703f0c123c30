"""Register an app for what it is for, look after it and its keys; its secrets are seen once."""

import base64
import html
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hub.ids import new_id
from hub.models.client import Client
from hub.models.oauth import RefusedRequest
from hub.models.registration import TrustAnchor
from hub.oauth.registration import anchors, metadata
from hub.oauth.registration.metadata import Metadata
from tests.oauth.registration.documents import jwks, key, public
from tests.web.pages.world import Browser, World

GOOD: dict[str, str] = {
    "name": "Nest Egg",
    "site": "https://nest.example",
    "redirect_uris": "https://nest.example/cb\nhttp://127.0.0.1:9000/cb",
}
SIGN_IN = ("openid", "profile")
DATA = ("openid", "accounts:read")


def register(browser: Browser, purpose: str, scopes: tuple[str, ...] = (), /, **changes: str) -> Any:
    usual = {"proof": "secret"} if purpose == "sign-in" else {"proof": "made"}
    ticked = scopes or (SIGN_IN if purpose == "sign-in" else DATA)
    browser.get(f"/developer/new/{purpose}")
    fields = [*(GOOD | usual | changes).items(), *(("scope", one) for one in ticked)]
    return browser.post(f"/developer/new/{purpose}", fields)


def shown(text: str, field: str) -> str:
    found = re.search(rf'id="{field}" value="([^"]+)"', text)
    assert found
    return found[1]


def private_key(text: str) -> dict[str, Any]:
    found = re.search(r'id="private-key"[^>]*>(.*?)</textarea>', text, re.S)
    assert found
    made: dict[str, Any] = orjson.loads(html.unescape(found[1]))
    return made


def row(world: World, client_id: str) -> Client:
    with world.hub.db.read() as session:
        return session.get_one(Client, client_id)


def test_what_the_app_is_for_is_asked_first(world: World) -> None:
    alice = world.browser()
    text = alice.get("/developer/new").text
    assert 'href="/developer/new/sign-in"' in text
    assert 'href="/developer/new/bank-data"' in text
    assert "accounts:read" not in alice.get("/developer/new/sign-in").text
    assert "/oauth/par" in alice.get("/developer/new/bank-data").text
    assert alice.get("/developer/new/mining").status_code == 404


def test_the_secret_is_shown_once_and_never_again(world: World) -> None:
    alice = world.browser()
    answer = register(alice, "sign-in")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    client_id, secret = shown(answer.text, "client-id"), shown(answer.text, "client-secret")
    for path in ("/developer", f"/developer/apps/{client_id}", "/developer/guide", "/developer/new", "/account"):
        assert secret not in alice.get(path).text
    before = row(world, client_id).secret_hash

    alice.get(f"/developer/apps/{client_id}")
    rotated = shown(alice.post(f"/developer/apps/{client_id}/secret").text, "client-secret")
    assert rotated != secret
    assert row(world, client_id).secret_hash not in {None, before}
    assert client_id in alice.get("/developer/guide").text


def test_the_key_that_the_hub_makes_is_shown_once_and_only_its_public_half_is_kept(world: World) -> None:
    alice = world.browser()
    answer = register(alice, "bank-data")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    client_id, made = shown(answer.text, "client-id"), private_key(answer.text)
    saved = re.search(r'download="nest-egg.jwk.json" href="data:application/json;base64,([^"]+)"', answer.text)
    assert saved
    assert orjson.loads(base64.b64decode(saved[1])) == made
    kept = row(world, client_id)
    assert kept.jwks == {"keys": [{name: value for name, value in made.items() if name != "d"}]}
    assert (kept.profile, kept.secret_hash, kept.owner_psu_id) == ("fapi2", None, world.alice)
    assert kept.registration["dpop_bound_access_tokens"] is True
    for path in ("/developer", f"/developer/apps/{client_id}", "/developer/guide"):
        assert made["d"] not in alice.get(path).text


PROOFS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("sign-in", {"proof": "public"}, {"token_endpoint_auth_method": "none", "profile": "oidc"}),
    ("sign-in", {"proof": "made"}, {"token_endpoint_auth_method": "private_key_jwt", "profile": "oidc"}),
    ("bank-data", {"proof": "jwks", "jwks": orjson.dumps(jwks()).decode()}, {"jwks": jwks()}),
    ("bank-data", {"proof": "jwks", "jwks": orjson.dumps(public()).decode()}, {"jwks": jwks()}),
    (
        "bank-data",
        {"proof": "certificate", "certificate": "CN=nest.example,O=Nest Egg"},
        {"token_endpoint_auth_method": "tls_client_auth", "profile": "fapi2"},
    ),
    ("bank-data", {"signed": "yes"}, {"profile": "fapi2_ms"}),
]


@pytest.mark.parametrize(("purpose", "changes", "kept"), PROOFS, ids=range(len(PROOFS)))
def test_an_app_proves_itself_as_it_likes(
    world: World, purpose: str, changes: dict[str, str], kept: dict[str, Any]
) -> None:
    alice = world.browser()
    answer = register(alice, purpose, **changes)
    assert answer.status_code == 200, answer.text
    assert "client-secret" not in answer.text
    client_id = shown(answer.text, "client-id")
    client = row(world, client_id)
    assert {name: getattr(client, name) for name in kept} == kept
    assert "Make a new secret" not in alice.get(f"/developer/apps/{client_id}").text  # and its form token is used below
    assert alice.post(f"/developer/apps/{client_id}/secret").status_code == 400


BAD: list[tuple[str, dict[str, str], tuple[str, ...], str]] = [
    ("sign-in", {"name": ""}, (), "name"),
    ("sign-in", {"name": "a\u202eb"}, (), "name"),
    ("sign-in", {"name": "P\u0430y"}, (), "name"),
    ("sign-in", {"site": "javascript:alert(1)"}, (), "site"),
    ("sign-in", {"redirect_uris": ""}, (), "redirect_uris"),
    ("sign-in", {"redirect_uris": "http://evil.example/cb"}, (), "redirect_uris"),
    ("sign-in", {"proof": ""}, (), "proof"),
    ("sign-in", {"proof": "certificate", "certificate": ""}, (), "certificate"),
    ("sign-in", {}, ("accounts:read",), "scope"),
    ("sign-in", {}, ("root",), "scope"),
    ("bank-data", {"proof": "secret"}, (), "proof"),
    ("bank-data", {"proof": "public"}, (), "proof"),
    ("bank-data", {"proof": "jwks", "jwks": "no key"}, (), "jwks"),
    ("bank-data", {"proof": "jwks", "jwks": orjson.dumps(public("P-384")).decode()}, (), "jwks"),
    ("bank-data", {"proof": "jwks_uri", "jwks_uri": "http://nest.example/jwks"}, (), "jwks_uri"),
    ("bank-data", {"proof": "certificate", "certificate": "nonsense"}, (), "certificate"),
    ("bank-data", {}, ("grant_management_query",), "scope"),
]


@pytest.mark.parametrize(("purpose", "changes", "scopes", "field"), BAD, ids=range(len(BAD)))
def test_what_will_not_do_is_named_and_what_was_typed_is_kept(
    world: World, purpose: str, changes: dict[str, str], scopes: tuple[str, ...], field: str
) -> None:
    answer = register(world.browser(world.charlie), purpose, scopes, **changes)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert "https://nest.example" in answer.text or field in {"site", "redirect_uris"}
    assert "No app yet" in world.browser(world.charlie).get("/developer").text


def test_a_private_key_that_was_pasted_is_not_shown_again(world: World) -> None:
    lost = key().as_dict(private=True)
    answer = register(world.browser(), "bank-data", proof="jwks", jwks=orjson.dumps(lost).decode())
    assert answer.status_code == 422
    assert "counts as lost" in answer.text
    assert lost["d"] not in answer.text


def test_a_key_is_rotated_by_a_second_one(world: World) -> None:
    alice = world.browser()
    answer = register(alice, "bank-data")
    client_id, old = shown(answer.text, "client-id"), private_key(answer.text)
    path = f"/developer/apps/{client_id}"
    assert "Remove" not in alice.get(path).text  # not the only one
    assert alice.post(f"{path}/keys/remove", {"kid": old["kid"]}).status_code == 422

    alice.get(path)
    made = private_key(alice.post(f"{path}/keys").text)
    assert made["kid"] != old["kid"]
    alice.get(path)
    pasted = alice.post(f"{path}/keys", {"jwks": orjson.dumps(public(kid="mine")).decode()})
    assert pasted.headers["Location"] == path
    alice.get(path)
    assert alice.post(f"{path}/keys/remove", {"kid": old["kid"]}).headers["Location"] == path
    assert [one["kid"] for one in (row(world, client_id).jwks or {})["keys"]] == [made["kid"], "mine"]
    text = alice.get(path).text
    assert made["kid"] in text
    assert old["kid"] not in text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("", {"redirect_uris": "https://new.example/cb"}),
        ("/keys", {"jwks": orjson.dumps(public(kid="another")).decode()}),
        ("/keys/remove", {"kid": "mine"}),
    ],
)
def test_a_key_that_was_removed_meanwhile_does_not_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str]
) -> None:
    """A change may wait for another host for seconds, and writes the whole of what was read before."""
    alice, again = world.browser(), world.browser()
    answer = register(alice, "bank-data")
    app, leaked = f"/developer/apps/{shown(answer.text, 'client-id')}", private_key(answer.text)["kid"]
    for kid in ("mine", "third"):
        alice.get(app)
        assert alice.post(f"{app}/keys", {"jwks": orjson.dumps(public(kid=kid)).decode()}).status_code == 303
    alice.get(app)
    again.get(app)
    check = metadata.read

    def meanwhile(*given: Any, **more: Any) -> Metadata:
        monkeypatch.setattr(metadata, "read", check)
        assert again.post(f"{app}/keys/remove", {"kid": leaked}).status_code == 303
        return check(*given, **more)

    monkeypatch.setattr(metadata, "read", meanwhile)
    late = alice.post(f"{app}{path}", form)
    assert (late.status_code, "changed meanwhile" in late.text) == (409, True)
    kept = row(world, app.rpartition("/")[2])
    assert [one["kid"] for one in (kept.jwks or {})["keys"]] == ["mine", "third"]
    assert kept.redirect_uris == GOOD["redirect_uris"].split()


def test_an_app_whose_anchor_is_gone_can_still_be_changed(world: World) -> None:
    """First of all a leaked key dropped."""
    alice, now = world.browser(), world.hub.clock()
    answer = register(alice, "bank-data")
    client_id, leaked = shown(answer.text, "client-id"), private_key(answer.text)["kid"]
    with world.hub.db.write() as session:
        session.add(TrustAnchor(name="Directory", issuer="https://directory.example", jwks=jwks(), created_at=now))
        client = session.get_one(Client, client_id)
        client.software_statement, client.trust_anchor, client.verified_at = "e30.e30.c2ln", "Directory", now
    with world.hub.db.write() as session:
        assert anchors.remove(session, "Directory", now) == 1
    path = f"/developer/apps/{client_id}"
    alice.get(path)
    assert alice.post(f"{path}/keys", {"jwks": orjson.dumps(public(kid="mine")).decode()}).headers["Location"] == path
    alice.get(path)
    assert alice.post(f"{path}/keys/remove", {"kid": leaked}).headers["Location"] == path
    assert [one["kid"] for one in (row(world, client_id).jwks or {})["keys"]] == ["mine"]


def test_a_bad_key_is_not_added(world: World) -> None:
    alice = world.browser()
    client_id = shown(register(alice, "bank-data").text, "client-id")
    path = f"/developer/apps/{client_id}"
    for bad in ("no key", '{"keys": 7}', orjson.dumps(key().as_dict(private=True)).decode()):
        alice.get(path)
        answer = alice.post(f"{path}/keys", {"jwks": bad})
        assert (answer.status_code, '<a href="#jwks">' in answer.text) == (422, True), bad
    with_secret = f"/developer/apps/{shown(register(alice, 'sign-in').text, 'client-id')}"
    alice.get(with_secret)
    assert alice.post(f"{with_secret}/keys").status_code == 422
    assert len((row(world, client_id).jwks or {})["keys"]) == 1


def test_addresses_can_be_changed_and_the_verified_mark_goes_with_them(world: World) -> None:
    alice = world.browser()
    client_id = shown(register(alice, "sign-in").text, "client-id")
    path = f"/developer/apps/{client_id}"
    with world.hub.db.write() as session:
        session.get_one(Client, client_id).verified_at = world.hub.clock()
    alice.get(path)
    bad = alice.post(path, {"redirect_uris": "http://evil.example/"})
    assert bad.status_code == 422
    assert "http://evil.example/" in bad.text
    wanted = {"redirect_uris": "https://new.example/cb", "tos_uri": "https://new.example/terms"}
    assert alice.post(path, wanted).headers["Location"] == path
    assert "https://new.example/cb" in alice.get(path).text
    client = row(world, client_id)
    assert client.registration["tos_uri"] == "https://new.example/terms"
    assert (client.site_uri, client.verified_at) == (None, None)


def test_why_a_request_was_refused_is_told_to_the_developer_and_to_nobody_else(world: World) -> None:
    alice = world.browser()
    client_id = shown(register(alice, "bank-data").text, "client-id")
    path = f"/developer/apps/{client_id}"
    assert "Nothing was refused lately" in alice.get(path).text
    with world.hub.db.write() as session:
        session.add(
            RefusedRequest(
                id=new_id(),
                client_id=client_id,
                at=world.hub.clock(),
                endpoint="par",
                error="invalid_client",
                description="The aud is <not> ours.",
                proven=False,
                interaction_id="6d0e4a51-0000-4000-8000-000000000001",
            )
        )
    text = alice.get(path).text
    for told in ("invalid_client", "The aud is &lt;not&gt; ours.", "had not proved itself", "6d0e4a51-0000"):
        assert told in text
    assert world.browser(world.charlie).get(path).status_code == 404


def test_the_guide_has_the_values_of_ones_own_apps(world: World) -> None:
    alice = world.browser()
    ids = [shown(register(alice, purpose).text, "client-id") for purpose in ("sign-in", "bank-data")]
    text = alice.get("/developer/guide").text
    assert all(client_id in text for client_id in ids)
    assert "YOUR_CLIENT_ID" in world.stranger().get("/developer/guide").text


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


def configured(world: World, **settings: Any) -> None:
    """The same hub with other settings."""
    changed = replace(world.hub, settings=replace(world.hub.settings, **settings))
    world.app.extensions["rialto"] = changed


def test_an_app_for_data_comes_with_somebodys_word_where_the_operator_wants_it(world: World) -> None:
    alice = world.browser()
    assert "software_statement" not in alice.get("/developer/new/bank-data").text
    configured(world, require_software_statement=1)
    assert "with the word of a directory" in alice.get("/developer/new/bank-data").text
    assert "software_statement" not in alice.get("/developer/new/sign-in").text
    for statement in ("", "not.a.statement"):
        answer = register(alice, "bank-data", software_statement=statement)
        assert (answer.status_code, '<a href="#software_statement">' in answer.text) == (422, True), statement
    assert register(alice, "sign-in").status_code == 200


def test_a_person_has_so_many_apps_and_no_more(world: World) -> None:
    """Alice owns one already; whoever deletes one waits a day for its place."""
    alice = world.browser()
    configured(world, apps_per_developer=2)
    client_id = shown(register(alice, "sign-in").text, "client-id")
    full = register(alice, "sign-in")
    assert (full.status_code, "Retry-After" in full.headers) == (429, True)
    assert "You have 2 apps, and may have 2" in full.text
    assert register(world.browser(world.charlie), "sign-in").status_code == 200
    alice.get(f"/developer/apps/{client_id}")
    alice.post(f"/developer/apps/{client_id}/delete", {"confirm": "Nest Egg"})
    assert register(alice, "sign-in").status_code == 429
    world.clock.advance(days=1, seconds=1)
    assert register(world.browser(), "sign-in").status_code == 200


def test_whoever_finds_a_browser_open_moves_no_answers(world: World) -> None:
    alice = world.browser()
    client_id = shown(register(alice, "sign-in").text, "client-id")
    path = f"/developer/apps/{client_id}"
    alice.get(path)
    world.clock.advance(seconds=601)
    answer = alice.post(path, {"redirect_uris": "https://evil.example/cb"})
    assert answer.headers["Location"] == f"/login?next=%2Fdeveloper%2Fapps%2F{client_id}&fresh=1"
    assert row(world, client_id).redirect_uris == GOOD["redirect_uris"].splitlines()


CIBA, DEVICE = "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:device_code"
CALLED_AT = "https://nest.example/ping"
WAYS: list[tuple[tuple[str, ...], str, set[str], set[str], dict[str, Any]]] = [
    ((), "", set(), set(), {"backchannel_token_delivery_mode": None}),
    (("own",), "", {"client_credentials"}, set(), {}),
    (("device",), "", {DEVICE}, set(), {}),
    (("elsewhere",), "", {CIBA}, set(), {"backchannel_token_delivery_mode": "poll"}),
    (
        ("elsewhere", "device"),
        CALLED_AT,
        {CIBA, DEVICE},
        set(),
        {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": CALLED_AT},
    ),
    (("grant_management_query",), "", {"client_credentials"}, {"grant_management_query"}, {}),
]


@pytest.mark.parametrize(("ways", "called_at", "grants", "scopes", "told"), WAYS, ids=range(len(WAYS)))
def test_an_app_may_do_more_than_send_a_browser(
    world: World, ways: tuple[str, ...], called_at: str, grants: set[str], scopes: set[str], told: dict[str, Any]
) -> None:
    alice = world.browser()
    alice.get("/developer/new/bank-data")
    fields = [*(GOOD | {"proof": "made", "notified_at": called_at}).items(), *(("scope", one) for one in DATA)]
    answer = alice.post("/developer/new/bank-data", fields + [("way", one) for one in ways])
    client = row(world, shown(answer.text, "client-id"))
    assert set(client.grant_types) == {"authorization_code"} | grants
    assert set(client.scopes) == set(DATA) | scopes
    assert {name: client.registration.get(name) for name in told} == told


def test_what_does_not_go_together_is_said_and_what_was_ticked_is_kept(world: World) -> None:
    alice = world.browser()
    alice.get("/developer/new/sign-in")
    fields = [*(GOOD | {"proof": "public"}).items(), ("scope", "openid"), ("way", "own"), ("way", "elsewhere")]
    answer = alice.post("/developer/new/sign-in", fields)
    assert (answer.status_code, '<a href="#way">' in answer.text) == (422, True)
    assert re.search(r'name="way" value="elsewhere" checked', answer.text)
    called = [*(GOOD | {"proof": "made", "notified_at": "http://nest.example/"}).items(), ("scope", "openid")]
    answer = alice.post("/developer/new/sign-in", [*called, ("way", "elsewhere")])
    assert (answer.status_code, '<a href="#notified_at">' in answer.text) == (422, True)
