"""`leakline normalize`: log files at rest to normalised lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import load, wrong_usage
from agent.cli.output.console import err, quiet
from agent.exit_status import FINE, FOUND


def normalize(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Event log files (CSV, also gzipped).")],
    event_type: Annotated[
        str | None, typer.Option("--event-type", help="The event type, in place of the EVENT_TYPE column.")
    ] = None,
    format_name: Annotated[str, typer.Option("--format", help="The form of the lines: ecs or cef.")] = "ecs",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Mappings, lists and address databases of this settings file."),
    ] = None,
) -> None:
    """Normalise log files, and write the lines to standard output."""
    from agent.cli.output.normalize import write_normalized
    from agent.formats import FORMATS

    if format_name not in FORMATS:
        wrong_usage(f"--format is one of {', '.join(FORMATS)}")
    quiet()
    settings = load(config) if config else None
    rejected = write_normalized(files, event_type, format_name, sys.stdout.buffer, err, settings=settings)
    raise typer.Exit(FOUND if rejected else FINE)
