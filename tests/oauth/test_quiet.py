"""Nothing secret is ever written to a log, at whatever level."""

import base64
import logging
from urllib.parse import urlencode

import pytest

from hub.oauth.interaction import approve
from tests.oauth.world import CALLBACK, NATIVE_CALLBACK, VERIFIER, World, query_of


def test_a_whole_flow_logs_no_code_token_secret_or_verifier(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {VERIFIER}
    for client, uri in ((world.client, CALLBACK), (world.web, CALLBACK), (world.native, NATIVE_CALLBACK)):
        handle = world.handle(client, redirect_uri=uri)
        choice = world.choice(" ".join(client.client.scopes))
        code = query_of(approve(world.hub, handle, world.person(), choice).url)["code"]
        world.redeem(code, client, redirect_uri=uri, code_verifier="w" * 43)
        answer = world.redeem(code, client, redirect_uri=uri).get_json()
        refreshed = world.refresh(answer["refresh_token"], client).get_json()
        world.userinfo(answer["access_token"])
        world.userinfo("wrong" + answer["access_token"])
        assertion = world.assertion_of(client)["client_assertion"] if client is world.client else code
        world.post("/oauth/token", {"client_assertion": assertion}, client)
        shown = world.shown(answer["access_token"])
        world.app.test_client().get("/oauth/userinfo", headers=shown)
        world.post("/oauth/introspect", {"token": answer["access_token"]})
        world.post("/oauth/revoke", {"token": answer["access_token"]}, client)
        world.post("/oauth/revoke", {"token": answer["refresh_token"]}, client)
        world.app.test_client().get("/oauth/authorize?" + urlencode(world.request_of(client, scope="x")))
        secrets |= {assertion, *shown.values()}
        secrets |= {handle, code, answer["access_token"], answer["refresh_token"], answer["id_token"]}
        secrets |= {refreshed["access_token"], refreshed.get("refresh_token", code)}
        if client.secret is not None:
            secrets.add(client.secret)
            secrets.add(base64.b64encode(f"{client.client.client_id}:{client.secret}".encode()).decode())
    assert caplog.records
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert [secret for secret in secrets if secret in written] == []
    assert [record.name for record in caplog.records if record.name.startswith(("authlib", "joserfc"))] == []


def test_what_holds_a_secret_shows_none_of_it(world: World) -> None:
    assert world.web.secret is not None
    assert world.web.secret not in repr(world.web)
