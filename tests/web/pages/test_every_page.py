"""What holds for all pages: they render, they are the person's own, and their forms come from us."""

import pytest

from hub.errors import DomainError
from tests.web.pages.world import Browser, World

PUBLIC = [
    "/login",
    "/register",
    "/recover",
    "/recover/sent",
    "/developer/guide",
    "/docs/api",
    "/docs/problems",
    "/banks",
    "/banks/n26_de",
    "/banks/albion",
    "/status",
    "/logged-out",
]
ALICES = [
    "/",
    "/account",
    "/account/password",
    "/account/email",
    "/account/logins",
    "/account/password/set",
    "/logout",
    "/approvals",
    "/approvals/allowed",
    "/approvals/denied",
    "/device",
    "/device/allowed",
    "/device/denied",
    "/connect",
    "/connect/albion",
    "/connections/{albion}",
    "/connections/{albion}/disconnect",
    "/accounts/{current}",
    "/transactions/{transaction}",
    "/consents",
    "/consents/{consent}",
    "{request}",
    "/developer",
    "/developer/new",
    "/developer/apps/{client}",
    "/account/email/verify/{verify}",
    "/account/email/confirm/{change}",
]
GONE_FOR_OTHERS = [
    "/account/email/verify/{verify}",
    "/account/email/confirm/{change}",
    "/connections/{albion}",
    "/connections/{albion}/disconnect",
    "/accounts/{current}",
    "/transactions/{transaction}",
    "/consents/{consent}",
    "{request}",
    "/developer/apps/{client}",
]
POSTS = [
    "/login",
    "/register",
    "/logout",
    "/account/password",
    "/account/email",
    "/account/email/resend",
    "/account/logins/link",
    "/account/logins/confirm",
    "/account/logins/unlink",
    "/account/password/set",
    "/login/with/lagoon",
    "/login/upstream",
    "/account/email/verify/{verify}",
    "/account/email/confirm/{change}",
    "/email/undo/{undo}",
    "/recover",
    "/recover/{reset}",
    "/recover/factors",
    "/recover/factors/keep/{keep_factors}",
    "/account/sessions/revoke-all",
    "/connect/albion",
    "/approvals/x",
    "/device",
    "/connections/{albion}/renew",
    "/connections/{albion}/disconnect",
    "{request}",
    "/consents/{consent}/revoke",
    "/developer/new/sign-in",
    "/developer/new/bank-data",
    "/developer/apps/{client}",
    "/developer/apps/{client}/secret",
    "/developer/apps/{client}/keys",
    "/developer/apps/{client}/keys/remove",
    "/developer/apps/{client}/delete",
]
BY_LINK_ALONE = {"/email/undo/{undo}", "/recover/{reset}", "/recover/factors/keep/{keep_factors}"}
"""Whoever has the mail may: the link in it is the proof."""
FOREIGN_POSTS = [path for path in POSTS if "{" in path and path not in BY_LINK_ALONE]
BEFORE_LOGIN = {"/login", "/register", "/recover"}


def places(world: World) -> dict[str, str]:
    alice = world.browser()
    consent, transaction, request = world.consent(), world.a_transaction(alice), world.ask(prompt="consent")
    alice.get(request)  # from now on the request is hers
    return {
        "albion": world.albion,
        "current": world.current,
        "transaction": transaction,
        "consent": consent,
        "request": request,
        "client": world.client.client.client_id,
        **world.mailed_links(),
    }


def test_every_page_renders_for_alice(world: World) -> None:
    alice, known = world.browser(), places(world)
    for path in ALICES:
        answer = alice.get(path.format(**known))
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "alice@people.example" in answer.text or "Alice" in answer.text or "Who sees" in answer.text, path


def test_every_page_renders_for_somebody_who_has_nothing_yet(world: World) -> None:
    charlie = world.browser(world.charlie)
    for path in (path for path in ALICES if "{" not in path):
        assert charlie.get(path).status_code == 200, path


def test_public_pages_need_nobody(world: World) -> None:
    nobody = world.stranger()
    for path in [*PUBLIC, "/"]:
        assert nobody.get(path).status_code == 200, path


def test_without_a_login_every_page_of_a_person_leads_to_the_login_and_back(world: World) -> None:
    nobody, known = world.stranger(), places(world)
    for path in (path.format(**known) for path in ALICES if path not in {"/", "/logout"}):
        answer = nobody.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login?next=%2F"), path


def test_charlie_finds_none_of_alices_pages(world: World) -> None:
    charlie, known = world.browser(world.charlie), places(world)
    for path in GONE_FOR_OTHERS:
        assert charlie.get(path.format(**known)).status_code == 404, path
        assert world.browser().get(path.format(**known)).status_code == 200, path


def test_charlie_can_send_none_of_alices_forms(world: World) -> None:
    charlie, known = world.browser(world.charlie), places(world)
    for path in FOREIGN_POSTS:
        charlie.get("/developer/new/sign-in")
        sent = {"confirm": "Budget Buddy", "redirect_uris": "https://evil.example/cb", "decision": "approve"}
        assert charlie.post(path.format(**known), sent).status_code == 404, path
    alice = world.browser()
    assert "Stop access now" in alice.get(f"/consents/{known['consent']}").text
    assert "https://evil.example" not in alice.get(f"/developer/apps/{known['client']}").text


def test_a_stranger_is_told_the_same_as_of_a_thing_that_never_was(world: World) -> None:
    charlie, known = world.browser(world.charlie), places(world)
    for path in GONE_FOR_OTHERS:
        real = charlie.get(path.format(**known)).text
        never = charlie.get(path.format(**dict.fromkeys(known, "/consent/never-was" if path == "{request}" else "x")))
        assert never.status_code == 404
        strip = "give this reference"
        assert real.split(strip)[0] == never.text.split(strip)[0], path


FORGERIES: list[tuple[str | None, dict[str, str]]] = [
    ("", {}),
    ("forged", {}),
    (None, {"Sec-Fetch-Site": "cross-site"}),
    (None, {"Sec-Fetch-Site": "same-site"}),
    (None, {"Origin": "https://evil.example"}),
]


def test_a_form_that_is_not_ours_changes_nothing(world: World) -> None:
    """``None`` is the right token, in a form that the browser says was sent from elsewhere."""
    known = places(world)
    for path in POSTS:
        browser = _at_a_form(world, path)
        right = browser.token
        for token, headers in FORGERIES:
            answer = browser.post(path.format(**known), {}, token=right if token is None else token, headers=headers)
            assert answer.status_code == 400, (path, token, headers)
            assert "This form" in answer.text
    assert "Stop access now" in world.browser().get(f"/consents/{known['consent']}").text


def test_the_token_of_another_person_is_worth_nothing(world: World) -> None:
    charlie, alice = world.browser(world.charlie), world.browser()
    charlie.get("/account")
    assert alice.post("/account/sessions/revoke-all", token=charlie.token).status_code == 400
    assert alice.get("/account").status_code == 200


def _at_a_form(world: World, path: str) -> Browser:
    """A browser that has seen a form: before login where the form is for that, else as Alice."""
    browser = world.stranger() if path in BEFORE_LOGIN else world.browser()
    browser.get(path if path in BEFORE_LOGIN else "/account")
    return browser


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/account"), ("GET", "/account/sessions/revoke-all"), ("DELETE", "/consents")]
)
def test_other_methods_are_refused(world: World, method: str, path: str) -> None:
    alice = world.browser()
    alice.get("/account")
    answer = alice.client.open(path, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"]


def test_an_address_that_does_not_exist_still_knows_who_is_there(world: World) -> None:
    answer = world.browser().get("/no-such-page")
    assert answer.status_code == 404
    assert "Who sees what" in answer.text
    assert "Log in" in world.stranger().get("/no-such-page").text


def test_a_form_that_is_too_large_is_refused(world: World) -> None:
    alice = world.browser()
    alice.get("/developer/new/sign-in")
    assert alice.post("/developer/new/sign-in", {"name": "x" * 300_000}).status_code == 413


def test_a_field_that_comes_twice_is_refused(world: World) -> None:
    nobody = world.stranger()
    nobody.get("/login")
    sent = [("email", "alice@people.example"), ("email", "bob@people.example"), ("password", "x")]
    assert nobody.post("/login", sent).status_code == 400


def test_a_message_is_shown_once_and_only_from_our_own_words(world: World) -> None:
    alice = world.browser()
    consent = world.consent(browser=alice)
    assert alice.post(f"/consents/{consent}/revoke").headers["Location"] == "/consents"
    assert "Access ended" in alice.get("/consents").text
    assert "Access ended" not in alice.get("/consents").text
    alice.client.set_cookie("rialto_flash", "<b>you have won</b>")
    assert "you have won" not in alice.get("/consents").text


def test_every_problem_type_is_explained(world: World) -> None:
    text = world.stranger().get("/docs/problems").text
    for kind in DomainError.__subclasses__():
        assert f'id="{kind.kind.slug}"' in text
    assert 'id="http"' in text
    assert 'id="error"' in text


def test_the_api_reference_is_made_from_the_routes(world: World) -> None:
    text = world.stranger().get("/docs/api").text
    assert "/v1/accounts" in text
    assert "transactions:read" in text
    assert "1 to 500; else 100" in text
    assert "Changes a page." in text


def test_health_needs_nobody_and_readiness_looks_at_the_schema(world: World) -> None:
    nobody = world.stranger()
    assert nobody.get("/livez").text == "ok"
    assert nobody.get("/readyz").text == "ok"


def test_pages_let_forms_end_here_and_nowhere_else(world: World) -> None:
    alice = world.browser()
    assert "form-action 'self';" in alice.get("/account").headers["Content-Security-Policy"]
    policy = alice.get("/connect/albion").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:8101;" in policy
    policy = alice.get(world.ask()).headers["Content-Security-Policy"]
    assert "form-action 'self' https://buddy.example;" in policy
