"""Passkeys, codes and sessions in a real browser, with the virtual authenticator of its developer tools."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Browser, BrowserContext, CDPSession, ViewportSize, sync_playwright

from hub.clock import now
from hub.stack import Stack
from tests.conftest import absent
from tests.web.visit import PASSWORD, Visit, executable, launch

pytestmark = pytest.mark.browser
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=700)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if executable() is None:
        absent("browser", "no Chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """At a name: WebAuthn knows no IP addresses."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(data_dir=folder, host="localhost", sandbox=(), web_workers=1).up() as running:
        yield running


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, to be looked at."""
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder


def authenticator(context: BrowserContext, visit: Visit) -> tuple[CDPSession, str]:
    """One that is built in, verifies its user and touches itself."""
    session = context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


def log_out(visit: Visit) -> None:
    visit.go("/logout")
    visit.page.click("#logout-confirm")
    visit.page.get_by_role("heading", name="You are logged out").wait_for()


def add_passkey(visit: Visit, name: str) -> None:
    visit.go("/account/passkeys")
    visit.page.fill("#name", name)
    visit.page.click("#add-passkey")
    visit.page.get_by_text("Your passkey is added").wait_for()


def test_a_passkey_is_added_and_then_logs_in_without_anything_typed(
    chromium: Browser, stack: Stack, pictures: Path
) -> None:
    context = chromium.new_context(viewport=DESK)
    visit = Visit(context.new_page(), stack)
    session, device = authenticator(context, visit)
    visit.sign_up("typing-nothing@people.example")
    add_passkey(visit, "This laptop")
    (credential,) = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"
    log_out(visit)
    visit.go("/login?next=/account")
    visit.page.screenshot(path=pictures / "login-passkey.png")
    visit.page.click("#passkey")
    visit.page.wait_for_url(f"{stack.url}/account")
    visit.page.get_by_text("Logged in with a security key").wait_for()
    visit.go("/account/passkeys")  # a fresh login by all factors: no question comes between
    visit.page.get_by_text("This laptop").first.wait_for()
    visit.page.click("#add-passkey")  # the same device once more
    visit.page.get_by_text("This device has a passkey of yours already").wait_for()
    assert visit.complaints == []
    assert visit.strayed == []
    context.close()


def test_a_passkey_is_the_second_step_after_a_password(chromium: Browser, stack: Stack, pictures: Path) -> None:
    context = chromium.new_context(viewport=DESK)
    visit = Visit(context.new_page(), stack)
    page = visit.page
    session, device = authenticator(context, visit)
    visit.sign_up("second@people.example")
    add_passkey(visit, "Phone")
    page.click("#make-codes")
    code = page.locator("#codes code").first.inner_text()
    page.click("#done")
    page.wait_for_url(f"{stack.url}/account")
    log_out(visit)
    visit.go("/login?next=/account/passkeys")
    page.fill("#login", "second@people.example")
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.wait_for_url("**/login/second?*")
    page.screenshot(path=pictures / "second-passkey.png")
    visit.go("/account")  # half a login is no login
    page.wait_for_url("**/login?next=*")
    visit.go("/login/second?next=/account/passkeys")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("#passkey")
    page.get_by_text("Nothing happened. You can try again.").wait_for()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.click("#passkey")
    page.wait_for_url(f"{stack.url}/account/passkeys")
    page.get_by_text("last used").wait_for()

    visit.go("/login?fresh=1&acr=phr&next=/consents")  # what a client asks for that needs a passkey
    page.get_by_text("What comes next needs a login that cannot be passed on").wait_for()
    page.click("#passkey")
    page.wait_for_url(f"{stack.url}/consents")

    log_out(visit)  # and with the phone gone
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    visit.go("/login")
    page.fill("#login", "second@people.example")
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.get_by_text("Use a recovery code instead").click()
    page.fill("#recovery-code", code.lower().replace("-", " "))
    page.click("#submit-recovery")
    page.wait_for_url(f"{stack.url}/")
    assert visit.complaints == []
    assert visit.strayed == []
    context.close()


@pytest.mark.parametrize("scripts", [False, True], ids=["without-javascript", "with-javascript"])
def test_an_authenticator_app_and_recovery_codes_need_no_javascript(
    chromium: Browser, stack: Stack, pictures: Path, scripts: bool
) -> None:
    context = chromium.new_context(viewport=DESK, java_script_enabled=scripts, accept_downloads=True)
    visit = Visit(context.new_page(), stack)
    page, email = visit.page, f"app-{scripts}@people.example"
    visit.sign_up(email)
    visit.go("/step-up?acr=urn:rialto:acr:two-factor&next=/consents")
    page.screenshot(path=pictures / "step-up.png")
    page.get_by_text("Add an authenticator app").click()
    page.click("#begin")
    page.screenshot(path=pictures / "authenticator.png", full_page=True)
    seed = re.search(r"secret=([A-Z2-7]+)", page.get_by_text("open it on this phone").get_attribute("href") or "")
    assert seed is not None
    assert page.input_value("#seed").replace(" ", "") == seed[1]
    page.fill("#code", "000000")
    page.click("#submit")
    page.locator("#code-error").wait_for()
    page.fill("#code", _code(seed[1]))
    page.click("#submit")
    page.get_by_text("Your app is added").wait_for()
    page.click("#make-codes")
    page.screenshot(path=pictures / "recovery-codes.png", full_page=True)
    codes = page.locator("#codes code").all_inner_texts()
    with page.expect_download() as download:
        page.click("#download")
    assert set(codes) <= set(download.value.path().read_text().splitlines())
    page.click("#done")
    page.wait_for_url(f"{stack.url}/consents")  # where the step-up was to lead

    log_out(visit)
    visit.go("/login")
    assert page.locator("#passkey").is_visible() == scripts
    page.fill("#login", email)
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.wait_for_url("**/login/second")
    page.screenshot(path=pictures / "second-code.png")
    page.fill("#code", _code(seed[1], ahead_s=30))  # the code of now was used to confirm the app
    page.click("#submit")
    page.wait_for_url(f"{stack.url}/")
    visit.go("/account")
    page.get_by_text("Logged in with a password and a code").wait_for()
    page.screenshot(path=pictures / "account.png", full_page=True)
    assert visit.complaints == []
    assert visit.strayed == []
    context.close()


def test_one_device_logs_another_out(chromium: Browser, stack: Stack) -> None:
    here, there = (chromium.new_context(viewport=DESK, java_script_enabled=False) for _ in range(2))
    laptop, phone = Visit(here.new_page(), stack), Visit(there.new_page(), stack)
    laptop.sign_up("two-devices@people.example")
    phone.go("/login")
    phone.page.fill("#login", "two-devices@people.example")
    phone.page.fill("#password", PASSWORD)
    phone.page.click("#submit")
    phone.page.wait_for_url(f"{stack.url}/")
    laptop.go("/account")
    laptop.page.get_by_text("First login on a device that we had not seen").wait_for()
    assert laptop.page.get_by_text("This device", exact=True).count() == 1
    laptop.page.locator('form[action^="/account/sessions/"][action$="/end"] button').click()
    laptop.page.get_by_text("That device is logged out").wait_for()
    phone.go("/account")
    phone.page.wait_for_url("**/login?next=*")
    for context in (here, there):
        context.close()


def test_the_pages_fit_a_small_phone_and_are_drawn_in_the_dark(chromium: Browser, stack: Stack, pictures: Path) -> None:
    context = chromium.new_context(viewport=PHONE)
    visit = Visit(context.new_page(), stack)
    page = visit.page
    authenticator(context, visit)

    def show(name: str, path: str = "") -> None:
        if path:
            visit.go(path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size(PHONE)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} is {wide} px wider than a small phone"
            page.screenshot(path=pictures / f"{name}-phone-{scheme}.png", full_page=True)
            page.set_viewport_size(DESK)
            page.screenshot(path=pictures / f"{name}-desk-{scheme}.png", full_page=True)

    visit.sign_up("small-phone@people.example")
    show("step-up", "/step-up?acr=urn:rialto:acr:two-factor&next=/consents")
    assert page.get_by_text("Add an authenticator app").count() == 1
    show("step-up-passkey", "/step-up?acr=phr&next=/consents")
    visit.go("/account/authenticator")
    page.click("#begin")
    show("authenticator")
    drawn = page.locator(".steps img").bounding_box()
    assert drawn is not None
    assert (drawn["width"], drawn["height"]) == (220, 220), "a camera cannot read it"
    seed = page.input_value("#seed").replace(" ", "")
    page.fill("#code", _code(seed))
    page.click("#submit")
    page.get_by_text("Your app is added").wait_for()
    show("recovery-codes")
    page.click("#make-codes")
    show("recovery-codes-shown")
    show("authenticator-set-up", "/account/authenticator")
    add_passkey(visit, "A passkey with quite a long name, as people like it")
    show("passkeys")
    show("account", "/account")
    show("login-again", "/login?fresh=1&acr=phr")
    log_out(visit)
    show("login", "/login")
    page.fill("#login", "small-phone@people.example")
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.wait_for_url("**/login/second")
    page.get_by_text("Use a recovery code instead").click()
    show("second-step")
    page.fill("#code", "000000")
    page.click("main form:has(#code) button")
    page.locator("#code-error").wait_for()
    show("second-step-wrong")
    assert visit.complaints == []
    context.close()


def _code(seed: str, *, ahead_s: int = 0) -> str:
    """What an authenticator app makes of the seed."""
    raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    return TOTP(raw, 6, SHA1(), 30).generate(int(now().timestamp()) + ahead_s).decode()  # RFC 6238
