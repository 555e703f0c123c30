"""The pages of a person's factors, as a browser and as an attacker's browser sees them."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher

from hub.identity import activity, passwords
from hub.identity.activity import Kind
from hub.identity.assurance import PHISHING_RESISTANT, TWO_FACTOR
from hub.identity.factors import totp
from hub.identity.origin import UNKNOWN
from hub.models.psu import Psu
from hub.settings import Settings
from tests.identity.factors.authenticator import ORIGIN, Authenticator
from tests.people import PASSWORD
from tests.web.pages.world import Browser, World

STEP_UP = f"/login?next=/consents&fresh=1&acr={quote(TWO_FACTOR, safe='')}"
LOGIN = {"email": "alice@people.example", "password": PASSWORD, "next": "/consents"}
FORGERIES: list[tuple[str | None, dict[str, str]]] = [
    ("", {}),
    ("forged", {}),
    (None, {"Sec-Fetch-Site": "cross-site"}),
    (None, {"Origin": "https://evil.example"}),
]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "var", base_url=ORIGIN)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODY", passwords._nobody())
    password_hash = passwords.hash_password(PASSWORD)
    with world.hub.db.write() as session:
        for psu_id in (world.alice, world.charlie):
            session.get_one(Psu, psu_id).password_hash = password_hash


def add_passkey(browser: Browser, key: Authenticator, *, name: str = "Phone") -> None:
    browser.get("/account/passkeys")
    token = browser.token
    asked = json.loads(browser.post("/account/passkeys/options").text)
    made = browser.post("/account/passkeys", {"credential": key.make(asked), "name": name}, token=token)
    assert made.status_code == 303, made.text


def add_app(world: World, browser: Browser, *, next_path: str = "") -> bytes:
    browser.get(f"/account/authenticator?next={next_path}")
    shown = browser.get(browser.post("/account/authenticator/begin", {"next": next_path}).headers["Location"])
    seed = _seed(shown.text)
    done = browser.post("/account/authenticator", {"code": code(world, seed), "next": next_path})
    assert done.status_code == 303, done.text
    return seed


def _seed(page: str) -> bytes:
    found = re.search(r"secret=([A-Z2-7]+)", page)
    assert found
    return base64.b32decode(found[1])


def code(world: World, seed: bytes) -> str:
    return totp.code_at(seed, totp.step_of(world.clock()))


def first_step(world: World, path: str = "/login", **changes: str) -> Browser:
    browser = world.stranger()
    browser.get(path)
    sent = browser.post("/login", LOGIN | changes)
    assert sent.headers["Location"].startswith("/login/second"), sent.headers["Location"]
    return browser


def test_who_has_no_second_factor_is_offered_one_and_goes_on_afterwards(world: World) -> None:
    alice = world.browser()
    page = alice.get(STEP_UP)
    assert f'name="acr" value="{TWO_FACTOR}"' in page.text
    wrong = alice.post("/login", LOGIN | {"password": "not this one at all", "acr": TWO_FACTOR})
    assert f'name="acr" value="{TWO_FACTOR}"' in wrong.text, "a slip of the finger must not lower what is asked for"
    offered = alice.post("/login", LOGIN | {"acr": TWO_FACTOR}).headers["Location"]
    assert offered.startswith("/step-up?next=%2Fconsents&acr=urn")
    text = alice.get(offered).text
    assert 'href="/account/authenticator?next=/consents"' in text
    assert 'href="/account/passkeys?next=' in text
    add_app(world, alice, next_path="/consents")
    assert alice.get(offered).headers["Location"] == "/consents", "the session has shown both by now"
    assert alice.get(STEP_UP.replace("&fresh=1", "")).headers["Location"] == "/consents"


def test_who_has_one_is_asked_for_it_and_the_wish_survives_every_step(world: World) -> None:
    seed = add_app(world, world.browser())
    world.clock.advance(seconds=30)
    alice = first_step(world, STEP_UP, acr=TWO_FACTOR)
    page = alice.get(f"/login/second?next=/consents&acr={TWO_FACTOR}")
    assert 'name="next" value="/consents"' in page.text
    wrong = alice.post("/login/second", {"code": "000000", "next": "/consents", "acr": TWO_FACTOR})
    assert (wrong.status_code, 'name="next" value="/consents"' in wrong.text) == (422, True)
    right = {"code": code(world, seed), "next": "/consents", "acr": TWO_FACTOR}
    assert alice.post("/login/second", right).headers["Location"] == "/consents"
    assert "Wrong code in the second step" in alice.get("/account").text


def test_a_code_is_not_enough_where_only_a_passkey_will_do(world: World) -> None:
    alice = world.browser()
    seed = add_app(world, alice)
    world.clock.advance(seconds=30)
    again = first_step(world, f"/login?next=/consents&acr={PHISHING_RESISTANT}", acr=PHISHING_RESISTANT)
    again.get("/login/second")
    sent = {"code": code(world, seed), "next": "/consents", "acr": PHISHING_RESISTANT}
    assert again.post("/login/second", sent).headers["Location"] == "/step-up?next=%2Fconsents&acr=phr"
    text = again.get("/step-up?next=/consents&acr=phr").text
    assert "Only a passkey will do" in text
    assert "/account/authenticator" not in text
    add_passkey(again, Authenticator())
    assert again.get("/step-up?next=/consents&acr=phr").headers["Location"] == "/consents"


@pytest.mark.parametrize("acr", ["made-up", "", "PHR", "urn:rialto:acr:two-factor phr", "'\"><script>"])
def test_an_acr_without_meaning_asks_for_nothing(world: World, acr: str) -> None:
    alice = world.browser()
    shown = alice.client.get("/login", query_string={"fresh": "1", "acr": acr})
    assert 'name="acr" value=""' in shown.text
    assert "<script>" not in shown.text.replace("<script src", "")
    assert alice.client.get("/step-up", query_string={"acr": acr}).headers["Location"] == "/"


def test_a_passkey_logs_in_by_the_page_and_only_in_the_browser_that_was_asked(world: World) -> None:
    key = Authenticator()
    add_passkey(world.browser(), key)
    thief, alice = world.stranger(), world.stranger()
    alice.get("/login?next=/consents")
    token = alice.token
    asked = json.loads(alice.post("/login/passkey/options").text)
    credential = key.use(asked)
    thief.get("/login")
    assert thief.post("/login/passkey", {"credential": credential, "next": ""}).status_code == 422
    assert thief.get("/account").status_code == 303
    sent = {"credential": credential, "next": "/consents", "acr": PHISHING_RESISTANT}
    entered = alice.post("/login/passkey", sent, token=token)
    assert entered.headers["Location"] == "/consents"
    assert "Logged in with a security key" in alice.get("/account").text
    alice.get("/login?fresh=1")
    assert alice.post("/login/passkey", sent).status_code == 422, "an answer counts once"


def test_half_a_login_opens_nothing(world: World) -> None:
    add_app(world, world.browser())
    alice = first_step(world)
    half = alice.client.get_cookie("rialto_step")
    assert half is not None
    assert "HttpOnly" in str(alice.page.headers.getlist("Set-Cookie") if alice.page else "")
    for name in ("rialto_session", "rialto_step"):
        thief = world.stranger()
        thief.client.set_cookie(name, half.value)
        for path in ("/account", "/account/passkeys", "/consents", "/step-up", "/account/recovery-codes"):
            assert thief.get(path).headers["Location"].startswith("/login?next="), (name, path)
    alice.get("/login/second")
    for path in (
        "/account/authenticator/remove",
        "/account/recovery-codes",
        "/account/passkeys/options",
        "/account/sessions/revoke-all",
    ):
        assert alice.post(path, {}, token="x").headers["Location"].startswith("/login?next="), path


def test_without_the_first_step_there_is_no_second(world: World) -> None:
    nobody = world.stranger()
    assert nobody.get("/login/second?next=/consents").headers["Location"] == "/login?next=%2Fconsents"
    nobody.get("/login")
    token = nobody.token
    assert nobody.post("/login/second/options", token=token).status_code == 404
    sent = nobody.post("/login/second", {"code": "123456", "next": "", "acr": ""}, token=token)
    assert sent.headers["Location"] == "/login"


@pytest.mark.parametrize("next_path", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_second_step_leads_to_no_other_site(world: World, next_path: str) -> None:
    seed = add_app(world, world.browser())
    world.clock.advance(seconds=30)
    alice = first_step(world, next=next_path)
    alice.get("/login/second")
    sent = {"code": code(world, seed), "next": next_path, "acr": ""}
    assert alice.post("/login/second", sent).headers["Location"] == "/"


OWN = [
    "/account/passkeys",
    "/account/passkeys/options",
    "/account/passkeys/some-id/rename",
    "/account/passkeys/some-id/remove",
    "/account/authenticator",
    "/account/authenticator/begin",
    "/account/authenticator/remove",
    "/account/recovery-codes",
    "/account/recovery-codes/download",
    "/account/sessions/some-id/end",
    "/account/sessions/end-others",
]
BEFORE = ["/login/passkey", "/login/passkey/options", "/login/second", "/login/second/options"]


@pytest.mark.parametrize("path", [*OWN, *BEFORE])
def test_a_form_that_is_not_ours_changes_nothing(world: World, path: str) -> None:
    browser = world.stranger() if path in BEFORE else world.browser()
    browser.get("/login" if path in BEFORE else "/account")
    right = browser.token
    for token, headers in FORGERIES:
        answer = browser.post(path, {}, token=right if token is None else token, headers=headers)
        assert answer.status_code == 400, (token, headers)
        assert "This form" in answer.text


@pytest.mark.parametrize("path", [path for path in OWN if "sessions" not in path])
def test_an_open_session_alone_changes_no_factor(world: World, path: str) -> None:
    """Whoever finds a laptop open has to prove again who they are."""
    alice = world.browser()
    alice.get("/account")
    world.clock.advance(seconds=601)
    sent = alice.post(path, {})
    assert sent.status_code == 303
    assert "fresh=1" in sent.headers["Location"]


def test_a_session_from_before_the_second_factor_changes_nothing_either(world: World) -> None:
    laptop, phone = world.browser(), world.browser()
    add_app(world, laptop)
    assert phone.get("/account").status_code == 303, "the other sessions ended"
    late = world.browser()  # one that only a password opened, as if it had slipped through
    late.get("/account")
    for path in ("/account/passkeys", "/account/recovery-codes", "/account/authenticator"):
        assert "fresh=1" in late.get(path).headers["Location"], path
    late.get("/account")
    assert "fresh=1" in late.post("/account/authenticator/remove").headers["Location"]


def test_nobody_touches_the_factors_and_sessions_of_somebody_else(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    add_passkey(alice, Authenticator())
    found = re.search(r"/account/passkeys/([^/]+)/remove", alice.get("/account/passkeys").text)
    assert found
    second = world.browser()
    sid = re.search(r'action="/account/sessions/([^/"]+)/end"', second.get("/account").text)
    assert sid
    for path in (f"/account/passkeys/{found[1]}/remove", f"/account/passkeys/{found[1]}/rename"):
        charlie.get("/account")
        assert charlie.post(path, {"name": "mine now"}).status_code == 404
    charlie.get("/account")
    charlie.post(f"/account/sessions/{sid[1]}/end")
    assert alice.get("/account").status_code == 200
    assert "mine now" not in alice.get("/account/passkeys").text


def test_codes_are_shown_once_and_downloaded_by_their_owner_only(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    add_app(world, alice)
    add_app(world, charlie)
    alice.get("/account/recovery-codes")
    made = alice.post("/account/recovery-codes", {"next": ""})
    codes = re.findall(r"<code>([0-9A-Z-]+)</code>", made.text)
    assert (len(codes), made.headers["Cache-Control"]) == (10, "no-store")
    file = alice.post("/account/recovery-codes/download", {"codes": " ".join(codes)})
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert set(codes) <= set(file.text.splitlines())
    assert codes[0] not in alice.get("/account/recovery-codes").text
    charlie.get("/account/recovery-codes")
    token = charlie.token
    assert charlie.post("/account/recovery-codes/download", {"codes": codes[0]}, token=token).status_code == 404
    again = first_step(world)
    again.get("/login/second")
    assert "Use a recovery code instead" in again.page.text if again.page else False
    sent = again.post("/login/second", {"recovery_code": codes[0], "next": "/account", "acr": ""})
    assert sent.headers["Location"] == "/account"
    assert "Recovery code used" in again.get("/account").text
    repeated = first_step(world)
    repeated.get("/login/second")
    assert repeated.post("/login/second", {"recovery_code": codes[0], "next": "", "acr": ""}).status_code == 422


def test_one_browser_logs_another_out_and_it_is_written_down(world: World) -> None:
    laptop, phone = world.browser(), world.browser()
    found = re.findall(r'action="/account/sessions/([^/"]+)/end"', laptop.get("/account").text)
    assert len(found) == 1, "this one has no such button"
    assert laptop.post(f"/account/sessions/{found[0]}/end").headers["Location"] == "/account"
    assert phone.get("/account").status_code == 303
    assert "Logged out another device" in laptop.get("/account").text


def test_the_last_factor_goes_with_its_codes_and_the_account_opens_by_the_password_again(world: World) -> None:
    alice = world.browser()
    add_app(world, alice)
    alice.get("/account/recovery-codes")
    alice.post("/account/recovery-codes", {"next": ""})
    alice.get("/account/authenticator")
    assert "your password alone opens your account again" in (alice.page.text if alice.page else "")
    assert alice.post("/account/authenticator/remove").headers["Location"] == "/account"
    text = alice.get("/account").text
    assert "Authenticator app removed" in text
    assert 'id="recovery-codes"' not in text
    again = world.stranger()
    again.get("/login")
    assert again.post("/login", LOGIN).headers["Location"] == "/consents"


def test_every_kind_of_activity_has_its_words(world: World) -> None:
    for kind in Kind:
        with world.hub.db.write() as session:
            activity.write(session, world.alice, kind, origin=UNKNOWN, now=world.clock.advance(seconds=1))
        assert "Something else" not in world.browser().get("/account").text, kind


@pytest.mark.parametrize("change", [{}, {"prompt": "login"}, {"max_age": "0"}])
def test_an_app_that_wants_two_factors_gets_them_from_somebody_who_logs_in_for_it(
    world: World, change: dict[str, str]
) -> None:
    seed = add_app(world, world.browser())
    world.clock.advance(seconds=60)
    request = world.ask(world.register(public=True, scopes=["openid"]), scope="openid", acr_values=TWO_FACTOR, **change)
    world.clock.advance(seconds=1)
    alice = first_step(world, f"/login?next={request}", next=request)
    alice.get("/login/second")
    sent = {"code": code(world, seed), "next": request, "acr": ""}
    assert alice.post("/login/second", sent).headers["Location"] == request
    assert "Budget Buddy" in alice.get(request).text


@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize("change", [{}, {"prompt": "login"}])
def test_whoever_cannot_reach_what_an_app_wants_is_offered_to_and_may_go_on_without(
    world: World, change: dict[str, str], is_signed_in: bool
) -> None:
    alice = world.browser() if is_signed_in else world.stranger()
    world.clock.advance(seconds=60)
    request = world.ask(world.register(public=True, scopes=["openid"]), scope="openid", acr_values=TWO_FACTOR, **change)
    world.clock.advance(seconds=1)
    if not is_signed_in:
        alice.get(f"/login?next={request}")
        assert alice.post("/login", LOGIN | {"next": request}).headers["Location"] == request
    to_login = alice.get(request).headers["Location"]
    assert to_login == f"/login?next={request}&fresh=1&acr={quote(TWO_FACTOR, safe='')}"
    alice.get(to_login)
    offered = alice.post("/login", LOGIN | {"next": request, "acr": TWO_FACTOR}).headers["Location"]
    page = alice.get(offered)
    assert "Add an authenticator app" in page.text
    assert f'id="go-on" href="{request}"' in page.text
    assert "Budget Buddy" in alice.get(request).text, "not in circles"
    charlie = world.browser(world.charlie)
    assert charlie.get(request).status_code == 404
