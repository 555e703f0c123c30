"""What is given to operators names commands, files and settings that exist, and units that systemd understands."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.cli import main
from hub.settings import from_environ

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def is_a_command(words: list[str]) -> bool:
    """Whether ``rialto`` would understand these, options included."""
    command: Any = main
    for word in words:
        if word.startswith("--"):
            return any(word in option.opts for option in command.params)
        command = command.commands.get(word)
        if command is None:
            return False
    return True


def test_units_and_containers_run_commands_that_there_are() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    told = [one["command"] for one in compose["services"].values() if "command" in one]
    told += [re.search(r"hub\.cli (.+)", unit.read_text())[1].split() for unit in UNITS]  # type: ignore[index]
    assert len(told) == 7
    assert [words for words in told if not is_a_command(words)] == []
    assert not is_a_command(["serve", "--no-such-option"])


def test_all_that_the_image_copies_is_there_and_all_that_is_imported_is_copied() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    copied = [one for line in lines for one in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"consent", "hub", "migrations", "providers", "wsgi.py"} <= set(copied)


def test_the_image_can_speak_to_kafka_in_the_version_that_is_tested() -> None:
    """Compose offers a broker; a hub that is told of it and lacks the client does not start."""
    pinned = re.compile(r"^confluent-kafka==\S+", re.MULTILINE)
    of_image, tested = (pinned.findall((ROOT / "requirements" / name).read_text()) for name in ("kafka.txt", "dev.txt"))
    assert of_image == tested != []
    assert "-r /tmp/kafka.txt" in (DEPLOY / "Containerfile").read_text()


def test_the_example_of_settings_can_be_filled_in_and_read() -> None:
    names = re.findall(r"^(RIALTO_\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE)
    given = {"RIALTO_BASE_URL": "https://hub.example", "RIALTO_OPERATORS": "ops@hub.example"}
    assert set(given) <= set(names)
    assert from_environ(given).operators == {"ops@hub.example"}
    documented = (ROOT / "docs/operating/configuration.md").read_text()
    assert [name for name in names if f"`{name}`" not in documented] == []


def test_every_setting_that_a_page_names_is_one_that_there_is() -> None:
    pages = [ROOT / "README.md", ROOT / "sandbox/README.md", *(ROOT / "docs").rglob("*.md")]
    table = (ROOT / "docs/operating/configuration.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    known = {*re.findall(r"\w+", " ".join(rows)), "RIALTO_URL"}  # the last one is the example app's
    named = {(page.name, name) for page in pages for name in re.findall(r"\bRIALTO_[A-Z0-9_]+\b", page.read_text())}
    assert [one for one in sorted(named) if not any(name.startswith(one[1]) for name in known)] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze: not on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    """With paths of this machine, since it looks whether what is started is there."""
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/rialto/venv/bin/python", "/bin/true"))
    told = subprocess.run(
        ["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False, timeout=60
    )
    assert unit.name not in told.stderr, told.stderr
