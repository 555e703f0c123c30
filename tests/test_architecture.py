"""The rules of the house that a machine can check: who may import whom, what is pure, and how long a file may be."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub.models  # noqa: F401  # loads every table
from hub.db import Base
from hub.errors import DomainError
from hub.retention import ENDS, STAYS

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("consent", "providers", "hub", "sandbox", "examples", "demo")


def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def _reaches(folder: str, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _files(folder)
        for name in _imports(path)
        if name.split(".")[0] in forbidden
    ]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("consent", {"hub", "providers", "sandbox", "flask", "sqlalchemy", "requests"}),
        ("providers", {"hub", "consent", "sandbox", "flask", "sqlalchemy"}),
        ("sandbox", {"hub", "consent", "providers"}),
        ("examples", {"hub", "consent", "providers", "sandbox"}),
        ("hub", {"sandbox", "tests", "demo"}),
    ],
)
def test_imports_run_one_way(folder: str, forbidden: set[str]) -> None:
    assert _reaches(folder, forbidden) == []


def test_consent_needs_nothing_but_the_standard_library() -> None:
    allowed = set(sys.stdlib_module_names) | {"consent"}
    used = {(path.name, name) for path in _files("consent") for name in _imports(path)}
    outside = [pair for pair in used if pair[1].split(".")[0] not in allowed]
    assert outside == []


IMPURE = {"time", "random", "socket", "os", "requests", "urllib", "subprocess", "threading", "secrets"}


@pytest.mark.parametrize(
    "path",
    [*_files("consent"), *(ROOT / "providers").rglob("normalize.py"), ROOT / "hub/ledger/reconcile.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_decides_or_translates_is_pure(path: Path) -> None:
    """No I/O and no clock: data and time are arguments."""
    assert IMPURE.isdisjoint(name.split(".")[0] for name in _imports(path))
    source = path.read_text()
    for word in ("open(", ".now(", ".today(", "print("):
        assert word not in source, f"{word} in {path.name}"


def test_standards_do_not_import_each_other() -> None:
    standards = [folder.name for folder in (ROOT / "providers").iterdir() if (folder / "adapter.py").exists()]
    assert len(standards) >= 2
    for standard in standards:
        for path in _files(f"providers/{standard}"):
            for name in _imports(path):
                parts = name.split(".")
                foreign = parts[0] == "providers" and len(parts) > 1 and parts[1] in standards and parts[1] != standard
                assert not foreign, f"{path}: {name}"


def test_rows_are_rows_and_import_nothing_above_them() -> None:
    for path in _files("hub/models"):
        for name in _imports(path):
            if name.startswith("hub"):
                assert name in {"hub.db", "hub.models"}, f"{path.name} imports {name}"


@pytest.mark.parametrize("folder", PRODUCT)
def test_a_file_is_read_in_one_sitting(folder: str) -> None:
    long = {path.name: n for path in _files(folder) if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*"):
            assert path.stem not in {"utils", "helpers", "misc", "common"}, path


def test_http_statuses_stay_at_the_rim() -> None:
    """Services raise domain words; only the rim and OAuth's own endpoints know numbers."""
    for folder in ("hub/identity", "hub/consents", "hub/connections", "hub/ledger", "hub/sync", "consent"):
        for path in _files(folder):
            constants = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
            numbers = {value for value in constants if type(value) is int}
            assert numbers.isdisjoint({400, 401, 403, 404, 409}), path


def test_every_table_has_an_end_for_its_rows_or_a_reason_to_keep_them() -> None:
    """A new table gets a line in hub.retention: in ENDS if it grows with visits, in STAYS with the reason if not."""
    ends, stays = {one.table.name for one in ENDS}, set(STAYS)
    assert not ends & stays
    assert ends | stays == set(Base.metadata.tables)
    undecided = [name for name in stays if "expires_at" in Base.metadata.tables[name].columns]
    assert undecided == [], "what has an expiry is swept by it"


def test_oauths_errors_have_one_home() -> None:
    """Authlib's raise ValueError for a description in other characters than it may hold; ours never do."""
    found = {path for path in _files("hub") for name in _imports(path) if name.startswith("authlib")}
    assert found == {ROOT / "hub/oauth/errors.py"}


def test_what_callers_are_told_of_an_error_is_a_sentence() -> None:
    """It begins with a capital, or with the name of a parameter, and ends like one."""
    kinds = {kind.__name__ for kind in DomainError.__subclasses__()}
    told = [
        (path.name, node.args[0].value)
        for path in _files("hub")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args
        if isinstance(node.args[0], ast.Constant)
    ]
    assert len(told) > 100
    assert [one for one in told if not re.fullmatch(r"([A-Z]|[a-z]+_).*[.?)]", str(one[1]), re.DOTALL)] == []
