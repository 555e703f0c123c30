"""The long storm: ``python -m tests.storm --kills 300 --people 50 [--store sqlite|postgresql] [--save]``."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.storm import promises
from tests.storm.storm import ROOT, Storm, storm

RESULTS = ROOT / "bench" / "results"
STORES = {"sqlite": 1, "postgresql": 3}
"""And how many workers each has."""
TOLD_EVERY = 25


def blow(weather: Storm, name: str, kills: int, people: int) -> list[str]:
    """What did not come to its end in time. Says how far it is on standard error."""
    began = time.monotonic()

    def tell() -> None:
        if (count := weather.kills.total()) % TOLD_EVERY == 0 or count == kills:
            print(f"{name}: {count} of {kills} kills after {time.monotonic() - began:.0f} s", file=sys.stderr)

    weather.settle_people(people)
    weather.start()
    weather.blow(kills, tell=tell)
    return weather.quieten()


def figures(weather: Storm, name: str, took_s: float) -> Iterator[str]:
    heard, moved = [came.id for came in weather.receiver.got], weather.moved
    yield f"{name}, workers: {weather.workers}, people: {len(weather.people)}, banks: {len(weather.banks)}"
    yield f"  killed          {weather.kills['worker']} workers, {weather.kills['web']} web servers, in {took_s:.0f} s"
    yield f"  consents        {moved['consent.valid']} given, {moved['consent.revoked']} taken back on pages"
    yield f"  webhooks        {len(set(heard))} messages received, {len(heard) - len(set(heard))} calls repeated"
    yield f"  transactions    {sum(bank.rows for bank in weather.banks) * len(weather.people)}"


def run(name: str, workers: int, kills: int, people: int) -> tuple[list[str], int]:
    """The lines to print, and how much was broken."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rialto-storm-")))
        url = f"sqlite:///{folder / 'hub.db'}"
        if name == "postgresql":
            url = stack.enter_context(postgres.database(stack.enter_context(postgres.cluster()), "storm"))
        weather, began = stack.enter_context(storm(folder / "storm", url, workers=workers)), time.monotonic()
        left = blow(weather, name, kills, people)
        lines, count = list(figures(weather, name, time.monotonic() - began)), len(left)
        lines += [f"  STILL OPEN      {one}" for one in left]
        for words, check in promises.PROMISES.items():
            found = list(check(weather))
            lines += [f"  {'BROKEN' if found else 'held':<15} {words}", *(f"    {one}" for one in found)]
            count += len(found)
        return lines, count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--store", choices=STORES, action="append", help="both, unless one is named")
    parser.add_argument("--save", action="store_true", help="keep the outcome in bench/results/storm-….txt")
    given, broken = parser.parse_args(), 0
    for name in given.store or STORES:
        lines, count = run(name, STORES[name], given.kills, given.people)
        print("\n".join(lines), flush=True)
        broken += count
        if given.save:
            again = f"python -m tests.storm --kills {given.kills} --people {given.people} --store {name} --save"
            (RESULTS / f"storm-{name}.txt").write_text("\n".join([again, "", *lines]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
