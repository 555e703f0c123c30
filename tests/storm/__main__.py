"""The long storm: ``python -m tests.storm --kills 300 --people 50``."""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tests import postgres
from tests.storm.storm import storm


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--people", type=int, default=50)
    given, console, broken = parser.parse_args(), Console(highlight=False), 0
    for name, workers in (("sqlite", 1), ("postgresql", 3)):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rialto-storm-")))
            url = f"sqlite:///{folder / 'hub.db'}"
            if name == "postgresql":
                url = stack.enter_context(postgres.database(stack.enter_context(postgres.cluster()), "storm"))
            weather = stack.enter_context(storm(folder / "storm", url, workers=workers))
            weather.settle_people(given.people)
            weather.start()
            with console.status(f"{name}: {given.kills} kills"):
                weather.blow(given.kills)
                left = weather.quieten()
            found = [f"still open: {one}" for one in left] + weather.broken_promises()
            moved, heard = sum(weather.moved.values()), len(weather.receiver.got)
            console.print(
                f"{name}: {weather.kills} kills, {moved} moves of consents, {weather.web.answers} pages, "
                f"{heard} webhooks received"
            )
            for line in found or ["every promise held"]:
                console.print(f"  {line}")
            broken += len(found)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
