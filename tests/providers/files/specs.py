"""Published samples of other people's, beside the repository: read where they are, skipped saying so where not."""

import os
from pathlib import Path

import pytest

SPECS = Path(os.environ.get("RIALTO_SPECS", Path(__file__).parents[4] / "shared" / "specs"))


def files(folder: str, pattern: str) -> list[object]:
    """Parameters: (path) of every file there is, or one that skips."""
    found: list[object] = [pytest.param(path, id=path.name) for path in sorted((SPECS / folder).glob(pattern))]
    reason = f"{SPECS / folder} is not there: published samples cannot be read"
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
