"""The consent screen: plain words, nothing ticked beforehand, and no form that can take more than was asked."""

from datetime import timedelta

from consent.model import Permission
from hub.consents import service
from tests.web.pages.world import CALLBACK, World, query_of


def only_consent(world: World) -> str:
    """The id of the one consent that Alice gave."""
    text = world.browser().get("/consents").text
    assert text.count("/revoke") == 1
    return text.split('action="/consents/')[1].split("/revoke")[0]


def test_the_screen_says_who_asks_for_what_and_ticks_no_account(world: World) -> None:
    page = world.browser().get(world.ask(purpose="To show where the money goes"))
    assert "Budget Buddy asks to sign you in, and to see your accounts, balances and transactions." in page.text
    assert "To show where the money goes" in page.text
    assert "They cannot move money." in page.text
    assert "Not verified by Rialto" in page.text
    assert "Everyday" in page.text
    assert "£1,250.00" in page.text
    for line in page.text.splitlines():
        assert not ('name="account"' in line and "checked" in line)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_allow_gives_what_was_ticked_and_no_more(world: World) -> None:
    alice = world.browser()
    request = world.ask()
    alice.get(request)
    form = [
        ("account", world.current),
        (f"permission:{world.current}", "balances:read"),
        (f"permission:{world.giro}", "transactions:read"),  # that account is not ticked
        ("history", "30"),
        ("duration", "7"),
        ("decision", "approve"),
    ]
    answer = alice.post(request, form)
    assert answer.status_code == 303
    back = answer.headers["Location"]
    assert back.startswith(CALLBACK + "?")
    assert set(query_of(back)) == {"code", "state", "iss"}
    with world.hub.db.read() as session:
        given = service.load(session, only_consent(world))
    now = world.hub.clock()
    assert dict(given.accounts) == {world.current: frozenset({Permission.BALANCES_READ})}
    assert given.personal == {Permission.SIGN_IN}
    assert given.valid_until == now + timedelta(days=7)
    assert given.history_from == now.date() - timedelta(days=30)
    assert "You allowed an app: Budget Buddy" in alice.get("/account").text
    again = alice.get(request)
    assert again.status_code == 409
    assert "answered this request already" in again.text
    assert alice.post(request, form, token="x").status_code in {400, 409}


def test_deny_tells_the_app_and_leaves_nothing(world: World) -> None:
    alice = world.browser()
    request = world.ask()
    alice.get(request)
    answer = alice.post(request, {"decision": "deny"})
    assert answer.status_code == 303
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    assert "Nobody sees anything" in alice.get("/consents").text
    assert "You refused an app: Budget Buddy" in alice.get("/account").text


def test_a_no_stays_a_no_although_another_window_said_yes_meanwhile(world: World) -> None:
    alice = world.browser()
    late = world.ask()
    alice.get(late)
    token = alice.token
    world.consent(world.current, browser=alice)
    answer = alice.post(late, {"decision": "deny"}, token=token)
    assert query_of(answer.headers["Location"])["error"] == "access_denied"


def test_a_form_that_was_tampered_with_gives_nothing_and_says_why(world: World) -> None:
    alice, dora = world.browser(), world.person("Dora")
    foreign = world.connect("albion", psu_id=dora)
    good = world.picks(world.current)
    cases: list[tuple[list[tuple[str, str]], str]] = [
        (world.picks(foreign), "not among yours"),
        (world.picks("no-such-account"), "not among yours"),
        (world.picks(world.current, permissions=["payments:write"]), "More was chosen"),
        (world.picks(world.current, permissions=["parties:read"]), "More was chosen"),
        (world.picks(world.current, permissions=["openid"]), "More was chosen"),
        (world.picks(world.current, permissions=[]), "nothing is ticked"),
        (world.picks(world.current, duration="9999"), "not on offer"),
        (world.picks(world.current, duration="-1"), "not on offer"),
        (world.picks(world.current, duration="365"), "not on offer"),
        (world.picks(world.current, history="9999"), "not on offer"),
        (world.picks(world.current, history="all"), "not on offer"),
        (world.picks(), "Choose at least one account"),
        (world.picks(world.current, decision=""), "Choose Allow or Deny"),
        (world.picks(world.current, decision="maybe"), "Choose Allow or Deny"),
        ([*good, ("account", world.current)], "could not be read"),
        ([*good, ("duration", "7")], "could not be read"),
    ]
    request = world.ask()
    alice.get(request)
    for form, why in cases:
        answer = alice.post(request, form)
        assert answer.status_code == 422, why
        assert why in answer.text
        assert 'role="alert"' in answer.text
    assert alice.post(request, [*good, ("decision", "deny")]).status_code == 400
    assert "Nobody sees anything" in alice.get("/consents").text


def test_what_was_ticked_survives_an_error(world: World) -> None:
    alice = world.browser()
    request = world.ask()
    alice.get(request)
    form = [("account", world.giro), ("history", "90"), ("duration", "30"), ("decision", "approve")]
    text = alice.post(request, form).text
    assert f'value="{world.giro}" aria-describedby="accounts-hint" checked' in text
    assert f'value="{world.current}" aria-describedby="accounts-hint">' in text
    assert 'name="history" value="90" checked' in text
    assert 'name="duration" value="30" checked' in text


def test_no_span_longer_than_asked_is_on_offer(world: World) -> None:
    text = world.browser().get(world.ask(history_days="60", consent_days="20")).text
    offered = [line.split('value="')[1].split('"')[0] for line in text.splitlines() if 'type="radio"' in line]
    assert offered == ["asked", "30", "asked", "7", "1"]


def test_a_login_asks_for_no_account(world: World) -> None:
    charlie = world.browser(world.charlie)
    request = world.ask(scope="openid email")
    page = charlie.get(request)
    assert "Which accounts?" not in page.text
    assert 'name="account"' not in page.text
    answer = charlie.post(request, {"decision": "approve"})
    assert "code" in query_of(answer.headers["Location"])


def test_the_second_time_the_app_is_answered_without_a_question(world: World) -> None:
    alice = world.browser()
    world.consent(world.current, browser=alice)
    answer = alice.get(world.ask())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(CALLBACK)


def test_the_form_of_a_native_app_may_end_there(world: World) -> None:
    for redirect_uri, source in {
        "com.example.buddy:/cb": "com.example.buddy:",
        "http://127.0.0.1:4711/cb": "http://127.0.0.1:4711",
        "http://[::1]:4711/cb": "http:",
    }.items():
        native = world.register(public=True, redirect_uris=[redirect_uri])
        page = world.browser().get(world.ask(native, redirect_uri=redirect_uri))
        assert f"form-action 'self' {source};" in page.headers["Content-Security-Policy"]
