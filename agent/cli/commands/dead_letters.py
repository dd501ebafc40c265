"""`leakline dead-letters`: rows that could not be read or delivered, and what becomes of them."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import out, quiet
from agent.wording.number import counted

app = typer.Typer(help="Rows that could not be read or delivered, and why.", no_args_is_help=True)

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE", help="Names as `list` shows them, such as acme/3; the number is enough where it is unique."
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="All files.")]
Destination = Annotated[str | None, typer.Option("--destination", help="All files of this destination.")]


@app.command("list")
def list_files(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """List the files of dead letters."""
    from agent.cli.output import dead_letters

    raise typer.Exit(dead_letters.show_list(load(config), out, as_json=as_json))


@app.command()
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A name as `list` shows it, such as acme/3.")],
    config: Config = DEFAULT_PATH,
) -> None:
    """Print one file of dead letters as JSON lines, a row each."""
    from agent.cli.output import dead_letters

    raise typer.Exit(dead_letters.show(load(config), file))


@app.command()
def replay(
    files: Files = None,
    everything: Everything = False,
    destination: Destination = None,
    config: Config = DEFAULT_PATH,
) -> None:
    """Send refused rows to their destination again, after the rows that wait for it now."""
    _settle("dead_letters_replay", files or [], everything, destination, config)


@app.command()
def drop(
    files: Files = None,
    everything: Everything = False,
    destination: Destination = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    config: Config = DEFAULT_PATH,
) -> None:
    """Delete dead letters for good. An event says who did it and how many rows there were."""
    from agent.cli.output import dead_letters

    _choose(files or [], everything, destination)
    if not yes:
        if not sys.stdin.isatty():
            wrong_usage("there is no terminal to ask on; write --yes")
        rows = dead_letters.count(load(config), files or [], destination=destination, everything=everything)
        typer.confirm(f"{counted(rows, 'row')} will be deleted for good. Drop them?", abort=True)
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
        wrong_usage("name the files: FILE..., --destination NAME or --all")
