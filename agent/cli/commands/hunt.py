"""`leakline hunt`: rules over files at rest."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from agent.cli.commands.options import load, wrong_usage
from agent.cli.output.console import err, quiet


def hunt(
    files: Annotated[
        list[Path],
        typer.Argument(help="Log files (CSV), NDJSON or archived output; also gzipped.", exists=True, dir_okay=False),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Sigma rules, a file or folder; the shipped ones unless given.", exists=True),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Any NDJSON: field names as they stand, log sources not compared.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Rules, thresholds, lists and address databases of this settings file."),
    ] = None,
    fold: Annotated[
        bool,
        typer.Option(
            "--fold",
            help="Repeats of a rule and an actor within rules.fold (1h without -c) in one alert, as the service counts "
            "them, by the time of the events. `@timestamp` is that of the first event, not of the raising.",
        ),
    ] = False,
) -> None:
    """Sigma rules over files: alerts as NDJSON on standard output; exit status 1 if there are any, 3 if a file could
    not be read.
    """
    from agent.cli.output.hunt import write_alerts

    if fold and raw:
        wrong_usage("--fold does not go with --raw: without log sources nothing says whom an event is about")
    if config or not raw:  # else nothing is imported that could log
        quiet()
    settings = load(config) if config else None
    _leave(write_alerts(files, rules, raw=raw, fold=fold, out=sys.stdout.buffer, err=err, settings=settings))


def _leave(status: int) -> NoReturn:
    """End here: nothing is open any more, and the interpreter's own clearing away takes a twentieth of a short hunt."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
