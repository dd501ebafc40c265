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
        typer.Argument(
            metavar="FILE",
            help="Log files (CSV), NDJSON or archived output; also gzipped.",
            exists=True,
            dir_okay=False,
        ),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Sigma rules, a file or folder; the shipped ones unless given.", exists=True),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Any NDJSON: field names are used as they are, log sources are not compared.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Rules, thresholds, lists and address databases of this settings file."),
    ] = None,
    fold: Annotated[
        bool,
        typer.Option(
            "--fold",
            help="Count repeats of a rule and an actor within rules.fold (1h without -c) in one alert, by event time. "
            "`@timestamp` is the time of the first event.",
        ),
    ] = False,
) -> None:
    """Run Sigma rules over files, and write alerts as NDJSON."""
    from agent.cli.output.hunt import write_alerts

    if fold and raw:
        wrong_usage(
            "--fold cannot be used with --raw: without a log source the actor of an event is not known; leave one out"
        )
    if config or not raw:  # else nothing is imported that could log
        quiet()
    settings = load(config) if config else None
    _leave(write_alerts(files, rules, raw=raw, fold=fold, out=sys.stdout.buffer, err=err, settings=settings))


def _leave(status: int) -> NoReturn:
    """End here: nothing is open any more, and the interpreter's own clearing away takes a twentieth of a short hunt."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
