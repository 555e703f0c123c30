"""What apps ask from elsewhere, on the person's pages: the notice, the list, the question with its binding message."""

from hub.identity.origin import Origin
from hub.ids import new_secret
from hub.models.client import Client
from hub.oauth import decoupled
from hub.oauth.decoupled import Kind
from tests.web.pages.world import World

WORDS = "Till 3, order 4711 <b>"


def asked(world: World, psu_id: str, **facts: str) -> str:
    """The id of a request of Budget Buddy, which signs people in here."""
    with world.hub.db.write() as session:
        client = session.get_one(Client, world.client.client.client_id)
        row = decoupled.store(
            session,
            client,
            kind=Kind.BACKCHANNEL,
            secret=new_secret(),
            facts={"prompt": [], "scope": "openid", "binding_message": WORDS} | facts,
            origin=Origin("198.51.100.77", "python-requests"),
            now=world.hub.clock(),
            ttl_s=300,
            psu_id=psu_id,
        )
        return row.id


def test_from_the_notice_to_the_yes(world: World) -> None:
    asked(world, world.alice)
    alice = world.browser()
    home = alice.get("/").text
    assert "An app waits for your answer." in home
    assert 'href="/approvals"' in home
    page = alice.get("/approvals").text
    assert "Budget Buddy" in page
    assert "Till 3, order 4711 &lt;b&gt;" in page
    path = page.split('action="/approvals/')[1].split('"')[0]
    question = alice.post(f"/approvals/{path}").headers["Location"]
    shown = alice.get(question).text
    assert "This was not asked in this browser" in shown
    assert '<p id="binding-message">Till 3, order 4711 &lt;b&gt;</p>' in shown
    assert "Either way you go back" not in shown
    done = alice.post(question, {"decision": "approve"})
    assert done.headers["Location"] == "/approvals/allowed"
    assert "it has your answer" in alice.get("/approvals/allowed").text
    assert "Nothing is waiting" in alice.get("/approvals").text
    assert "waits for your answer" not in alice.get("/").text


def test_a_no_needs_no_account_and_ends_it(world: World) -> None:
    request_id = asked(world, world.alice)
    alice = world.browser()
    alice.get("/approvals")
    question = alice.post(f"/approvals/{request_id}").headers["Location"]
    alice.get(question)
    assert alice.post(question, {"decision": "deny"}).headers["Location"] == "/approvals/denied"
    alice.get("/device")
    assert alice.post(f"/approvals/{request_id}").status_code == 404


def test_what_waits_for_alice_is_not_there_for_charlie(world: World) -> None:
    request_id = asked(world, world.alice)
    charlie = world.browser(world.charlie)
    assert "Nothing is waiting" in charlie.get("/approvals").text
    charlie.get("/device")
    assert charlie.post(f"/approvals/{request_id}").status_code == 404


def test_a_form_from_elsewhere_opens_nothing(world: World) -> None:
    request_id = asked(world, world.alice)
    alice = world.browser()
    alice.get("/approvals")
    assert alice.post(f"/approvals/{request_id}", token="forged").status_code in {400, 403}
