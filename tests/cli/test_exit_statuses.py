"""Commands end with what `agent.cli.exit_statuses` says of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import yaml

from agent.cli.app import main
from agent.cli.exit_statuses import BY_COMMAND, EVERYWHERE
from tests.config.test_settings import minimal

RULE = """title: T
logsource: {product: salesforce, service: event_log_file}
detection: {s: {A: x}, condition: s}
"""


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with settings, wrong settings, a rule and a log file without rows; nothing runs in it."""
    monkeypatch.chdir(tmp_path)
    settings = minimal() | {"state": {"directory": str(tmp_path / "state")}}
    (tmp_path / "right.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "wrong.yaml").write_text("orgs: []\n")
    (tmp_path / "rule.yml").write_text(RULE)
    (tmp_path / "damaged.yml").write_text(RULE.replace("condition: s", "condition: t"))
    (tmp_path / "empty.csv").write_text("EVENT_TYPE\n")
    logging = structlog.get_config()
    yield tmp_path
    structlog.configure(**logging)  # commands for people turn it off


@pytest.mark.parametrize(
    ("command", "arguments", "status"),
    [
        ("status", "-c right.yaml", 1),
        ("status", "-c wrong.yaml", 78),
        ("reload", "-c right.yaml", 3),
        ("problems list", "-c right.yaml", 1),
        ("problems acknowledge", "0123 -c right.yaml", 3),
        ("dead-letters list", "-c right.yaml", 0),
        ("dead-letters show", "3 -c right.yaml", 3),
        ("dead-letters replay", "--all -c right.yaml", 0),
        ("dead-letters drop", "-c right.yaml", 2),
        ("state inspect", "-c right.yaml", 3),
        ("state recover", "-c right.yaml", 0),
        ("rules list", "damaged.yml", 1),
        ("rules lint", "rule.yml", 0),
        ("rules lint", "damaged.yml", 1),
        ("rules test", "rule.yml", 1),
        ("normalize", "empty.csv", 0),
        ("normalize", "none.csv", 3),
        ("simulate", "--history soon", 2),
        ("schema rule", "", 0),
        ("status", "--colour", 2),
    ],
)
def test_a_command_ends_with_a_status_that_its_help_names(
    installation: Path, monkeypatch: pytest.MonkeyPatch, command: str, arguments: str, status: int
) -> None:
    """Of the command's own, or of those that any command may end with."""
    monkeypatch.setattr("sys.argv", ["leakline", *command.split(), *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == status
    assert status in BY_COMMAND[command].keys() | EVERYWHERE.keys()
