"""A bank that misbehaves on the wire leaves a named state, keeps what was read, and is explained in plain words."""

import time

import pytest
import requests
from sqlalchemy import func, select

from demo import story
from demo.browser import Browser
from hub.context import Hub, build
from hub.models.connection import Connection
from hub.models.ledger import Account, Transaction
from hub.models.psu import Psu
from hub.settings import from_environ
from hub.stack import Stack

pytestmark = pytest.mark.timeout(120)
SANDBOX_BANKS = ("albion", "lorelei")

# fault -> (the state it is filed under, a piece of what the person reads)
FAULTS = [
    ("http_500", "bank_unavailable", "did not answer"),
    ("rate_limited", "bank_unavailable", "did not answer"),
    ("html", "contract_broken", "could not understand"),
    ("truncated_json", "contract_broken", "could not understand"),
    ("foreign_link", "contract_broken", "could not understand"),
    ("same_page", "contract_broken", "could not understand"),
    ("hang", "bank_unavailable", "did not answer"),
]


def look(stack: Stack) -> Hub:
    return build(from_environ(stack.child_environ()))


def settled(hub: Hub, email: str) -> Connection:
    """The person's connection, once its first sync has ended one way or the other."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with hub.db.read() as session:
            row = session.scalar(select(Connection).join(Psu, Psu.id == Connection.psu_id).where(Psu.email == email))
        if row is not None and row.sync_owner is None and (row.last_success_at or row.last_failure_at):
            return row
        time.sleep(0.1)
    raise AssertionError("the sync did not end")


@pytest.mark.parametrize(("fault", "kind", "words"), FAULTS)
def test_a_bank_that_breaks_off_in_the_middle_of_the_history(stack: Stack, fault: str, kind: str, words: str) -> None:
    albion = stack.banks["albion"]
    person, email = Browser(), f"{fault.replace('_', '-')}@people.example"
    story.sign_up(person, stack.url, email=email)
    requests.post(f"{albion}/_control", json={"fault": fault, "on": "transactions", "after": 1}, timeout=5)
    try:
        story.link_albion(person, stack.url)
        hub = look(stack)
        row = settled(hub, email)
        assert row.failure_kind == kind
        assert row.status in {"ready", "needs_aspsp"}
        with hub.db.read() as session:
            accounts = session.scalars(select(Account).where(Account.connection_id == row.id)).all()
            kept = session.scalar(
                select(func.count()).where(Transaction.account_id.in_([account.id for account in accounts]))
            )
        assert len(accounts) == 4, "every account is there"
        assert kept, "the page that came before the fault is kept"
        person.open(f"{stack.url}/connections/{row.id}")
        assert words in person.text
        assert "Traceback" not in person.text
        assert "Exception" not in person.text
    finally:
        requests.delete(f"{albion}/_control", timeout=5)


def test_one_broken_bank_does_not_block_the_other(stack: Stack) -> None:
    albion = stack.banks["albion"]
    person, email = Browser(), "two-banks@people.example"
    story.sign_up(person, stack.url, email=email)
    requests.post(f"{albion}/_control", json={"fault": "http_500", "on": "accounts"}, timeout=5)
    try:
        story.link_albion(person, stack.url)
        story.link_lorelei(person, stack.url)
        story.wait_for_history(person)
        rows = story.what_alice_sees(person, stack.url)
        assert {row["bank"] for row in rows} == {"Lorelei Bank"}
        assert "Albion Bank" in person.text
    finally:
        requests.delete(f"{albion}/_control", timeout=5)


def test_a_bank_that_is_down_when_one_wants_to_link_it_says_so(stack: Stack) -> None:
    albion = stack.banks["albion"]
    person = Browser()
    story.sign_up(person, stack.url, email="bank-down@people.example")
    requests.post(f"{albion}/_control", json={"fault": "http_503", "on": "consents"}, timeout=5)
    try:
        person.open(f"{stack.url}/connect/albion")
        with pytest.raises(RuntimeError) as refused:
            person.submit("/connect/albion")
        assert "does not answer" in str(refused.value)
    finally:
        requests.delete(f"{albion}/_control", timeout=5)
