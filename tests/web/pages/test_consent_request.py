"""The consent screen: plain words, nothing ticked beforehand, and no form that can take more than was asked."""

import json
from datetime import timedelta
from typing import Any

import pytest

from consent.model import PAYMENT_LIFE, Permission
from hub.consents import service
from hub.consents.succession import grant_id_of
from hub.models.ledger import Account
from hub.oauth.clients import Registered
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


PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "GBP", "amount": "1230.50"},
    "creditorName": "Merchant <A>",
    "creditorAccount": {"iban": "DE02100100109307118603"},
}


def paying(world: World, **changes: Any) -> str:
    """The path of a page that asks for that payment."""
    client = world.register()
    with world.hub.db.write() as session:
        row = session.merge(client.client)
        row.scopes = [*row.scopes, "payments:write"]
    return world.ask(Registered(row, None), scope="openid", authorization_details=json.dumps([PAYMENT | changes]))


def pays(account: str, **more: str) -> list[tuple[str, str]]:
    given = {"account": account, "decision": "approve"} | more
    return list(given.items())


def test_a_payment_says_how_much_to_whom_and_asks_for_one_account(world: World) -> None:
    alice, request = world.browser(), paying(world)
    page = alice.get(request).text
    assert "pay 1,230.50 GBP to “Merchant &lt;A&gt;” for you." in page
    assert "IBAN DE02 1001 0010 9307 1186 03" in page
    assert page.count('type="radio" name="account"') == 3
    assert 'type="checkbox" name="account"' not in page
    assert "You can stop this at any time" not in page
    assert 'name="duration"' not in page
    assert alice.post(request, pays(world.current)).status_code == 303
    assert "Pay 1,230.50 GBP to “Merchant &lt;A&gt;”" in alice.get("/consents").text


def test_a_payment_form_that_was_tampered_with_pays_nothing(world: World) -> None:
    alice, request = world.browser(), paying(world, debtorAccount={"id": world.current})
    page = alice.get(request).text
    assert page.count('type="radio" name="account"') == 1
    wrong = [
        [("decision", "approve")],
        pays(world.giro),
        [("account", world.current), *pays(world.giro)],
        pays("0192f0c1-0000-7000-8000-000000000000"),
    ]
    for form in wrong:
        assert alice.post(request, form).status_code == 422, form
    assert "Nobody sees anything" in alice.get("/consents").text
    alice.get(request)
    # What the form says of permissions, spans and days beside it changes nothing.
    more = {f"permission:{world.current}": "transactions:read", "history": "365", "duration": "180"}
    assert alice.post(request, pays(world.current, **more)).status_code == 303
    with world.hub.db.read() as session:
        given = service.load(session, only_consent(world))
    assert dict(given.accounts) == {world.current: frozenset({Permission.PAYMENTS_WRITE})}
    assert given.valid_until == world.hub.clock() + PAYMENT_LIFE


def test_who_pays_is_asked_right_under_the_payment(world: World) -> None:
    page = world.browser().get(paying(world)).text
    assert page.index("Merchant &lt;A&gt;") < page.index("Which account pays?") < page.index("What this allows")
    reading = world.browser().get(world.ask()).text
    assert reading.index("It will get") < reading.index("Which accounts?")


@pytest.mark.parametrize(
    ("held", "named"),
    [
        (["UK.SCAN", "20-20-15 55555555"], {"iban": "GB33BUKB20201555555555"}),
        (["IBAN", "GB33 BUKB 2020 1555 5555 55"], {"scheme": "UK.SCAN", "identification": "20201555555555"}),
    ],
)
def test_a_british_account_pays_by_whichever_name_the_app_knows_it(
    world: World, held: list[str], named: dict[str, str]
) -> None:
    with world.hub.db.write() as session:
        session.get_one(Account, world.current).identifiers = [{"scheme": held[0], "value": held[1]}]
    alice, request = world.browser(), paying(world, debtorAccount=named)
    assert alice.get(request).text.count('type="radio" name="account"') == 1
    assert alice.post(request, pays(world.giro)).status_code == 422
    assert alice.post(request, pays(world.current)).status_code == 303


def test_a_payer_that_is_not_among_them_can_only_be_refused(world: World) -> None:
    alice, request = world.browser(), paying(world, debtorAccount={"iban": "GB82WEST12345698765432"})
    page = alice.get(request).text
    assert "The account that should pay is not among yours here" in page
    assert "disabled" in page
    assert alice.post(request, pays(world.current)).status_code == 422
    assert query_of(alice.post(request, {"decision": "deny"}).headers["Location"])["error"] == "access_denied"


def test_what_the_app_would_like_is_marked_and_not_ticked(world: World) -> None:
    wish = {
        "type": "account_information",
        "permissions": ["transactions:read"],
        "accounts": [{"iban": "DE89370400440532013000"}],
        "historyFrom": "2026-06-01",
        "validUntil": "2026-12-24T00:00:00Z",
    }
    alice = world.browser()
    request = world.ask(scope="openid", authorization_details=json.dumps([wish]))
    page = alice.get(request).text
    assert page.count("The app would like this one") == 1
    assert "Since 1 June 2026" in page
    assert "Until 24 December 2026" in page
    for line in page.splitlines():
        assert not ('name="account"' in line and "checked" in line)
    assert alice.post(request, world.picks(world.current, permissions=["transactions:read"])).status_code == 303
    with world.hub.db.read() as session:
        given = service.load(session, only_consent(world))
    assert (str(given.history_from), str(given.valid_until.date())) == ("2026-06-01", "2026-12-24")


def test_the_page_says_what_becomes_of_what_was_allowed_before(world: World) -> None:
    alice = world.browser()
    first = world.consent(world.current, browser=alice)
    with world.hub.db.read() as session:
        grant_id = grant_id_of(session, first)
    request = world.ask(scope="openid profile", grant_management_action="replace", grant_id=grant_id)
    assert "Whatever you do not allow again ends." in alice.get(request).text
    assert alice.post(request, {"decision": "approve"}).status_code == 303
    assert "Replaced by a newer one" in alice.get(f"/consents/{first}").text
