"""What the suite needs of npm, pinned by the lock file of the folder that needs it."""

import hashlib
import shutil
import subprocess
from pathlib import Path

OLDEST_NODE = 18
PATIENCE_S = 120


class Absent(Exception):
    """This machine cannot run it; says why."""


def install(folder: Path) -> None:
    """``npm ci`` in it, if what the lock file names is not there already. Raises Absent."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Absent("node and npm were not found on this machine")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise Absent(f"node {OLDEST_NODE} or newer is needed, and this is {version}")
    locked = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    installed = folder / "node_modules" / ".installed"
    if installed.is_file() and installed.read_text() == locked:
        return
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise Absent(f"npm ci failed: {done.stderr.strip()[-300:]}")
    installed.write_text(locked)
