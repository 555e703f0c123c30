"""What ``rialto web`` leaves behind, which nothing of ours can clean up at its end."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.commands.web import FOLDER, fresh_folder


def test_folders_of_servers_that_are_gone_go_with_the_next_start_and_no_others(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    kept = [tmp_path / f"{FOLDER}{os.getppid()}-runs", tmp_path / f"{FOLDER}somebody", tmp_path / "another"]
    left = [tmp_path / f"{FOLDER}{pid}-x" for pid in (gone.stdout.strip(), os.getpid())]
    for folder in (*kept, *left):
        folder.mkdir()
        (folder / "counter_1.db").write_bytes(b"1")
    made = Path(fresh_folder(tmp_path))
    assert sorted(tmp_path.iterdir()) == sorted([*kept, made])
    assert list(made.iterdir()) == []


def test_what_anybody_puts_beside_them_stops_no_start(tmp_path: Path) -> None:
    """Everybody writes there, in names that are no id of a process as well."""
    for name in ("9" * 40 + "-x", "²-x", "-x", ""):
        (tmp_path / f"{FOLDER}{name}").mkdir()
    assert Path(fresh_folder(tmp_path)).is_dir()
    assert len(list(tmp_path.iterdir())) == 5


def test_two_servers_may_start_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / f"{FOLDER}{os.getpid()}-x"
    gone.mkdir()
    lstat = Path.lstat

    def another_was_first(path: Path) -> os.stat_result:
        if path == gone:
            shutil.rmtree(gone, ignore_errors=True)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", another_was_first)
    assert [Path(fresh_folder(tmp_path))] == list(tmp_path.iterdir())
