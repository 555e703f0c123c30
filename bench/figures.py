"""What the figures and the note of its hop cost a request: ``python -m bench.figures``. Microseconds each."""

import os
import subprocess
import sys
import tempfile
import time
import uuid

from hub.observability import figures
from hub.observability.recorder import Recorder

COUNT = 50_000


def main() -> None:
    if figures.SHARED not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(  # ourselves
                [sys.executable, "-m", "bench.figures"], env={**os.environ, figures.SHARED: folder}, check=True
            )
    kind = "files shared" if figures.SHARED in os.environ else "one process"
    counted = figures.Figures()
    began = time.perf_counter()
    for number in range(COUNT):
        counted.request("api.transactions", 200, number % 100 / 1000)
    print(f"{kind}: {(time.perf_counter() - began) / COUNT * 1e6:.1f} us to count a request")
    noted = Recorder(None, lambda: MOMENT, percent=10)  # type: ignore[arg-type]  # nothing is written
    ids = [str(uuid.uuid4()) for _ in range(COUNT)]
    began = time.perf_counter()
    for trace_id in ids:
        noted.note("app", "GET api.transactions", took_ms=3, trace_id=trace_id)
    print(f"{kind}: {(time.perf_counter() - began) / COUNT * 1e6:.1f} us to note its hop")


if __name__ == "__main__":
    from hub.clock import now

    MOMENT = now()
    main()
