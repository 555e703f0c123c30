"""A hub that ends before its process does leaves nothing behind in it."""

import gc
import importlib
import time
import weakref

from hub.context import Hub, build
from hub.settings import Settings
from tests.people import person


def _used(settings: Settings) -> Hub:
    made = build(settings)
    importlib.import_module("hub.app").create_app(made).test_client().get("/login")
    person(made, "Alice")
    made.recorder.start()
    _ = made.access_log, made.replay, made.rates, made.door, made.circuits
    return made


def test_a_closed_hub_is_forgotten(settings: Settings) -> None:
    made = _used(settings)
    kept: list[weakref.ref[object]] = [weakref.ref(made), weakref.ref(made.db), weakref.ref(made.db.reader)]
    made.close()
    del made
    for _ in range(4):  # its threads may still be on their way out
        gc.collect()
        if not any(one() for one in kept):
            break
        time.sleep(1)
    assert [one() for one in kept] == [None, None, None]


def test_closing_twice_and_using_again_is_no_mistake(settings: Settings) -> None:
    made = _used(settings)
    made.close()
    made.close()
    person(made, "Bob")
    made.close()
