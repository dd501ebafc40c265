"""The `leakline` command: which commands there are, and how the program ends.

A command is added in `agent.cli.commands`, a file each: its options and its help, no logic. What it prints stands in
`agent.cli.output`. How a command ends is in `agent.exit_status`.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.text import Text

from agent.cli.commands import dead_letters, problems, rules, schema, state
from agent.cli.commands.check import check
from agent.cli.commands.demo import demo
from agent.cli.commands.hunt import hunt
from agent.cli.commands.normalize import normalize
from agent.cli.commands.reload import reload
from agent.cli.commands.run import run
from agent.cli.commands.simulate import simulate
from agent.cli.commands.status import status
from agent.cli.output.console import err
from agent.errors import LeaklineError, SettingsError
from agent.exit_status import FAILED, FINE, WRONG_CONFIGURATION

app = typer.Typer(
    name="leakline",
    help="Watches Salesforce orgs for data leaks and tells the SIEM you already have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(reload)
app.command()(demo)
app.command()(run)
app.command()(check)
app.command()(status)
app.command()(normalize)
app.command()(hunt)
app.command()(simulate)
app.add_typer(rules.app, name="rules")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(problems.app, name="problems")
app.add_typer(schema.app, name="schema")
app.add_typer(state.app, name="state")


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
        sys.exit(FINE)
