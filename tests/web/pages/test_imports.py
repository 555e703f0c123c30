"""A person brings a statement: sees it first, corrects how it is read, imports it once however often it comes."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from hub import housekeeping
from hub.imports import run, staging
from hub.ledger.ingest import Fetch
from hub.models.connection import Connection
from hub.models.file_import import FileImport
from hub.models.ledger import Account, Balance, Transaction
from hub.models.signal import Signal
from tests.providers.files import test_camt, test_mt940, test_ofx, test_qif
from tests.web.pages.world import Browser, World

OWN = "DE02120300000000202051"
MT940 = test_mt940.statement(":61:240315D12,50NTRFNONREF//B1", ":86:Shop", account=OWN)
CSV = (
    "Datum;Empfänger;Verwendungszweck;Betrag\n15.03.2024;Café;Kaffee;-3,50\n14.03.2024;Lagune;Lohn;1.000,00\n".encode()
)


@pytest.fixture(autouse=True)
def waits_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WAIT_S", 60.0)


def send(browser: Browser, raw: bytes, name: str = "statement.sta", **more: Any) -> TestResponse:
    browser.get("/import")
    data = {"csrf_token": browser.token, "file": (BytesIO(raw), name)} | more
    sent = {"User-Agent": "Firefox", "Sec-Fetch-Site": "same-origin"}
    browser.page = browser.client.post("/import", data=data, content_type="multipart/form-data", headers=sent)
    return browser.page


def uploaded(browser: Browser, raw: bytes, name: str = "statement.sta") -> str:
    answer = send(browser, raw, name)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def form_of(text: str) -> dict[str, str]:
    """What the page's form would send as it stands."""
    form = text[text.index('action="/import/') : text.index("/forget")]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in attributes and attributes["name"] != "csrf_token":
            found[attributes["name"]] = attributes.get("value", "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def imported(browser: Browser, raw: bytes, **changes: str) -> str:
    """From the file to the page that says how it went."""
    path = uploaded(browser, raw)
    page = browser.get(path)
    if changes:
        browser.post(path, form_of(page.text) | changes | {"act": "look"})
        page = browser.get(path)
        assert page.status_code == 200, page.text
    answer = browser.post(path, form_of(page.text) | {"act": "import"})
    assert answer.status_code == 303, answer.text
    return browser.get(path).text


def accounts(world: World) -> list[Account]:
    with world.hub.db.read() as session:
        return list(
            session.scalars(select(Account).where(Account.institution_id == "file").order_by(Account.created_at))
        )


def rows(world: World) -> list[Transaction]:
    ids = [one.id for one in accounts(world)]
    with world.hub.db.read() as session:
        query = select(Transaction).where(Transaction.account_id.in_(ids), Transaction.removed_at.is_(None))
        return list(session.scalars(query.order_by(Transaction.sort_date)))


def count(world: World, table: type[Any]) -> int:
    with world.hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_person_sees_a_file_before_anything_of_it_is_kept(world: World) -> None:
    alice = world.browser()
    page = alice.get(uploaded(alice, MT940, "Umsätze März.sta"))
    assert "Umsätze März.sta" in page.text
    assert "SWIFT statement (MT940)" in page.text
    assert "1 row, " in page.text
    assert "Shop" in page.text
    assert "€12.50" in page.text
    assert "2051" in page.text
    assert accounts(world) == []


def test_a_confirmed_file_is_in_the_ledger_and_the_file_is_gone(world: World) -> None:
    alice = world.browser()
    text = imported(alice, MT940)
    assert "1 row was read, 1 of them new" in text
    (account,) = accounts(world)
    assert (account.psu_id, account.identifiers[0]["value"], account.currency) == (world.alice, OWN, "EUR")
    (row,) = rows(world)
    assert (row.amount, row.status) == (-1250, "BOOK")
    with world.hub.db.read() as session:
        (kept,) = session.scalars(select(FileImport)).all()
        balances = session.scalars(select(Balance.type).where(Balance.account_id == account.id)).all()
        connection = session.get(Connection, account.connection_id)
    assert kept.raw_sealed is None
    assert sorted(balances) == ["CLBD", "OPBD"]
    assert connection is not None
    assert (connection.institution_id, connection.status, connection.next_sync_at) == ("file", "ready", None)
    assert "€87.50" in alice.get("/").text
    assert "Shop" in alice.get(f"/accounts/{account.id}").text


def test_an_account_without_a_name_is_called_by_the_end_of_its_number(world: World) -> None:
    raw = test_camt.statement(test_camt.entry(), account=f"<Id><IBAN>{OWN}</IBAN></Id><Ccy>EUR</Ccy>")
    assert "See DE•• •••• 2051</a>" in imported(world.browser(), raw)


def test_the_same_file_twice_and_files_that_overlap_change_nothing(world: World) -> None:
    alice = world.browser()
    one = test_mt940.statement(":61:240314D1,00NTRFNONREF", ":86:A", ":61:240315D2,00NTRFNONREF", ":86:B", account=OWN)
    two = test_mt940.statement(":61:240315D2,00NTRFNONREF", ":86:B", ":61:240316D3,00NTRFNONREF", ":86:C", account=OWN)
    imported(alice, one)
    assert "0 of them new" in imported(alice, one)
    assert "1 of them new" in imported(alice, two)
    assert "0 of them new" in imported(alice, one)
    assert [row.amount for row in rows(world)] == [-100, -200, -300]
    assert all(row.missing_since is None for row in rows(world))
    assert len(accounts(world)) == 1
    assert count(world, Connection) == 3


def test_two_equal_bookings_stay_two(world: World) -> None:
    coffee = (":61:240315D2,00NTRFNONREF", ":86:COFFEE")
    alice = world.browser()
    raw = test_mt940.statement(*coffee, *coffee, account=OWN)
    imported(alice, raw)
    imported(alice, raw)
    assert len(rows(world)) == 2


def test_an_older_file_does_not_turn_the_balance_back(world: World) -> None:
    alice = world.browser()
    imported(alice, MT940)
    older = MT940.replace(b"240315EUR87,50", b"240215EUR1,00").replace(b":60F:C240314", b":60F:C240214")
    imported(alice, older)
    with world.hub.db.read() as session:
        kept = select(Balance.amount).where(Balance.type == "CLBD", Balance.account_id == accounts(world)[0].id)
        assert session.scalar(kept) == 8750


def test_a_file_of_several_accounts_becomes_those_that_were_chosen(world: World) -> None:
    alice = world.browser()
    raw = MT940 + MT940.replace(OWN.encode(), b"DE02100500000054540402")
    path = uploaded(alice, raw)
    form = form_of(alice.get(path).text)
    assert {"include-0", "include-1"} <= set(form)
    del form["include-1"]
    alice.post(path, form | {"act": "import", "name-0": "Girokonto"})
    (account,) = accounts(world)
    assert (account.name, account.identifiers[0]["value"]) == ("Girokonto", OWN)
    alice.post(uploaded(alice, MT940), form_of(alice.get(uploaded(alice, MT940)).text) | {"act": "import"})
    assert accounts(world)[0].name == "Girokonto"


def test_an_account_that_a_linked_bank_shows_is_not_counted_twice_unasked(world: World) -> None:
    alice = world.browser()
    raw = MT940.replace(OWN.encode(), b"DE89370400440532013000")
    path = uploaded(alice, raw)
    page = alice.get(path)
    assert "Lorelei Bank is linked and shows this account already" in page.text
    assert "include-0" not in form_of(page.text)
    answer = alice.post(path, form_of(page.text) | {"act": "import"})
    assert answer.status_code == 303
    assert "Choose at least one account" in alice.get(path).text
    assert accounts(world) == []


def test_a_table_is_read_as_it_was_guessed_once_its_currency_and_its_name_are_said(world: World) -> None:
    alice = world.browser()
    path = uploaded(alice, CSV, "umsatz.csv")
    page = alice.get(path)
    assert "We looked at the file" in page.text
    assert "Café" in page.text
    again = alice.post(path, form_of(page.text) | {"act": "import", "name-0": "Haushalt", "currency": "eur"})
    assert again.headers["Location"] == path
    assert accounts(world) == []  # what was declared is shown first
    page = alice.get(path)
    assert "€3.50" in page.text
    alice.post(path, form_of(page.text) | {"act": "import"})
    assert [(one.name, one.currency) for one in accounts(world)] == [("Haushalt", "EUR")]
    assert [row.amount for row in rows(world)] == [100000, -350]


def test_signs_that_no_database_takes_are_left_out_of_names(world: World) -> None:
    alice = world.browser()
    imported(alice, CSV, currency="EUR", **{"name-0": "Haus\x00halt"})
    assert accounts(world)[0].name == "Haus halt"
    assert len(rows(world)) == 2
    raw = ("!Account\nNGi\x00ro\nTBank\n^\n" + test_qif.BANK).encode()
    assert "2 of them new" in imported(alice, raw, currency="EUR")


def test_a_table_without_a_currency_or_a_name_says_what_is_missing(world: World) -> None:
    alice = world.browser()
    path = uploaded(alice, CSV)
    alice.post(path, form_of(alice.get(path).text) | {"act": "import"})
    assert "Say in which currency" in alice.get(path).text
    assert "A currency has three letters" in alice.post(path, form_of(alice.get(path).text) | {"currency": "E"}).text
    alice.post(path, form_of(alice.get(path).text) | {"currency": "EUR", "act": "look"})
    alice.post(path, form_of(alice.get(path).text) | {"act": "import"})
    assert "Give the account a name" in alice.get(path).text


def test_a_wrong_guess_is_corrected_and_shown_anew(world: World) -> None:
    alice = world.browser()
    raw = b"Date,Description,Amount\n03/04/2024,Shop,-1.00\n05/06/2024,Shop,-2.00\n"
    path = uploaded(alice, raw)
    page = alice.get(path)
    assert "3 April 2024" in page.text
    assert "Days can be read in two ways" in page.text
    alice.post(path, form_of(page.text) | {"act": "look", "order": "mdy", "inverted": "1", "currency": "USD"})
    page = alice.get(path)
    assert "4 March 2024" in page.text
    assert "+US$1.00" in page.text
    assert form_of(page.text)["order"] == "mdy"


def test_the_next_table_goes_to_the_account_that_is_chosen(world: World) -> None:
    alice = world.browser()
    imported(alice, CSV, currency="EUR", **{"name-0": "Haushalt"})
    (account,) = accounts(world)
    newer = CSV.replace(b"15.03.2024", b"17.03.2024").replace(b"14.03.2024", b"16.03.2024")
    imported(alice, newer, currency="EUR", **{"account-0": account.id})
    assert len(accounts(world)) == 1
    assert len(rows(world)) == 4


@pytest.mark.parametrize(
    "raw",
    [
        test_camt.statement(test_camt.entry()).replace(b"DE89370400440532013000", OWN.encode()),
        test_ofx.sgml(f"<STMTTRN>{test_ofx.ROW}</STMTTRN>"),
    ],
    ids=["camt", "ofx"],
)
def test_every_format_with_its_own_account_needs_no_word(world: World, raw: bytes) -> None:
    assert "1 of them new" in imported(world.browser(), raw)
    assert len(rows(world)) == 1


def test_a_quicken_file_is_asked_for_its_currency(world: World) -> None:
    alice = world.browser()
    assert "2 of them new" in imported(alice, test_qif.BANK.encode(), currency="CHF", **{"name-0": "Giro"})
    assert accounts(world)[0].currency == "CHF"


def test_another_persons_file_is_not_there(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    path = uploaded(alice, MT940)
    form = form_of(alice.get(path).text)
    assert charlie.get(path).status_code == 404
    charlie.get("/import")
    assert charlie.post(path, form | {"act": "import"}).status_code == 404
    charlie.get("/import")
    charlie.post(f"{path}/forget")
    assert alice.get(path).status_code == 200
    assert accounts(world) == []


def test_another_persons_account_cannot_be_chosen(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    imported(alice, CSV, currency="EUR", **{"name-0": "Haushalt"})
    (account,) = accounts(world)
    for foreign in (account.id, world.giro, "no-such-account"):
        path = uploaded(charlie, CSV)
        form = form_of(charlie.get(path).text) | {"currency": "EUR", "account-0": foreign, "name-0": "X"}
        charlie.post(path, form | {"act": "look"})
        charlie.get(path)
        charlie.post(path, form | {"act": "import"})
        assert "not there any more" in charlie.get(path).text
    assert len(rows(world)) == 2
    assert accounts(world)[0].psu_id == world.alice


def test_a_file_without_the_form_token_is_not_taken(world: World) -> None:
    alice = world.browser()
    assert send(alice, MT940, csrf_token="forged").status_code == 400
    assert count(world, FileImport) == 0
    stranger = world.app.test_client()
    answer = stranger.post("/import", data={"file": (BytesIO(MT940), "x")}, content_type="multipart/form-data")
    assert answer.headers["Location"].startswith("/login")


def test_a_file_may_be_large_and_no_larger(world: World) -> None:
    alice = world.browser()
    large = MT940.replace(b"Shop", b"Shop" + b"\r\n" * 300_000)
    assert len(large) > world.hub.settings.max_body_bytes
    assert send(alice, large).status_code == 303
    too_large = MT940 + b" " * world.hub.settings.import_max_bytes
    assert send(alice, too_large).status_code in {413, 422}
    assert count(world, FileImport) == 1


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (test_camt.BOMB, "document type"),
        (b"a;b;c\n1;2;3\n", "without days and amounts"),
        (test_camt.statement(test_camt.entry())[:-50], "cut off"),
    ],
)
def test_what_cannot_be_read_is_said_plainly_and_keeps_nothing(world: World, raw: bytes, says: str) -> None:
    alice = world.browser()
    answer = send(alice, raw)
    text = answer.text if answer.status_code == 422 else alice.get(answer.headers["Location"]).text
    assert says in text
    assert accounts(world) == []


def test_no_file_at_all_is_said_plainly(world: World) -> None:
    alice = world.browser()
    alice.get("/import")
    assert "Choose a file first" in alice.post("/import").text


def test_what_a_file_says_is_shown_and_never_run(world: World) -> None:
    evil = b"<script>alert(1)</script>"
    alice = world.browser()
    raw = CSV.replace("Café".encode(), evil)
    page = alice.get(uploaded(alice, raw, f"{evil.decode()}.csv"))
    assert "&lt;script&gt;" in page.text
    assert evil.decode() not in page.text


def test_a_person_has_three_files_waiting_at_most_and_each_for_an_hour(world: World) -> None:
    alice = world.browser()
    paths = [uploaded(alice, MT940, f"{number}.sta") for number in range(5)]
    assert [alice.get(path).status_code for path in paths] == [404, 404, 200, 200, 200]
    world.clock.at += timedelta(hours=1)
    assert alice.get(paths[-1]).status_code == 404
    housekeeping.tidy(world.hub)
    assert count(world, FileImport) == 0


def test_a_pending_row_without_any_day_is_imported_once_however_often_its_file_comes(world: World) -> None:
    alice = world.browser()
    pending = test_camt.entry(status="<Sts><Cd>PDNG</Cd></Sts>")
    undated = re.sub("<BookgDt>.*</ValDt>", "", pending)
    raw = test_camt.statement(undated, account=f"<Id><IBAN>{OWN}</IBAN></Id><Ccy>EUR</Ccy>")
    for new in (1, 0):
        assert f"1 row was read, {new} of them new" in imported(alice, raw)
    (row,) = rows(world)
    assert (row.status, row.booking_date, row.value_date, row.amount) == ("PDNG", None, None, -1250)


def test_a_file_can_be_thrown_away(world: World) -> None:
    alice = world.browser()
    path = uploaded(alice, MT940)
    alice.get(path)
    assert alice.post(f"{path}/forget").headers["Location"] == "/import"
    assert alice.get(path).status_code == 404


def test_an_import_that_died_is_gone_on_with_and_nothing_comes_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = world.browser()
    raw = test_mt940.statement(*[f":61:2403{day:02d}D{day},00NTRFNONREF" for day in range(1, 21)], account=OWN)
    path = uploaded(alice, raw)
    form = form_of(alice.get(path).text) | {"act": "import"}
    monkeypatch.setattr(run, "ROWS_AT_ONCE", 7)
    whole = Fetch.apply
    calls = []

    def dies(self: Any, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit  # as if the process were killed: nothing is written any more
        return whole(self, *given)

    monkeypatch.setattr(Fetch, "apply", dies)
    monkeypatch.setattr("threading.excepthook", lambda _args: None)
    alice.post(path, form)
    assert "of 20 rows" in alice.get(path).text
    assert len(rows(world)) == 7
    world.clock.at += timedelta(minutes=4)
    page = alice.get(path)
    assert "The import stopped before it was finished" in page.text
    alice.post(path, {"act": "import"})
    assert "20 rows were read, 13 of them new" in alice.get(path).text
    assert len(rows(world)) == 20


def test_a_bug_of_ours_is_no_persons_loss(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = world.browser()
    path = uploaded(alice, MT940)
    form = form_of(alice.get(path).text) | {"act": "import"}
    with monkeypatch.context() as patched:
        patched.setattr(run, "store_balances", lambda *_given: 1 / 0)
        alice.post(path, form)
    page = alice.get(path)
    assert "Something went wrong on our side" in page.text
    alice.post(path, form_of(page.text) | {"act": "import"})
    assert "1 row was read, 0 of them new" in alice.get(path).text


def test_one_file_of_a_person_is_imported_at_a_time(world: World) -> None:
    alice = world.browser()
    one, two = uploaded(alice, MT940), uploaded(alice, CSV)
    with world.hub.db.write() as session:
        session.execute(
            update(FileImport)
            .where(FileImport.id == one.rpartition("/")[2])
            .values(status=staging.RUNNING, owner="x", until=world.clock() + timedelta(minutes=3))
        )
    form = form_of(alice.get(two).text) | {"currency": "EUR", "name-0": "X"}
    alice.post(two, form | {"act": "look"})
    alice.get(two)
    answer = alice.post(two, form | {"act": "import"})
    assert answer.status_code == 422
    assert "Another file of yours is being imported" in answer.text


def test_the_file_lies_sealed(world: World) -> None:
    alice = world.browser()
    uploaded(alice, MT940)
    with world.hub.db.read() as session:
        (kept,) = session.scalars(select(FileImport)).all()
    assert kept.raw_sealed is not None
    assert b":61:" not in kept.raw_sealed


def test_imported_files_are_a_connection_that_can_be_removed_and_comes_back(world: World) -> None:
    alice = world.browser()
    imported(alice, MT940)
    (account,) = accounts(world)
    page = alice.get(f"/connections/{account.connection_id}")
    assert "You brought these yourself" in page.text
    assert "Renew" not in page.text
    alice.get("/import")
    assert alice.post(f"/connections/{account.connection_id}/renew").status_code == 404
    alice.get(f"/connections/{account.connection_id}/disconnect")
    alice.post(f"/connections/{account.connection_id}/disconnect")
    assert "€87.50" not in alice.get("/").text.split("Your banks")[0]
    assert len(rows(world)) == 1
    imported(alice, MT940)
    (again,) = accounts(world)
    assert again.id == account.id
    assert again.connection_id != account.connection_id


def test_no_worker_reads_files_and_an_import_is_an_event(world: World) -> None:
    imported(world.browser(), MT940)
    with world.hub.db.read() as session:
        files = select(Connection.next_sync_at).where(Connection.institution_id == "file")
        due = [at for at in session.scalars(files) if at is not None]
        (event,) = session.scalars(select(Signal).where(Signal.kind == "connection.imported")).all()
    assert due == []
    assert event.body == {"institution_id": "file", "added": 1, "modified": 0, "removed": 0, "rejected": 0}
