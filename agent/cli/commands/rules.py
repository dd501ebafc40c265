"""`leakline rules …`: the commands; no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agent.cli.commands.options import AsJson, load, wrong_usage
from agent.cli.output.console import err, out

if TYPE_CHECKING:
    from agent.detection.authoring.ingest_window import IngestWindow

app = typer.Typer(help="Sigma rules: list, lint, test and convert them.", no_args_is_help=True)

EVERY, LOOKBACK = "1h", "7d"
"""How often converted queries are run, and how late rows may come."""

Folders = Annotated[
    list[Path] | None, typer.Argument(metavar="FOLDER", help="Folders of rules; the shipped ones unless given.")
]


@app.command("list")
def list_rules(
    folders: Folders = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The settings file: which rules run and which cannot fire with it."),
    ] = None,
    feed: Annotated[
        str | None,
        typer.Option(
            help="The licence of the org: free, event_monitoring or real_time (each includes those before it)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the rules: level, feed, source, delay; what they cover; which cannot fire, and why."""
    from agent.cli.output import rules_list
    from agent.detection.authoring.coverage import FEEDS

    if feed not in (None, *FEEDS):
        wrong_usage(f"--feed is one of {', '.join(FEEDS)}")
    settings = load(config) if config else None
    raise typer.Exit(rules_list.show(folders, settings, feed or "", out, err, as_json=as_json))


@app.command("lint")
def lint(
    folders: Folders = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Rules and values for placeholders of this settings file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check rules: what is wrong, in which file and line, and what to change."""
    from agent.cli.output import rules_lint_and_test

    settings = load(config) if config else None
    raise typer.Exit(rules_lint_and_test.lint(folders, out, as_json=as_json, settings=settings))


@app.command("test")
def test(
    folders: Folders = None,
    samples: Annotated[
        Path | None, typer.Option(help="The folder of samples, a mirror of the rules' folder.", exists=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Test whether each rule matches its samples, and not its near-misses."""
    from agent.cli.output import rules_lint_and_test

    raise typer.Exit(rules_lint_and_test.test(folders, samples, out, as_json=as_json))


@app.command("convert")
def convert(
    folders: Folders = None,
    to: Annotated[
        Literal["splunk", "esql", "lucene"], typer.Option("--to", help="SPL, or one of Elastic's languages.")
    ] = "splunk",
    pipeline: Annotated[
        bool, typer.Option("--pipeline", help="Print the pySigma pipeline, for sigma-cli, and no queries.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Rules, mappings and values of this settings file.")
    ] = None,
    every: Annotated[
        str,
        typer.Option("--every", help="How often the queries run; each finds what arrived since the previous run."),
    ] = EVERY,
    lookback: Annotated[
        str, typer.Option("--lookback", help="How old an event may be when it arrives, where a query must name it.")
    ] = LOOKBACK,
    no_window: Annotated[
        bool, typer.Option("--no-window", help="Queries that name no times, for a search by hand.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Convert rules to queries of a SIEM over the events that Leakline sends.

    The queries select rows by their time of arrival, not by event time, because rows come hours late.
    """
    from agent.cli.output import rules_convert

    if (no_window or pipeline) and (every, lookback) != (EVERY, LOOKBACK):
        wrong_usage("--every and --lookback do nothing with --no-window or --pipeline; leave them out")
    settings = load(config) if config else None
    window = None if no_window else _ingest_window(every, lookback)
    if pipeline:
        sys.stdout.write(rules_convert.pipeline_text(to, settings))
        return
    raise typer.Exit(rules_convert.show(folders, to, settings, err, as_json=as_json, window=window))


def _ingest_window(every: str, lookback: str) -> IngestWindow:
    from agent.detection.authoring.ingest_window import IngestWindow
    from agent.duration import parse_duration

    try:
        window = IngestWindow(parse_duration(every), parse_duration(lookback))
    except ValueError as error:
        wrong_usage(str(error))
    if problem := window.problem():
        wrong_usage(problem)
    return window
