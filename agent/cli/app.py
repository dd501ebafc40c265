"""The commands; no logic.

Exit status: 0 fine, 1 something found, 2 wrong usage, 3 it failed or cannot tell, 78 wrong configuration (of `run` also:
a damaged state), where only a person can go on and systemd must not try again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from agent.cli import dead_letters as cli_dead_letters
from agent.cli import problems as cli_problems
from agent.cli import reload as cli_reload
from agent.cli import rule_commands as cli_rules
from agent.cli import schema as cli_schema
from agent.cli import state as cli_state
from agent.cli.options import DEFAULT_PATH, AsJson, Config, err, load, out, print_json, quiet, wrong_usage
from agent.errors import LeaklineError, SettingsError, StateDamaged

FOUND, FAILED, WRONG_CONFIGURATION = 1, 3, 78

app = typer.Typer(
    name="leakline",
    help="Watches Salesforce orgs for data leaks and tells the SIEM you already have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_rules.app, name="rules")
app.add_typer(cli_dead_letters.app, name="dead-letters")
app.add_typer(cli_problems.app, name="problems")
app.command()(cli_reload.reload)
app.add_typer(cli_schema.app, name="schema")
app.add_typer(cli_state.app, name="state")


def _version(asked: bool) -> None:
    if asked:
        from agent import __version__

        print(__version__)  # noqa: T201
        raise typer.Exit


@app.callback()
def _leakline(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watches Salesforce orgs for data leaks and tells the SIEM you already have."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the output goes.")] = Path("leakline-demo"),
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 7,
    rows: Annotated[int, typer.Option(help="About how many rows the simulated day has.")] = 120_000,
) -> None:
    """A simulated org with planted leaks through the whole pipeline, on this machine, in about a minute."""
    from agent.demo.run import run as run_demo

    raise typer.Exit(run_demo(folder, seed=seed, rows=rows, console=out))


@app.command()
def run(config: Config = DEFAULT_PATH) -> None:
    """The daemon: watch, detect, forward until told to stop."""
    from agent.daemon.signals import while_starting

    while_starting()
    from agent.check.doubtful_settings import log_doubts
    from agent.check.machine import require_startable
    from agent.daemon.daemon import Daemon
    from agent.daemon.logs import set_up

    settings = load(config)
    set_up(settings.log)
    require_startable(settings)
    log_doubts(settings)
    try:
        daemon = Daemon(settings)
    except StateDamaged as error:  # systemd must not try again: only a person can go on
        err.print(Text("failed: ", style="red") + Text(str(error), style="default"), soft_wrap=True)
        raise typer.Exit(WRONG_CONFIGURATION) from error
    raise typer.Exit(daemon.run(control=settings.state.socket()))


@app.command()
def check(
    config: Config = DEFAULT_PATH,
    offline: Annotated[bool, typer.Option("--offline", help="Only what can be seen without a connection.")] = False,
    send_test_event: Annotated[
        bool, typer.Option("--send-test-event", help="Send one marked event to each destination.")
    ] = False,
    install_templates: Annotated[
        bool, typer.Option("--install-templates", help="Put the index template where Elastic or OpenSearch lacks it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What is wrong with this installation, and what to do about it."""
    from agent.check.examine import examine
    from agent.check.findings_output import show

    quiet()
    findings = examine(config, offline=offline, send_test_event=send_test_event, install_templates=install_templates)
    raise typer.Exit(show(findings, out, as_json=as_json))


@app.command()
def status(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """What is wrong, then sources, lag, spool, destinations, rules, and whether every row is accounted for.

    Exit status 0: all well. 1: something is wrong now or waits for a person; a daemon that does not run is wrong too.
    3: it cannot tell: the daemon does not answer, this user may not ask it, or the state cannot be read. 78: the
    settings file is wrong.
    """
    from agent.cli import status as status_report
    from agent.daemon import status as statement

    settings = load(config)
    try:
        document = statement.document(settings)
    except LeaklineError as error:
        if as_json:
            print_json(statement.error_document(error))
            raise typer.Exit(FAILED) from error
        raise
    if as_json:
        print_json(document)
    else:
        status_report.show(document, out)
    raise typer.Exit(0 if statement.is_well(document) else FOUND)


@app.command()
def normalize(
    files: Annotated[list[Path], typer.Argument(help="Event log files (CSV, also gzipped).")],
    event_type: Annotated[
        str | None, typer.Option("--event-type", help="Instead of what the EVENT_TYPE column says.")
    ] = None,
    format_name: Annotated[str, typer.Option("--format", help="ecs or cef.")] = "ecs",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Mappings, lists and address databases of this settings file."),
    ] = None,
) -> None:
    """Log files to normalised lines on standard output."""
    from agent.cli.normalize import normalize as normalize_files
    from agent.formats import FORMATS

    if format_name not in FORMATS:
        wrong_usage(f"--format is one of {', '.join(FORMATS)}")
    quiet()
    settings = load(config) if config else None
    rejected = normalize_files(files, event_type, format_name, sys.stdout.buffer, err, settings=settings)
    raise typer.Exit(FOUND if rejected else 0)


@app.command()
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
    from agent.cli.hunt import hunt as hunt_files

    if fold and raw:
        wrong_usage("--fold does not go with --raw: without log sources nothing says whom an event is about")
    if config or not raw:  # else nothing is imported that could log
        quiet()
    settings = load(config) if config else None
    _leave(hunt_files(files, rules, raw=raw, fold=fold, out=sys.stdout.buffer, err=err, settings=settings))


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="0: any free one.")] = 8443,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="A leak to plant; all but the campaigns unless named. `none` for an innocent org, `help` for the list."
        ),
    ] = None,
    seed: Annotated[int, typer.Option()] = 7,
    history: Annotated[str, typer.Option(help="How far back events reach, such as 24h.")] = "24h",
    delay: Annotated[
        str | None, typer.Option(help="How long after its hour a file appears; 3h to 6h unless given.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows-per-day")] = 120_000,
    folder: Annotated[Path, typer.Option(help="Certificates, keys and the truth file go here.")] = Path("leakline-org"),
    fault: Annotated[list[str] | None, typer.Option(help="name=value; `--fault help` lists them.")] = None,
) -> None:
    """The simulated org by itself, for anyone's client."""
    from agent.simulator import command

    raise typer.Exit(
        command.simulate(
            port=port,
            scenarios=scenario,
            seed=seed,
            history=history,
            rows=rows,
            folder=folder,
            faults=fault or [],
            delay=delay,
        )
    )


def _leave(status: int) -> NoReturn:
    """End here: nothing is open any more, and the interpreter's own clearing away takes a twentieth of a short hunt."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """The entry point of the `leakline` command."""
    try:
        app()
    except SettingsError as error:
        err.print(Text("wrong configuration\n", style="red") + Text(str(error), style="default"), soft_wrap=True)
        sys.exit(WRONG_CONFIGURATION)
    except LeaklineError as error:
        err.print(Text("failed: ", style="red") + Text(str(error), style="default"), soft_wrap=True)
        sys.exit(FAILED)
    except BrokenPipeError:
        sys.exit(0)
