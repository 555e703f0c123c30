"""RP-Initiated Logout 1.0 by the conformance suite's modules (oidcc-rp-initiated-logout-*), and an attacker's tries."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.oauth.oidc.provider import CALLBACK, GOODBYE, Browser, Provider

STATE = "s" * 1200


def stays(response: TestResponse) -> bool:
    """An error page of ours, that leads nowhere."""
    return response.status_code == 400 and 'id="error-title"' in response.text and "Location" not in response.headers


def leave(browser: Browser, **query: str) -> TestResponse:
    """The request and the person's yes."""
    page = browser.get("/oauth/logout", **query)
    assert page.status_code == 200, page.text
    return browser.press(page, "logout-confirm")


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(op: Provider) -> None:
    told = op.stranger().get("/.well-known/openid-configuration").get_json()
    assert told["end_session_endpoint"] == op.hub.settings.base_url + "/oauth/logout"
    assert told["subject_types_supported"] == ["pairwise"]


def test_oidcc_rp_initiated_logout(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    assert "code" in op.silent(alice)
    page = alice.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state=STATE)
    assert "Shop" in page.text
    assert "form-action 'self' https://shop.example;" in page.headers["Content-Security-Policy"]
    assert op.is_signed_in(alice)  # the request alone ends nothing
    done = alice.press(page, "logout-confirm")
    assert (done.status_code, done.headers["Location"]) == (303, f"{GOODBYE}?state={STATE}")
    assert not op.is_signed_in(alice)
    assert op.silent(alice)["error"] == "login_required"


def test_oidcc_rp_initiated_logout_no_state(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    assert leave(alice, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).headers["Location"] == GOODBYE


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/other",
        "https://evil.example/goodbye",
        CALLBACK,
        GOODBYE + "/",
        GOODBYE.upper(),
        "javascript:alert(1)",
        "//evil.example",
        "/account",
    ],
)
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(op: Provider, uri: str) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    assert stays(alice.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=uri, state="x"))
    assert op.is_signed_in(alice)
    assert stays(op.stranger().get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=uri))


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    assert stays(alice.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE + "?foo=bar"))


def test_a_query_that_was_registered_stays(op: Provider) -> None:
    shop = op.register(post_logout_redirect_uris=[GOODBYE + "?tenant=1"])
    alice = op.browser()
    hint = op.sign_in(alice, shop)["id_token"]
    done = leave(alice, id_token_hint=hint, post_logout_redirect_uri=GOODBYE + "?tenant=1", state="s")
    assert done.headers["Location"] == GOODBYE + "?tenant=1&state=s"


def test_oidcc_rp_initiated_logout_modified_id_token_hint(op: Provider) -> None:
    alice = op.browser()
    header, body, signature = op.sign_in(alice)["id_token"].split(".")
    for bad in (
        f"{header}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        f"{header}.{body}.{signature[:-6]}AAAAAA",
        f"eyJhbGciOiJub25lIn0.{body}.",
    ):
        assert stays(alice.get("/oauth/logout", id_token_hint=bad, post_logout_redirect_uri=GOODBYE, state="x"))
    assert op.is_signed_in(alice)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(op: Provider) -> None:
    alice = op.browser()
    tokens = op.sign_in(alice)
    for bad in ("bad.token", "x", tokens["access_token"]):
        assert stays(alice.get("/oauth/logout", id_token_hint=bad, post_logout_redirect_uri=GOODBYE))


def test_oidcc_rp_initiated_logout_no_id_token_hint(op: Provider) -> None:
    """Nobody vouches for the address: the person is asked, and stays here."""
    alice = op.browser()
    op.sign_in(alice)
    done = leave(alice, post_logout_redirect_uri=GOODBYE, state="x")
    assert done.headers["Location"] == "/logged-out"
    assert not op.is_signed_in(alice)


def test_oidcc_rp_initiated_logout_no_params(op: Provider) -> None:
    alice = op.browser()
    op.sign_in(alice)
    assert leave(alice).headers["Location"] == "/logged-out"
    assert "You are logged out" in alice.get("/logged-out").text
    assert op.silent(alice)["error"] == "login_required"


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    assert leave(alice, id_token_hint=hint, state="x").headers["Location"] == "/logged-out"
    assert not op.is_signed_in(alice)


def test_oidcc_rp_initiated_logout_only_state(op: Provider) -> None:
    alice = op.browser()
    op.sign_in(alice)
    assert leave(alice, state="x", ui_locales="fr it", logout_hint="alice").headers["Location"] == "/logged-out"
    assert not op.is_signed_in(alice)


def test_a_client_may_name_itself_instead_of_sending_a_hint(op: Provider) -> None:
    alice = op.browser()
    done = leave(alice, client_id=op.shop.id, post_logout_redirect_uri=GOODBYE, state="x")
    assert done.headers["Location"] == GOODBYE + "?state=x"


def test_a_client_id_that_is_not_the_hints_or_nobodys_is_an_error(op: Provider) -> None:
    alice, other = op.browser(), op.register("Other", post_logout_redirect_uris=[GOODBYE])
    hint = op.sign_in(alice)["id_token"]
    for query in (
        {"id_token_hint": hint, "client_id": other.id, "post_logout_redirect_uri": GOODBYE},
        {"client_id": "nobody", "post_logout_redirect_uri": GOODBYE},
        {"client_id": "nobody"},
    ):
        assert stays(alice.get("/oauth/logout", **query))


def test_an_expired_hint_is_accepted(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    op.clock.advance(seconds=3600)
    assert leave(alice, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).headers["Location"] == GOODBYE


def test_where_nobody_is_signed_in_there_is_nothing_to_ask(op: Provider) -> None:
    hint = op.sign_in(op.browser())["id_token"]
    nobody = op.stranger()
    done = nobody.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="x")
    assert (done.status_code, done.headers["Location"]) == (303, GOODBYE + "?state=x")
    assert nobody.get("/oauth/logout").headers["Location"] == "/logged-out"


def test_it_may_come_by_post_and_then_asks_like_a_get(op: Provider) -> None:
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": GOODBYE, "state": "a b&c", "more": "x" * 2000}
    moved = op.stranger().client.post("/oauth/logout", data=form)  # SameSite=Lax: no cookie comes along
    assert moved.status_code == 303
    assert "xxx" not in moved.headers["Location"]
    page = alice.get(moved.headers["Location"])
    assert alice.press(page, "logout-confirm").headers["Location"] == GOODBYE + "?state=a+b%26c"


def test_a_post_that_is_not_in_order_is_refused_at_once(op: Provider) -> None:
    browser: Any = op.browser().client
    assert stays(browser.post("/oauth/logout", data={"id_token_hint": "x"}))
    assert stays(browser.post("/oauth/logout?state=x", data={"state": "y"}))
    assert stays(browser.post("/oauth/logout", json={"state": "x"}))


def test_a_hint_of_somebody_else_logs_nobody_out_unasked(op: Provider) -> None:
    """Bob's app sends Alice's browser with Bob's token, or the two share a computer."""
    alice, bob = op.browser(), op.browser(op.bob)
    hint = op.sign_in(bob)["id_token"]
    page = alice.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE)
    assert "somebody else" in page.text
    assert "alice@people.example" in page.text
    assert op.is_signed_in(alice)
    assert op.is_signed_in(bob)
    alice.press(page, "logout-confirm")
    assert op.is_signed_in(bob)


def test_no_other_site_can_log_a_person_out(op: Provider) -> None:
    alice = op.browser()
    page = alice.get("/oauth/logout")
    forged = alice.press(page, "logout-confirm", csrf_token="forged")
    assert forged.status_code == 400
    sent = alice.client.post("/oauth/logout/confirm", data={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 400
    assert alice.get("/oauth/logout/confirm").status_code == 405
    assert op.is_signed_in(alice)


def test_the_form_cannot_be_bent_to_lead_elsewhere(op: Provider) -> None:
    """The request stands in hidden fields, which are checked again like any request."""
    alice = op.browser()
    hint = op.sign_in(alice)["id_token"]
    page = alice.get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE)
    assert stays(alice.press(page, "logout-confirm", post_logout_redirect_uri="https://evil.example/"))
    assert stays(alice.press(page, "logout-confirm", id_token_hint="x"))
    assert op.is_signed_in(alice)


@pytest.mark.parametrize(
    "query",
    [
        "state=a&state=b",
        "post_logout_redirect_uri=x&post_logout_redirect_uri=y",
        "state=" + "x" * 5000,
        "state=%00",
        "state=%ff",
        "client_id=%0d%0aSet-Cookie:a=b",
        "&".join(f"p{number}=1" for number in range(100)),
    ],
)
def test_what_cannot_be_read_leads_nowhere(op: Provider, query: str) -> None:
    alice = op.browser()
    assert stays(alice.client.get(f"/oauth/logout?{query}"))
    assert op.is_signed_in(alice)


def test_the_state_cannot_break_out_of_the_page_or_the_header(op: Provider) -> None:
    alice = op.browser()
    page = alice.get("/oauth/logout", client_id=op.shop.id, post_logout_redirect_uri=GOODBYE, state='"><script>x')
    assert "<script>x" not in page.text
    assert alice.press(page, "logout-confirm").headers["Location"] == GOODBYE + "?state=%22%3E%3Cscript%3Ex"


def test_a_client_that_was_deleted_sends_nobody_anywhere(op: Provider) -> None:
    hint = op.sign_in(op.browser())["id_token"]
    with op.hub.db.write() as session:
        session.merge(op.shop.client).deleted_at = op.clock()
    assert stays(op.stranger().get("/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE))


def test_the_plain_logout_of_the_pages_stays(op: Provider) -> None:
    alice = op.browser()
    alice.press(alice.get("/logout"), "logout-confirm")
    assert not op.is_signed_in(alice)
