"""`leakline dead-letters`: rows that could not be read or delivered, and what becomes of them."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import out, quiet

app = typer.Typer(help="Rows that could not be read or delivered, and why.", no_args_is_help=True)

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="As `list` names them, such as acme/3; a number alone if that is clear."),
]
Everything = Annotated[bool, typer.Option("--all", help="Every file.")]
Destination = Annotated[str | None, typer.Option("--destination", help="Every file of this destination.")]


@app.command("list")
def list_files(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """What is kept, by file of dead letters; exit status 1 if there is something."""
    from agent.cli.output import dead_letters

    raise typer.Exit(dead_letters.show_list(load(config), out, as_json=as_json))


@app.command()
def show(file: str, config: Config = DEFAULT_PATH) -> None:
    """One file of dead letters, row by row, as JSON lines."""
    from agent.cli.output import dead_letters

    raise typer.Exit(dead_letters.show(load(config), file))


@app.command()
def replay(
    files: Files = None,
    everything: Everything = False,
    destination: Destination = None,
    config: Config = DEFAULT_PATH,
) -> None:
    """Send refused rows again, to the destination that refused them: after what waits for it now.

    Exit status 1: some could not be, for instance because they never became events.
    """
    _settle("dead_letters_replay", files or [], everything, destination, config)


@app.command()
def drop(
    files: Files = None,
    everything: Everything = False,
    destination: Destination = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    config: Config = DEFAULT_PATH,
) -> None:
    """Let go of dead letters for good. Who did it and how many rows it were is an event."""
    from agent.cli.output import dead_letters

    _choose(files or [], everything, destination)
    if not yes:
        if not sys.stdin.isatty():
            wrong_usage("nobody is there to be asked: write --yes")
        rows = dead_letters.count(load(config), files or [], destination=destination, everything=everything)
        typer.confirm(f"{rows:,} rows will be gone. Drop them?", abort=True)
    _settle("dead_letters_drop", files or [], everything, destination, config)


def _settle(command: str, files: list[str], everything: bool, destination: str | None, config: Config) -> None:
    from agent.cli.output import dead_letters

    _choose(files, everything, destination)
    quiet()
    by = getpass.getuser()
    raise typer.Exit(
        dead_letters.settle(
            load(config), command, files, destination=destination, everything=everything, by=by, console=out
        )
    )


def _choose(files: list[str], everything: bool, destination: str | None) -> None:
    if not (files or everything or destination):
        wrong_usage("say which: FILE..., --destination NAME or --all")
