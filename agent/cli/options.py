"""What the commands have in common: options, consoles, the way to the settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from agent.cli.exit_status import WRONG_USAGE
from agent.terminal import Terminal

if TYPE_CHECKING:
    from agent.config.settings import Settings

DEFAULT_PATH = Path("/etc/leakline/leakline.yaml")

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of text.")]

out = Terminal()
err = Terminal(stderr=True)


def load(path: Path) -> Settings:
    """The settings; imported here because commands without any start in half the time."""
    from agent.config import settings as config

    return config.load(path)


def print_json(document: object) -> None:
    """A document for programs on standard output."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")


def quiet() -> None:
    """Commands for people do not log; what they have to say they print."""
    import structlog

    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()], wrapper_class=structlog.make_filtering_bound_logger(50)
    )


def wrong_usage(message: str) -> NoReturn:
    """Say it and end."""
    err.print(message)
    raise typer.Exit(WRONG_USAGE)
