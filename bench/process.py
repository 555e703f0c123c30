"""What a process and all below it have used: CPU and memory, from /proc."""

import contextlib
import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_s(root: int) -> float:
    """CPU seconds, user and system, used so far."""
    return sum(used for used, _ in _tree(root))


def rss_mib(root: int) -> float:
    """Resident memory in MiB; what processes share counts for each."""
    return sum(pages for _, pages in _tree(root)) * PAGE_BYTES / 2**20


def _tree(root: int) -> list[tuple[float, int]]:
    """(CPU seconds, resident pages) of each process of the tree."""
    found: dict[int, tuple[int, float, int]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            used = (int(words[11]) + int(words[12])) / TICKS
            found[int(folder.name)] = (int(words[1]), used, int(words[21]))
    tree, grew = {root}, True
    while grew:
        below = {pid for pid, (parent, _, _) in found.items() if parent in tree} - tree
        tree |= below
        grew = bool(below)
    return [found[pid][1:] for pid in tree if pid in found]
