"""What a command imports before it does anything: most of the time that a short one takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import AGENT

COMMANDS = {
    "--version": {"typer", "rich", "polars", "pydantic", "structlog", "yaml"},
    "--help": {"polars", "pydantic", "structlog", "yaml", "httpx", "sigma"},
    "run --help": {"polars", "structlog", "yaml", "httpx", "sigma", "agent.daemon.daemon"},
    "rules list": {
        "agent.config.settings", "agent.daemon.daemon", "agent.destinations", "agent.sources.salesforce.session",
        "apscheduler", "httpx", "jwt", "prometheus_client", "requests", "simple_salesforce", "structlog",
    },
}  # fmt: skip
"""Commands, and what they must do without: whole trees of libraries that they have no use for."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_nothing_that_it_has_no_use_for(command: str, tmp_path: Path) -> None:
    """Each of these takes from 20 to 300 ms to import."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agent", *command.split()],
        capture_output=True,
        check=True,
        text=True,
        cwd=AGENT.parent,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(AGENT.parent), "COLUMNS": "120"},
    )
    assert done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "agent" in imported
    assert not COMMANDS[command] & imported
