"""Links from mails in a browser: opening one changes nothing, pressing its button does, for whom it is meant."""

import pytest
from sqlalchemy import func, select

from hub.identity.mailed_links import PATHS, Purpose
from hub.models.psu import Psu
from hub.models.recovery import MailedLink
from tests.mail.letters import delivered, link_in
from tests.people import PASSWORD
from tests.web.pages.world import World, query_of

DORA, NEW = "dora@people.example", "dora@lagoon.example"
VERIFY, CONFIRM, UNDO, RESET = (PATHS[one] for one in (Purpose.VERIFY, Purpose.CHANGE, Purpose.UNDO, Purpose.RESET))


def test_sign_up_verify_change_and_take_it_back(world: World) -> None:
    dora = world.stranger()
    dora.get("/register")
    dora.post("/register", {"name": "Dora", "email": DORA, "password": PASSWORD, "next": ""})
    assert 'id="not-verified"' in dora.get("/account").text
    token = link_in(delivered(world.hub), DORA, VERIFY)
    assert "Is this your address?" in dora.get(VERIFY + token).text
    assert 'id="not-verified"' in dora.get("/account").text, "opening the link is not enough"
    dora.get(VERIFY + token)
    assert dora.post(VERIFY + token).headers["Location"] == "/account"
    shown = dora.get("/account").text
    assert "Your e-mail address is verified." in shown
    assert 'id="not-verified"' not in shown
    assert "E-mail address verified" in shown

    dora.get("/account/email")
    assert dora.post("/account/email", {"email": "nothing"}).status_code == 422
    assert dora.post("/account/email", {"email": NEW}).headers["Location"] == "/account"
    token = link_in(delivered(world.hub), NEW, CONFIRM)
    assert NEW in dora.get(CONFIRM + token).text
    assert DORA in dora.get("/account").text
    dora.get(CONFIRM + token)
    dora.post(CONFIRM + token)
    assert NEW in dora.get("/account").text

    owner = world.stranger()
    token = link_in(delivered(world.hub), DORA, UNDO)
    assert DORA in owner.get(UNDO + token).text
    assert dora.get("/account").status_code == 200
    owner.get(UNDO + token)
    onward = owner.post(UNDO + token).headers["Location"]
    assert onward.startswith(RESET)
    assert dora.get("/account").status_code == 303
    owner.get(onward)
    assert owner.post(onward, {"new_password": "short"}).status_code == 422
    assert owner.post(onward, {"new_password": "quite-another-bridge"}).headers["Location"] == "/login"
    assert "Your new password is set" in owner.get("/login").text
    owner.post("/login", {"email": DORA, "password": "quite-another-bridge", "next": ""})
    assert DORA in owner.get("/account").text


@pytest.mark.parametrize("purpose", Purpose)
def test_a_mail_scanner_that_opens_every_link_changes_nothing(world: World, purpose: Purpose) -> None:
    known = world.mailed_links()
    for browser in (world.stranger(), world.browser(), world.browser(world.charlie)):
        for method in ("GET", "HEAD"):
            browser.client.open(PATHS[purpose] + known[purpose.value], method=method)
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MailedLink).where(MailedLink.used_at.is_(None))) == len(
            Purpose
        )


@pytest.mark.parametrize("purpose", [Purpose.VERIFY, Purpose.CHANGE])
def test_another_person_can_do_nothing_with_it(world: World, purpose: Purpose) -> None:
    known = world.mailed_links()
    path = PATHS[purpose] + known[purpose.value]
    charlie = world.browser(world.charlie)
    charlie.get("/account")
    assert charlie.post(path).status_code == 404
    alice = world.browser()
    alice.get("/account")
    assert alice.post(path).status_code == 303


def test_without_a_login_the_link_leads_to_it_and_back(world: World) -> None:
    path = VERIFY + world.mailed_links()["verify"]
    location = world.stranger().get(path).headers["Location"]
    assert location.startswith("/login?")
    assert query_of(location)["next"] == path


def test_a_change_of_address_needs_a_recent_login(world: World) -> None:
    alice = world.browser()
    alice.get("/account/email")
    world.clock.advance(seconds=601)
    answer = alice.post("/account/email", {"email": NEW})
    assert (answer.status_code, "fresh=1" in answer.headers["Location"]) == (303, True)
    assert delivered(world.hub) == []


def test_known_and_unknown_addresses_are_answered_in_the_same_words(world: World) -> None:
    world.mailed_links()  # Alice's address is verified
    answers = []
    for email in ("alice@people.example", "charlie@people.example", "nobody@people.example"):
        somebody = world.stranger()
        somebody.get("/recover")
        sent = somebody.post("/recover", {"email": email})
        page = somebody.get(sent.headers["Location"])
        answers.append((sent.status_code, sent.headers["Location"], sent.data, page.status_code, page.data))
    assert answers[0] == answers[1] == answers[2]
    assert [mail["To"] for mail in delivered(world.hub)] == ["alice@people.example"]


def test_an_unknown_link_says_what_may_be_the_matter_and_no_more(world: World) -> None:
    nobody = world.stranger()
    for path in (RESET, UNDO):
        answer = nobody.get(path + "a" * 43)
        assert answer.status_code == 404
        assert "does not work any more" in answer.text


def test_the_page_of_a_reset_names_no_other_site_and_keeps_its_address_to_itself(world: World) -> None:
    page = world.stranger().get(RESET + world.mailed_links()["reset"])
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"


def test_a_mailed_link_cannot_be_used_from_another_site(world: World) -> None:
    known = world.mailed_links()
    victim = world.stranger()
    victim.get(RESET + known["reset"])
    answer = victim.post(
        RESET + known["reset"], {"new_password": "quite-another-bridge"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 400
    with world.hub.db.read() as session:
        assert session.get_one(Psu, world.alice).password_hash == "nobody logs in with this"
