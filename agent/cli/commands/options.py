"""What the commands have in common: options, and the way to the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from agent.cli.output.console import err
from agent.exit_status import WRONG_USAGE

if TYPE_CHECKING:
    from agent.config.settings import Settings

DEFAULT_PATH = Path("/etc/leakline/leakline.yaml")

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of text.")]


def load(path: Path) -> Settings:
    """The settings, with the orgs that load; imported here because commands without any start in half the time."""
    from agent.config.settings_files import load_for_daemon

    return load_for_daemon(path)


def wrong_usage(message: str) -> NoReturn:
    """Say it and end."""
    err.print(message)
    raise typer.Exit(WRONG_USAGE)
