"""`make bench`: every load, one after the other."""

import runpy
import sys

LOADS = (
    "bench.history",
    "bench.ingest",
    "bench.served",
    "bench.identity",
    "bench.normalise",
    "bench.refresh",
    "bench.engine",
    "bench.soak",
)

if __name__ == "__main__":
    for load in LOADS:
        print(f"== {load}", flush=True)
        sys.argv = [load, *sys.argv[1:]]
        runpy.run_module(load, run_name="__main__")
