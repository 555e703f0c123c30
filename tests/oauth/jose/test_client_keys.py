"""A client's keys at its jwks_uri, served by a real server that is there, away, slow or mistaken."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.jose import published
from hub.oauth.jose.client_keys import ClientKeys
from hub.oauth.jose.public_key import BadKey
from hub.oauth.jose.published import LONGEST_S, MOST_SETS, PAUSE_S, SHORTEST_S, STALE_S, USUAL_S, lives_s
from hub.oauth.jose.read import BadJwt
from hub.outbound.fetch import Outbound
from hub.settings import Settings
from tests.conftest import TestClock
from tests.oauth.jose.material import ES, PS
from tests.oauth.signing import ClientKey
from tests.outbound.server import Answer, Site, serving
from tests.race import at_once

NEW = ClientKey.make("ES256", kid="key-2")


def set_of(*keys: ClientKey, cache: str | None = None, **members: Any) -> Answer:
    more = {} if cache is None else {"Cache-Control": cache}
    body = orjson.dumps({"keys": [key.jwk(**members) for key in keys]})
    return Answer(body=body, headers={"Content-Type": "application/jwk-set+json"} | more)


def client_of(uri: str | None, client_id: str = "shop", **columns: Any) -> Client:
    return Client(client_id=client_id, jwks_uri=uri, **columns)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(set_of(ES)) as made:
        yield made


@pytest.fixture
def keys(clock: TestClock) -> ClientKeys:
    return ClientKeys(Outbound(Settings()), clock)


def kids(found: Any) -> list[str | None]:
    return [key.kid for key in found]


def test_keys_by_value_need_no_network(keys: ClientKeys) -> None:
    client = client_of(None, jwks=ES.jwks())
    assert kids(keys.for_client(client, kid="key-1")) == ["key-1"]
    assert keys.document(client) == ES.jwks()
    assert keys.document(client_of(None)) == {"keys": []}
    with pytest.raises(BadJwt):
        keys.for_client(client_of(None, jwks={"keys": 7}))


def test_one_fetch_serves_many_requests(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    for _ in range(3):
        assert kids(keys.for_client(client_of(site.url), kid="key-1")) == ["key-1"]
        assert keys.document(client_of(site.url)) == ES.jwks()
    assert len(site.asked) == 1
    clock.advance(seconds=USUAL_S)
    keys.document(client_of(site.url))
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        ("", USUAL_S),
        ("public", USUAL_S),
        ("max-age=900", 900),
        ("Public, Max-Age=900, immutable", 900),
        ('max-age="900"', 900),
        ("max-age=1", SHORTEST_S),
        ("max-age=0", SHORTEST_S),
        ("max-age=999999999", LONGEST_S),
        ("max-age=99999999999999999999", USUAL_S),
        ("max-age=-5", USUAL_S),
        ("s-maxage=900", USUAL_S),
        ("no-store", SHORTEST_S),
        ("max-age=900, no-cache", SHORTEST_S),
    ],
)
def test_how_long_a_set_is_fresh(header: str, expected_s: int) -> None:
    assert lives_s(header) == expected_s


def test_the_publisher_says_how_long(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    site.answer = set_of(ES, cache="max-age=900")
    keys.document(client_of(site.url))
    clock.advance(seconds=899)
    keys.document(client_of(site.url))
    assert len(site.asked) == 1
    clock.advance(seconds=1)
    keys.document(client_of(site.url))
    assert len(site.asked) == 2


def test_a_new_key_is_found_at_once_and_then_looked_for_with_pauses(
    keys: ClientKeys, site: Site, clock: TestClock
) -> None:
    client = client_of(site.url)
    keys.for_client(client, kid="key-1")
    site.answer = set_of(NEW)
    assert kids(keys.for_client(client, kid="key-2")) == ["key-2"]
    for number in range(5):  # somebody who makes kids up cannot make us call more often
        keys.for_client(client, kid=f"made-up-{number}")
    assert len(site.asked) == 2
    clock.advance(seconds=PAUSE_S)
    for number in range(5):
        keys.for_client(client, kid=f"made-up-{number}")
    assert len(site.asked) == 3


def test_without_a_kid_only_young_keys_will_do(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    site.answer = set_of(ES, cache="max-age=3600")
    client = client_of(site.url)
    keys.for_client(client)
    clock.advance(seconds=SHORTEST_S - 1)
    keys.for_client(client)
    assert len(site.asked) == 1
    clock.advance(seconds=1)
    keys.for_client(client)
    assert len(site.asked) == 2


def test_what_does_not_suit_is_looked_for_anew(keys: ClientKeys, site: Site) -> None:
    client = client_of(site.url)
    keys.document(client)
    site.answer = set_of(NEW)
    assert keys.document(client, suits=lambda jwks: jwks == NEW.jwks()) == NEW.jwks()


def test_a_server_that_is_away_is_asked_with_pauses(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    site.answer = Answer(503)
    for _ in range(3):
        with pytest.raises(BadJwt, match="503"):
            keys.for_client(client_of(site.url), kid="key-1")
    assert len(site.asked) == 1
    clock.advance(seconds=PAUSE_S)
    site.answer = set_of(ES)
    assert kids(keys.for_client(client_of(site.url), kid="key-1")) == ["key-1"]


def test_while_it_is_away_the_last_keys_count_on_and_not_for_ever(
    keys: ClientKeys, site: Site, clock: TestClock
) -> None:
    client = client_of(site.url)
    keys.document(client)
    site.answer = Answer(500)
    clock.advance(seconds=USUAL_S + STALE_S - 1)
    assert keys.document(client) == ES.jwks()
    assert kids(keys.for_client(client, kid="key-1")) == ["key-1"]
    assert len(site.asked) == 2
    clock.advance(seconds=1)
    with pytest.raises(BadKey, match="500"):
        keys.document(client)


def test_a_clock_that_is_set_back_makes_no_key_younger(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    keys.document(client_of(site.url))
    clock.advance(days=-1)
    keys.document(client_of(site.url))
    assert len(site.asked) == 2


BAD_SETS = {
    "a private key": orjson.dumps({"keys": [ES.jwk(), NEW.key.as_dict(private=True)]}),
    "a symmetric key": orjson.dumps({"keys": [ES.jwk(), {"kty": "oct", "k": "AAAA"}]}),
    "too many keys": orjson.dumps({"keys": [{**ES.jwk(), "kid": str(n)} for n in range(51)]}),
    "no set": b'{"keys":7}',
    "a set of texts": b'{"keys":["x"]}',
}


@pytest.mark.parametrize("body", BAD_SETS.values(), ids=BAD_SETS.keys())
def test_a_bad_set_counts_for_nothing_and_ends_the_former_one(
    keys: ClientKeys, site: Site, clock: TestClock, body: bytes
) -> None:
    client = client_of(site.url)
    keys.document(client)
    clock.advance(seconds=USUAL_S)
    site.answer = Answer(body=body)
    with pytest.raises(BadJwt):
        keys.for_client(client, kid="key-1")
    with pytest.raises(BadKey):
        keys.document(client)
    assert len(site.asked) == 2


UNREADABLE = {
    "half a document": Answer(body=b'{"keys":['),
    "a list": Answer(body=b"[]"),
    "a member twice": Answer(body=b'{"keys":[],"keys":[]}'),
    "a page": Answer(body=b"<html>", headers={"Content-Type": "text/html"}),
    "far too long": Answer(body=b'{"keys":[' + b" " * published.MAX_BYTES + b"]}"),
    "elsewhere": Answer(302, b"", {"Location": "https://evil.example/jwks"}),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_document_is_no_reason_to_forget(
    keys: ClientKeys, site: Site, clock: TestClock, answer: Answer
) -> None:
    site.answer = answer
    with pytest.raises(BadJwt):
        keys.for_client(client_of(site.url, "another"), kid="key-1")
    site.answer = set_of(ES)
    keys.document(client_of(site.url))
    site.answer = answer
    clock.advance(seconds=USUAL_S)
    assert keys.document(client_of(site.url)) == ES.jwks()


def test_fifty_requests_at_once_make_one_fetch(keys: ClientKeys, site: Site) -> None:
    def slowly() -> Answer:
        time.sleep(0.2)
        return set_of(ES, PS)

    site.answer = slowly
    client = client_of(site.url)
    found = at_once(50, lambda: keys.for_client(client, kid="key-1"))
    assert [len(one) for one in found] == [2] * 50
    assert len(site.asked) == 1


def test_nobody_waits_for_a_fetch_who_has_keys_that_still_count(keys: ClientKeys, site: Site, clock: TestClock) -> None:
    client = client_of(site.url)
    keys.document(client)
    clock.advance(seconds=USUAL_S)
    asked, go_on = threading.Event(), threading.Event()

    def hanging() -> Answer:
        asked.set()
        go_on.wait(20)
        return set_of(NEW)

    site.answer = hanging
    other = threading.Thread(target=keys.document, args=(client,))
    other.start()
    assert asked.wait(4)
    started = time.monotonic()
    assert keys.document(client) == ES.jwks()
    assert time.monotonic() - started < 10
    go_on.set()
    other.join()
    assert keys.document(client) == NEW.jwks()


def test_who_has_none_waits_a_moment_only(keys: ClientKeys, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "WAIT_S", 0.1)
    asked, go_on = threading.Event(), threading.Event()

    def hanging() -> Answer:
        asked.set()
        go_on.wait(20)
        return set_of(ES)

    site.answer = hanging
    client = client_of(site.url)
    other = threading.Thread(target=keys.document, args=(client,))
    other.start()
    assert asked.wait(4)
    with pytest.raises(BadKey, match="again in a moment"):
        keys.document(client)
    go_on.set()
    other.join()


def test_another_address_is_another_set(keys: ClientKeys, site: Site) -> None:
    keys.document(client_of(site.url))
    with serving(set_of(NEW)) as elsewhere:
        assert keys.document(client_of(elsewhere.url)) == NEW.jwks()


def test_two_clients_do_not_share(keys: ClientKeys, site: Site) -> None:
    """Else one client's made-up kids would use up the fetches of another at the same address."""
    keys.document(client_of(site.url, "one"))
    keys.document(client_of(site.url, "other"))
    assert len(site.asked) == 2


def test_so_many_sets_are_remembered_and_no_more(keys: ClientKeys, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_SETS >= 100
    monkeypatch.setattr(published, "MOST_SETS", 2)
    for name in ("one", "two", "one", "three", "one"):
        keys.document(client_of(site.url, name))
    assert len(site.asked) == 3
    keys.document(client_of(site.url, "two"))  # was used least lately
    assert len(site.asked) == 4


def test_never_inside_a_transaction(hub: Hub, site: Site) -> None:
    for client in (client_of(site.url), client_of(None, jwks=ES.jwks())):
        with hub.db.write(), pytest.raises(RuntimeError):
            hub.client_keys.document(client)
    assert site.asked == []


def test_an_inner_address_is_not_called() -> None:
    keys = ClientKeys(Outbound(Settings(base_url="https://hub.example")), lambda: datetime.now().astimezone())
    for uri in ("https://127.0.0.1/jwks", "http://client.example/jwks", "https://169.254.169.254/jwks"):
        with pytest.raises(BadJwt):
            keys.for_client(client_of(uri), kid="key-1")
