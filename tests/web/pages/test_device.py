"""The pages on which a person lets a device in, or does not."""

import pytest

from hub.models.client import Client
from hub.oauth import grant_types
from tests.web.pages.world import World

SIGN_IN = "openid profile"


@pytest.fixture
def tv(world: World) -> str:
    """The client id of a television."""
    made = world.register(name="Television", public=True, scopes=SIGN_IN.split())
    with world.hub.db.write() as session:
        session.get_one(Client, made.client.client_id).grant_types = [grant_types.DEVICE]
    return made.client.client_id


def begin(world: World, tv: str) -> dict[str, str]:
    answer = world.app.test_client().post(
        "/oauth/device_authorization",
        data={"client_id": tv, "scope": SIGN_IN},
        environ_base={
            "REMOTE_ADDR": "198.51.100.77",
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) <b> Firefox/140.0",
        },
    )
    told: dict[str, str] = answer.get_json()
    return told


def poll(world: World, tv: str, device_code: str) -> dict[str, str]:
    form = {"client_id": tv, "grant_type": grant_types.DEVICE, "device_code": device_code}
    answer: dict[str, str] = world.app.test_client().post("/oauth/token", data=form).get_json()
    return answer


def test_the_code_leads_to_the_question_and_the_yes_to_the_device(world: World, tv: str) -> None:
    told, alice = begin(world, tv), world.browser()
    alice.get("/device")
    entered = alice.post("/device", {"user_code": told["user_code"]})
    assert entered.status_code == 303
    asked = entered.headers["Location"]
    page = alice.get(asked).text
    assert "Television asks" in page
    assert "This was not asked in this browser" in page
    assert "198.51.100.77" in page
    assert "Firefox on Linux" in page
    assert "Either way you go back" not in page
    answered = alice.post(asked, {"decision": "approve"})
    assert (answered.status_code, answered.headers["Location"]) == (303, "/device/allowed")
    assert "Go back to your device" in alice.get("/device/allowed").text
    assert "access_token" in poll(world, tv, told["device_code"])
    assert "You allowed an app: Television" in alice.get("/account").text
    assert alice.post(asked, {"decision": "approve"}, token="x").status_code in {400, 409}


def test_a_no_is_told_to_the_device(world: World, tv: str) -> None:
    told, alice = begin(world, tv), world.browser()
    alice.get("/device")
    asked = alice.post("/device", {"user_code": told["user_code"]}).headers["Location"]
    alice.get(asked)
    assert alice.post(asked, {"decision": "deny"}).headers["Location"] == "/device/denied"
    assert poll(world, tv, told["device_code"])["error"] == "access_denied"


def test_a_link_fills_the_code_in_and_sends_nothing(world: World, tv: str) -> None:
    told, alice = begin(world, tv), world.browser()
    page = alice.get(told["verification_uri_complete"].removeprefix(world.hub.settings.base_url))
    assert f'value="{told["user_code"]}"' in page.text
    assert "Does this code stand on your device?" in page.text
    assert poll(world, tv, told["device_code"])["error"] == "authorization_pending"


def test_the_link_survives_the_login(world: World) -> None:
    answer = world.stranger().get("/device?user_code=WDJB-MJHT")
    assert answer.headers["Location"] == "/login?next=%2Fdevice%3Fuser_code%3DWDJB-MJHT"


def test_a_question_that_bob_opened_is_not_alices(world: World, tv: str) -> None:
    told, charlie = begin(world, tv), world.browser(world.charlie)
    charlie.get("/device")
    asked = charlie.post("/device", {"user_code": told["user_code"]}).headers["Location"]
    alice = world.browser()
    assert alice.get(asked).status_code == 404


def test_a_wrong_code_is_said_to_be_wrong_and_too_many_are_stopped(world: World) -> None:
    alice = world.browser()
    alice.get("/device")
    for _ in range(world.hub.settings.login_failures_before_lock):
        wrong = alice.post("/device", {"user_code": "<b>BBBB-BBBB"})
        assert wrong.status_code == 422
        assert "No device waits with this code" in wrong.text
        assert "<b>" not in wrong.text.split("<form")[1]
    stopped = alice.post("/device", {"user_code": "BBBB-BBBB"})
    assert stopped.status_code == 429
    assert "Too many wrong codes" in stopped.text
    assert int(stopped.headers["Retry-After"]) > 0
