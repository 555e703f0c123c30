"""openid_client/app.mjs as a process: an app that is built on the npm package openid-client."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hub.stack import Stack

FOLDER = Path(__file__).parent / "openid_client"


class Refused(Exception):
    """The library gave up. ``error`` is the hub's code where it said one, ``status`` that of the hub's answer."""

    def __init__(self, error: str, description: str, status: int | None) -> None:
        super().__init__(f"{error} ({status}): {description}")
        self.error = error
        self.status = status


class OpenidClientApp:
    """One client of the hub. ``requests`` are those it sent for the last thing it was told: method, path, status."""

    def __init__(self, stack: Stack) -> None:
        self._process = subprocess.Popen(
            ["node", "app.mjs"],
            cwd=FOLDER,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(stack.ca_file), "NODE_NO_WARNINGS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.requests: list[tuple[str, str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=10)  # its input ends, so it does

    def tell(self, deed: str, **given: Any) -> Any:
        """What came of it. Raises Refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": deed, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.requests = [(method, path, status) for method, path, status in answer["requests"]]
        if "error" in answer:
            raise Refused(**answer["error"])
        return answer["value"]
