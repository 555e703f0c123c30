"""Where a row's fields were read from is kept once, said of each row, and read as older releases wrote it."""

from contextlib import suppress

import pytest
from msgspec import structs
from sqlalchemy import select, update

from consent.decide import for_owner
from hub.ids import new_id
from hub.ledger.owner import provenance as of_row
from hub.ledger.provenance import SAME_AS, keep, wholes
from hub.models.ledger import Provenance, TransactionRaw
from providers.model import Transaction
from tests.ledger.bank import SEALER, Home, row
from tests.ledger.test_ingest import ledger
from tests.race import at_once

Places = dict[str, str]


@pytest.fixture
def answers() -> tuple[Places, Places]:
    """Two that no other test has: the database outlives a test, and these are about nobody."""
    return {"money": f"amount{new_id()}"}, {"money": f"transactionAmount{new_id()}", "booking_date": "day"}


def kept(home: Home, answers: tuple[Places, Places]) -> list[Places]:
    with home.db.read() as session:
        return [one for one in session.scalars(select(Provenance.places)) if one in answers]


def told(home: Home) -> dict[int, Places]:
    """Amount -> what the person is told of the row."""
    with home.db.read() as session:
        mine = for_owner(home.psu_id, [home.account_id])
        return {int(one.amount): dict(of_row(session, SEALER, mine, one.id).trace) for one in ledger(home)}


def read(amount: int, places: Places) -> Transaction:
    return structs.replace(row(str(amount)), provenance=places)


def test_rows_read_alike_share_one_answer_and_each_says_its_own(home: Home, answers: tuple[Places, Places]) -> None:
    rows = [read(-number, answers[number % 2]) for number in range(1, 9)]
    home.sync(rows)
    home.sync([*rows, read(-9, answers[1])])
    assert len(kept(home, answers)) == 2
    assert told(home) == {-number: answers[number % 2] for number in range(1, 10)}


def test_what_an_older_release_wrote_is_read(home: Home, answers: tuple[Places, Places]) -> None:
    home.sync([read(-1, {}), read(-2, {})])
    mine = [one.id for one in ledger(home)]
    with home.db.write() as session:
        session.execute(
            update(TransactionRaw).where(TransactionRaw.transaction_id.in_(mine)).values(provenance=answers[0])
        )
    home.sync([read(-1, {}), read(-2, {}), read(-3, answers[1])])
    assert told(home) == {-1: answers[0], -2: answers[0], -3: answers[1]}


def test_what_is_stored_at_once_by_many_is_there_once(home: Home, answers: tuple[Places, Places]) -> None:
    one, other = answers

    def store() -> None:
        with home.db.write() as session:
            keep(session, [one, other, one], {})

    at_once(4, store)
    assert len(kept(home, answers)) == 2
    with home.db.write() as session:
        assert keep(session, [], {}) == []
    with home.db.read() as session:
        assert wholes(session, [other, {}]) == [other, {}]


def test_a_transaction_that_fails_leaves_no_row_without_its_answer(home: Home, answers: tuple[Places, Places]) -> None:
    one = read(-1, answers[0])
    with suppress(InterruptedError), home.db.write() as session:
        home.fetch().apply(session, SEALER, [one], home.now)
        raise InterruptedError
    assert kept(home, answers) == []
    home.sync([one])
    assert told(home) == {-1: answers[0]}
    with home.db.read() as session:
        said = session.scalars(
            select(TransactionRaw.provenance).where(TransactionRaw.transaction_id == ledger(home)[0].id)
        ).one()
    assert set(said) == {SAME_AS}


def test_a_bank_whose_rows_are_each_wrong_in_another_way_is_kept(home: Home) -> None:
    """More than one statement takes parameters (SQLite 32,766, PostgreSQL 65,535)."""
    with home.db.write() as session:
        said = keep(session, [{"unread": f"field{number}"} for number in range(33_000)], {})
        assert len(set(said)) == 33_000
        session.rollback()
