"""The start page, an account with its filters, a transaction with the place of each field."""

import json
import re
from datetime import timedelta

from hub.ledger.ingest import Fetch
from hub.web.format import MINUS
from providers.berlin_group import normalize as berlin_group
from tests.providers.pages import BERLIN_TRANSACTION
from tests.web.pages.world import Browser, World


def rows(text: str) -> list[str]:
    return re.findall(r'href="/transactions/([^"]+)"', text)


def test_home_shows_each_currency_by_itself_with_its_course(world: World) -> None:
    text = world.browser().get("/").text
    assert "£1,250.00" in text
    assert f"{MINUS}€80.50" in text
    assert text.count('class="chart"') == 2
    assert "Albion Bank" in text
    assert "Lorelei Bank" in text
    assert "Rainy day" in text
    assert "No balance given" in text
    assert len(rows(text)) == 8
    assert "Caffè &lt;Rosa&gt;" in text
    assert "<Rosa>" not in text


def test_what_a_bank_showed_last_counts_no_more_once_it_is_disconnected(world: World) -> None:
    world.set_connection(world.albion, status="revoked", revoked_at=world.hub.clock())
    text = world.browser().get("/").text
    totals = text.split("<dl")[1].split("</dl>")[0]
    assert "£" not in totals
    assert "Disconnected" in text


def test_a_link_that_was_never_finished_is_no_bank(world: World) -> None:
    dora = world.person("Dora")
    world.connect("albion", psu_id=dora, status="linking", last_success_at=None, sca_at=None)
    assert "Link your first bank" in world.browser(dora).get("/").text


FILTERS = {
    "": 50,
    "q=salary": 1,
    "q=cup+7": 1,
    "direction=in": 1,
    "direction=out&min=59": 2,
    "min=59": 3,
    "min=59.10&max=60": 1,
    "max=2": 2,
    "from=2026-11-19&to=2026-11-20": 3,
    "q=no-such-words": 0,
}
NONSENSE = ["from=yesterday", "min=a", "from=2026-11-20&to=2026-11-01", "min=9&max=1", "min=1e9", "direction=up"]


def test_the_filter_finds(world: World) -> None:
    alice = world.browser()
    for query, found in FILTERS.items():
        answer = alice.get(f"/accounts/{world.current}?{query}")
        assert answer.status_code == 200
        assert len(rows(answer.text)) == found, query


def test_a_filter_that_makes_no_sense_says_so_and_keeps_what_was_typed(world: World) -> None:
    alice = world.browser()
    for query in NONSENSE:
        answer = alice.get(f"/accounts/{world.current}?{query}")
        assert answer.status_code == 422
        assert 'class="field__error"' in answer.text or query == "direction=up"
        assert rows(answer.text) == []
    assert 'value="yesterday"' in alice.get(f"/accounts/{world.current}?from=yesterday").text


def test_older_and_newer_pages_show_every_row_once(world: World) -> None:
    for query in ("", "min=1"):
        _turn_pages(world, query)


def _turn_pages(world: World, query: str) -> None:
    alice = world.browser()
    path = f"/accounts/{world.current}"
    first = alice.get(f"{path}?{query}").text
    older = re.search(r'rel="next" href="\?([^"]+)"', first)
    assert older
    second = alice.get(f"{path}?{older[1].replace('&amp;', '&')}").text
    assert len(set(rows(first) + rows(second))) == len(rows(first)) + len(rows(second)) == 62
    newer = re.search(r'rel="prev" href="\?([^"]*)"', second)
    assert newer
    assert newer[1] == query
    assert alice.get(f"{path}?cursor=nonsense").status_code == 400


def test_a_transaction_says_where_each_field_comes_from(world: World) -> None:
    alice = world.browser()
    found = rows(alice.get(f"/accounts/{world.current}?q=salary").text)
    text = alice.get(f"/transactions/{found[0]}").text
    assert "Harbour &amp; Sons" in text
    assert "+£2,100.00" in text
    assert "<code>transactionAmount</code>" in text
    assert "<code>creditorName</code>" in text
    assert "worked out by Rialto" in text
    assert "read by test/1" in text
    assert "&#34;amount&#34;: &#34;2100.00&#34;" in text


def test_what_could_not_be_read_of_an_entry_is_named_apart_and_only_where_there_is_any(world: World) -> None:
    alice = world.browser()
    assert "could not read" not in entry(world, alice, {"creditorName": "Well Done"})
    text = entry(world, alice, {"creditorName": "Half Done", "valueDate": "2026-02-30", "balanceAfterTransaction": "x"})
    (told,) = re.findall(
        r"<details[^>]*><summary>2 more fields that we could not read</summary>.*?</details>", text, re.S
    )
    assert set(re.findall(r"<code>(.*?)</code>", told)) == {"valueDate", "balanceAfterTransaction"}
    assert "Lorelei Bank wrote something there" in told
    assert "2026-02-30" not in told


def entry(world: World, person: Browser, changed: dict[str, object]) -> str:
    """The page of a row that the bank wrote so."""
    today = world.clock().date()
    row = BERLIN_TRANSACTION | {"bookingDate": today.isoformat(), "valueDate": today.isoformat()} | changed
    page = berlin_group.transactions(json.dumps({"transactions": {"booked": [row]}}).encode())
    assert page.rejected == ()
    with world.hub.db.write() as session:
        fetch = Fetch(world.giro, world.lorelei, today - timedelta(1), today, "berlin_group r2.1", is_whole=False)
        fetch.apply(session, world.hub.sealer, page.transactions, world.clock())
        fetch.finish(session, world.clock())
    ledger = person.get(f"/accounts/{world.giro}").text
    (path,) = re.findall(rf'href="(/transactions/[^"]+)"(?:(?!</a>).)*{changed["creditorName"]}', ledger, re.S)
    return person.get(path).text
