"""Start a bank as its own process on a free port, and end it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
TODAY = "2026-11-23"


@dataclass(frozen=True, slots=True)
class RunningBank:
    url: str
    process: "subprocess.Popen[str]"

    def control(self, method: str, path: str = "", json: object = None) -> requests.Response:
        return requests.request(method, f"{self.url}/_control{path}", json=json, timeout=5)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=5)


def start(module: str, *flags: str, stdin: int = subprocess.DEVNULL) -> RunningBank:
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", "0", *flags],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    return RunningBank(json.loads(process.stdout.readline())["url"], process)
