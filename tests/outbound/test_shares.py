"""One host, or many that nobody knows, do not use up the way out; names that hang do not either."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from hub.outbound import names, shares
from hub.outbound.fetch import REST_S, Busy, Forbidden, Limits, Outbound, Unreachable, Unusable
from hub.outbound.names import Names, NoThread
from hub.outbound.shares import Full, Shares
from hub.settings import Settings
from tests.outbound.server import Answer, dripping, serving
from tests.race import at_once

LOCAL, PUBLIC = Settings(), Settings(base_url="https://hub.example")


def six(patience_s: float = 0.05) -> Shares:
    return Shares(at_once=6, each=2, strangers=3, patience_s=patience_s)


@contextmanager
def taken(of: Shares, *hosts: str) -> Iterator[None]:
    with ExitStack() as held:
        for host in hosts:
            held.enter_context(of.place(host))
        yield


def is_full(of: Shares, host: str) -> bool:
    try:
        with of.place(host):
            return False
    except Full:
        return True


def test_a_host_that_nobody_knows_has_one_place_and_all_of_them_half() -> None:
    made = six()
    with taken(made, "a"):
        assert is_full(made, "a")
    with taken(made, "a", "b", "c"):
        assert is_full(made, "d")
        made.note("known", promptly=True)
        with taken(made, "known", "known"):
            assert is_full(made, "known")
    assert not is_full(made, "d")


def test_known_hosts_share_what_there_is() -> None:
    made = six()
    for host in "abcd":
        made.note(host, promptly=True)
    with taken(made, "a", "a", "b", "b", "c", "c"):
        assert is_full(made, "d")
    assert not is_full(made, "d")


def test_a_known_host_that_is_slow_once_is_a_stranger_again() -> None:
    made = six()
    made.note("a", promptly=True)
    made.note("a", promptly=False)
    with taken(made, "a"):
        assert is_full(made, "a")


def test_a_place_is_had_as_soon_as_it_is_free_also_after_an_error() -> None:
    made = six(patience_s=10)
    begun = threading.Event()

    def fail() -> None:
        with made.place("a"):
            begun.set()
            time.sleep(0.1)
            raise OSError

    with pytest.raises(OSError):  # ours, of the line above
        _while(fail, lambda: begun.wait(5) and not is_full(made, "a"))


def _while(job: Callable[[], None], holds: Callable[[], bool]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            job()
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert holds()
    thread.join()
    raise failed[0]


def test_so_many_strangers_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made = six(patience_s=1)
    with taken(made, "a", "b", "c"):
        began = time.monotonic()
        took: list[float] = []

        def wait_for(number: int) -> None:
            assert is_full(made, f"other-{number}")
            took.append(time.monotonic() - began)

        numbers = iter(range(20))
        at_once(20, lambda: wait_for(next(numbers)))
        assert sum(one >= 1 for one in took) == 3  # the others were sent away at once
    monkeypatch.setattr(shares, "MOST_KNOWN", 2)
    for host in ("a", "b", "c"):
        made.note(host, promptly=True)
    assert [made.knows(host) for host in "abc"] == [False, True, True]


def test_many_hosts_that_hang_leave_room_for_one_that_is_called_every_day() -> None:
    limits = Limits(total_s=60)
    outbound = Outbound(LOCAL, limits=limits)
    with serving() as daily, ExitStack() as held:
        url = daily.url
        assert outbound.get_json(url, max_bytes=10).status == 200
        ports = [held.enter_context(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)) for _ in range(8)]
        errors: list[Exception] = []

        def call(port: int) -> None:
            with pytest.raises((Unreachable, Unusable)) as caught:
                outbound.get_json(f"http://127.0.0.1:{port}/", max_bytes=10)
            errors.append(caught.value)

        threads = [threading.Thread(target=call, args=(port,)) for port in ports]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while len(errors) < len(ports) - limits.strangers and time.monotonic() < until:
            time.sleep(0.01)
        assert [type(one) for one in errors] == [Busy] * 5  # the others hang on, with every place of a stranger
        for _ in range(5):
            assert outbound.get_json(url, max_bytes=10).status == 200
        assert len(errors) == 5
    for thread in threads:
        thread.join()


def test_what_did_not_answer_is_not_fetched_again_for_a_while() -> None:
    moment = 100.0
    with dripping(b"", b"", 0.05) as port:
        outbound = Outbound(LOCAL, limits=Limits(connect_s=0.3, total_s=0.3), timer=lambda: moment)
        url = f"http://127.0.0.1:{port}/"
        with pytest.raises(Unreachable) as first:
            outbound.get_json(url, max_bytes=10)
        began = time.monotonic()
        for _ in range(50):
            with pytest.raises(Unreachable) as again:
                outbound.get_json(url, max_bytes=10)
            assert again.value.why == first.value.why
        assert time.monotonic() - began < 5  # fifty tries took fifteen seconds
    with serving() as site:
        moved = f"http://127.0.0.1:{site.port}/"
        outbound._resting[moved] = outbound._resting[url]
        moment += REST_S - 1
        with pytest.raises(Unreachable):
            outbound.get_json(moved, max_bytes=10)
        moment += 1
        assert outbound.get_json(moved, max_bytes=10).status == 200


def test_a_name_without_an_address_is_not_asked_for_again_for_a_while() -> None:
    asked: list[str] = []

    def unknown(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        raise OSError

    outbound = Outbound(PUBLIC, resolver=unknown)
    for _ in range(5):
        with pytest.raises(Forbidden):
            outbound.get_json("https://client.example/jwks", max_bytes=10)
    assert asked == ["client.example"]


def test_what_is_posted_is_always_tried_and_an_answer_that_was_no_use_is_asked_again() -> None:
    """What is posted has pauses of its own; who published a mistake corrects it and tries again."""
    outbound = Outbound(LOCAL)
    with serving() as site:
        closed = site.url
        site.answer = Answer(404)
        for _ in range(2):
            with pytest.raises(Exception, match="404"):
                outbound.get_json(closed, max_bytes=10)
            outbound.post_form(closed, {})
        assert len(site.asked) == 4
    with pytest.raises(Unreachable):
        outbound.get_json(closed, max_bytes=10)
    with serving() as site:
        outbound._resting[site.url] = outbound._resting[closed]
        assert outbound.post_form(site.url, {}).status == 200


def test_too_many_calls_say_nothing_about_the_url() -> None:
    outbound = Outbound(LOCAL, limits=Limits(connect_s=0.1))
    with serving() as site:
        with ExitStack() as held:
            for number in range(3):
                held.enter_context(outbound._shares.place(f"stranger-{number}"))
            with pytest.raises(Busy):
                outbound.get_json(site.url, max_bytes=10)
        assert outbound.get_json(site.url, max_bytes=10).status == 200


class Hanging:
    """A resolver that does not answer for some names until ``over``."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.over.wait(10)
        return ["127.0.0.1"]


def test_names_that_hang_are_asked_once_and_leave_threads_for_the_known() -> None:
    resolver = Hanging()
    made = Names(resolver)
    try:
        for _ in range(3):
            for number in range(names.THREADS):
                with pytest.raises(TimeoutError if number < names.THREADS // 2 else NoThread):
                    made.addresses(f"slow-{number}.example", 443, wait_s=0.01, is_known=False)
        assert len(resolver.asked) == len(set(resolver.asked)) == names.THREADS // 2
        assert made.addresses("client.example", 443, wait_s=2, is_known=True) == ["127.0.0.1"]
    finally:
        resolver.over.set()
    assert made.addresses("slow-0.example", 443, wait_s=2, is_known=False) == ["127.0.0.1"]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_resolver_that_is_busy_says_nothing_about_the_host(is_known: bool) -> None:
    """Else strangers' names would silence a client that is called every day, and make it a stranger as well."""
    resolver = Hanging()
    outbound = Outbound(LOCAL, resolver=resolver)
    with serving() as site:
        url = f"http://daily.example:{site.port}/"
        outbound._shares.note(outbound.target(url).origin, promptly=is_known)
        for number in range(names.THREADS):
            with pytest.raises(TimeoutError):
                outbound._names.addresses(f"slow-{number}.example", 443, wait_s=0, is_known=True)
        try:
            with pytest.raises(Busy):
                outbound.get_json(url, max_bytes=10)
            assert outbound._shares.knows(outbound.target(url).origin) is is_known
        finally:
            resolver.over.set()
        while outbound._names._asked:
            time.sleep(0.01)
        assert outbound.get_json(url, max_bytes=10).status == 200
