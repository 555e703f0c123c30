"""The worked example of docs/providers/writing-an-adapter.md: a package, installed, found, linked and read."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "adapter_kiosk"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("outside") / "adapter_kiosk"))


@pytest.fixture(scope="module")
def installed(copied: Path) -> Path:
    """Where the package lies once it is installed; nothing is fetched for it."""
    target = copied.parent / "site"
    flags = ["--offline", "--no-deps", "--no-cache", "--python", sys.executable, "--target", str(target)]
    ended = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", *flags, str(copied)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return target


def its_own_tests(copied: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "tests"],
        cwd=copied,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT)))},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_an_installed_package_brings_its_standard_and_conforms(copied: Path, installed: Path) -> None:
    ended = its_own_tests(copied, installed)
    assert ended.returncode == 0, ended.stdout
    assert "no tests ran" not in ended.stdout


def test_one_that_is_not_installed_brings_nothing(copied: Path) -> None:
    ended = its_own_tests(copied)
    assert ended.returncode != 0
    assert "no adapter speaks 'kiosk'" in ended.stdout


def test_nobody_is_led_to_the_package_that_has_our_name_at_the_index() -> None:
    """It is somebody else's, and what it brings runs where the hub's keys are."""
    asked = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["dependencies"]
    assert asked == []
    told = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*"), *ROOT.glob("hub/**/*.py")]
    fetched = re.compile(r"pip install (-\S+ )*rialto\b")
    assert [path for path in told if path.is_file() and fetched.search(path.read_text())] == []


def test_the_page_shows_the_example_as_it_is() -> None:
    """Each piece of code on the page is a part of the example, line by line; how far it is indented is the page's."""
    page = (ROOT / "docs" / "providers" / "writing-an-adapter.md").read_text()
    files = [path for path in sorted(EXAMPLE.rglob("*")) if path.suffix in (".py", ".toml", ".json")]
    code = "\n".join(_lines(path.read_text()) for path in files)
    pieces = [piece.strip("\n") for piece in page.split("```")[1::2]]
    shown = [piece.partition("\n")[2] for piece in pieces if piece.startswith(("python", "toml", "json"))]
    assert len(shown) >= 4
    for piece in shown:
        for part in piece.split("\n...\n"):
            assert _lines(part) in code, part


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
