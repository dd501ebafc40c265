"""The `leakline` command: which commands there are, and how the program ends.

A command is added in `agent.cli.commands`, a file each: its options and its help, no logic. What it prints stands in
`agent.cli.output`. How a command ends is in `agent.exit_status`.
"""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer
from rich.text import Text
from typer.completion import get_completion_inspect_parameters, install_callback, show_callback

from agent.cli.commands import changes, dead_letters, drill, incidents, problems, rules, schema, state, trail
from agent.cli.commands.backfill import backfill
from agent.cli.commands.check import check
from agent.cli.commands.demo import demo
from agent.cli.commands.hunt import hunt
from agent.cli.commands.normalize import normalize
from agent.cli.commands.notice import clocks, notices, oncall, regimes
from agent.cli.commands.reload import reload
from agent.cli.commands.run import run
from agent.cli.commands.simulate import simulate
from agent.cli.commands.status import status
from agent.cli.exit_statuses import add_epilogs
from agent.cli.output.console import err
from agent.errors import LeaklineError, SettingsError
from agent.exit_status import FAILED, FINE, WRONG_CONFIGURATION

Shell = Literal["bash", "zsh", "fish"]
"""Typer's own options would guess the shell from the processes above this one; ours ask for its name."""

get_completion_inspect_parameters()  # makes typer know the shells, as its own options would

app = typer.Typer(
    name="leakline",
    help="Watches Salesforce orgs for data leaks and alerts the SIEM you already have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(check)
app.command()(status)
app.command()(reload)
app.command()(backfill)
app.command()(hunt)
app.command()(normalize)
app.command()(demo)
app.command()(simulate)
app.add_typer(problems.app, name="problems")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(rules.app, name="rules")
app.add_typer(incidents.app, name="incidents")
app.add_typer(clocks.app, name="clocks")
app.add_typer(oncall.app, name="oncall")
app.add_typer(notices.app, name="notices")
app.add_typer(regimes.app, name="regimes")
app.add_typer(changes.app, name="changes")
app.add_typer(drill.app, name="drill")
app.add_typer(trail.app, name="trail")
app.add_typer(state.app, name="state")
app.add_typer(schema.app, name="schema")
add_epilogs(app)


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
    show_completion: Annotated[
        Shell | None,
        typer.Option(callback=show_callback, is_eager=True, help="Print what completes commands in a shell."),
    ] = None,
    install_completion: Annotated[
        Shell | None,
        typer.Option(callback=install_callback, is_eager=True, help="Put it where your shell reads it."),
    ] = None,
) -> None:
    """Watches Salesforce orgs for data leaks and alerts the SIEM you already have."""


def main() -> None:
    """The entry point of the `leakline` command."""
    try:
        app(prog_name="leakline")
    except SettingsError as error:
        err.print(Text("wrong configuration\n", style="red") + Text(str(error), style="default"), soft_wrap=True)
        sys.exit(WRONG_CONFIGURATION)
    except LeaklineError as error:
        err.print(Text("failed: ", style="red") + Text(str(error), style="default"), soft_wrap=True)
        sys.exit(FAILED)
    except BrokenPipeError:
        sys.exit(FINE)
