"""What ``rialto web`` leaves behind, which nothing of ours can clean up at its end."""

import os
import subprocess
import sys
from pathlib import Path

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
