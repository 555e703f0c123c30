"""The names of all tests of the house, read from their files without running anything."""

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


@cache
def names_of_tests() -> dict[str, list[str]]:
    """Test function -> the docstring of each test of that name, "" where it has none."""
    found: dict[str, list[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, []).append(ast.get_docstring(node) or "")
    return found
