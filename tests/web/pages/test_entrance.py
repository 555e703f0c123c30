"""Register, log in, prove again, log out; and where a login may lead."""

from itertools import product

from tests import people
from tests.web.pages.world import World, query_of

PASSWORD = people.PASSWORD
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%0d%0aSet-Cookie: a=b\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " /account",
    "account",
    "/" + "a" * 400,
]


def login(**changes: str) -> dict[str, str]:
    return {"email": "dora@people.example", "password": PASSWORD, "next": "/consents"} | changes


def test_from_registration_to_logout_and_back_in(world: World) -> None:
    dora = world.stranger()
    assert 'name="csrf_token"' in dora.get("/register?next=/connect").text
    answer = dora.post(
        "/register", {"name": "Dora", "email": "dora@people.example", "password": PASSWORD, "next": "/connect"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connect")
    assert "Your account is ready" in dora.get("/connect").text
    assert dora.get("/login").headers["Location"] == "/"
    assert dora.get("/register").headers["Location"] == "/"

    dora.get("/logout")
    assert dora.post("/logout").headers["Location"] == "/logged-out"
    assert "You are logged out" in dora.get("/logged-out").text
    assert dora.get("/account").status_code == 303

    dora.get("/login?next=/consents")
    wrong = dora.post("/login", login(password="not this one at all"))
    assert wrong.status_code == 422
    assert 'id="error-summary"' in wrong.text
    assert "not this one" not in wrong.text
    right = dora.post("/login", login())
    assert right.headers["Location"] == "/consents"
    cookie = next(c for c in right.headers.getlist("Set-Cookie") if c.startswith("rialto_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Wrong password at login" in dora.get("/account").text

    dora.get("/login?fresh=1&next=/developer")
    unproven = dora.post("/login", login(password="not this one at all"))
    assert unproven.status_code == 422
    assert dora.get("/account").status_code == 200  # the session goes on
    dora.get("/login?fresh=1&next=/developer")
    proven = dora.post("/login", login(next="/developer"))
    assert proven.headers["Location"] == "/developer"
    assert "Confirmed that it is you with a password" in dora.get("/account").text

    dora.get("/account/password")
    bad = dora.post("/account/password", {"current_password": PASSWORD, "new_password": "short"})
    assert bad.status_code == 422
    good = {"current_password": PASSWORD, "new_password": "quite-another-bridge"}
    assert dora.post("/account/password", good).headers["Location"] == "/account"
    assert "Your password is changed" in dora.get("/account").text

    assert dora.post("/account/sessions/revoke-all").headers["Location"] == "/logged-out"
    assert dora.get("/account").status_code == 303


def test_unknown_and_wrong_look_the_same_and_guessing_is_stopped(world: World) -> None:
    people.bob(world.hub)
    pages = []
    for email in ("bob@people.example", "nobody@people.example"):
        guesser = world.stranger()
        guesser.get("/login")
        texts = []
        for number in range(7):
            answer = guesser.post("/login", {"email": email, "password": f"a guess of mine {number}"})
            texts.append((answer.status_code, answer.text.replace(email, "E").replace(guesser.token, "T")))
        pages.append(texts)
        assert texts[0][0] == 422
        assert texts[-1][0] == 429
        assert "login-locked" in texts[-1][1]
        assert answer.headers["Retry-After"].isdigit()
    assert pages[0] == pages[1]


def test_a_login_never_leads_to_another_site(world: World) -> None:
    alice, nobody = world.browser(), world.stranger()
    for page, path in product(("/login", "/register"), ELSEWHERE):
        sent = alice.client.get(page, query_string={"next": path})
        assert sent.headers["Location"] == "/", path
        shown = nobody.client.get(page, query_string={"next": path}).text
        assert 'name="next" value=""' in shown, path


def test_a_stolen_next_in_the_form_itself_is_no_better(world: World) -> None:
    people.bob(world.hub)
    bob = world.stranger()
    bob.get("/login")
    sent = {"email": "bob@people.example", "password": PASSWORD, "next": "https://evil.example/"}
    assert bob.post("/login", sent).headers["Location"] == "/"


def test_the_connect_pages_carry_only_local_paths(world: World) -> None:
    alice = world.browser()
    for path in ELSEWHERE:
        assert "evil" not in alice.client.get("/connect/albion", query_string={"next": path}).text
        assert "evil" not in alice.client.get("/connect", query_string={"next": path}).text


def test_the_login_names_the_app_that_waits_and_lets_the_form_end_there(world: World) -> None:
    request = world.ask()
    nobody = world.stranger()
    to_login = nobody.get(request).headers["Location"]
    assert query_of(to_login)["next"] == request
    page = nobody.get(to_login)
    assert "Budget Buddy" in page.text
    assert "form-action 'self' https://buddy.example;" in page.headers["Content-Security-Policy"]
    bound = world.browser()
    bound.get(request)
    later = nobody.get(to_login)  # now it is Alice's, and nobody else learns of it
    assert "Budget Buddy" not in later.text
    assert "buddy.example" not in later.headers["Content-Security-Policy"]


def test_an_app_may_want_a_fresh_login(world: World) -> None:
    alice = world.browser()
    world.clock.advance(seconds=60)
    request = world.ask(prompt="login")
    answer = alice.get(request)
    assert answer.headers["Location"] == f"/login?next={request}&fresh=1"
    assert 'value="alice@people.example"' in alice.get(answer.headers["Location"]).text


def test_somebody_else_at_the_same_browser_ends_the_first_session(world: World) -> None:
    people.bob(world.hub)
    shared, elsewhere = world.browser(), world.browser()
    shared.get("/login?fresh=1")
    before = shared.client.get_cookie("rialto_session")
    shared.post("/login", {"email": "bob@people.example", "password": PASSWORD})
    assert "bob@people.example" in shared.get("/account").text
    assert before is not None
    again = world.stranger()
    again.client.set_cookie("rialto_session", before.value)
    assert again.get("/account").status_code == 303
    assert elsewhere.get("/account").status_code == 200
