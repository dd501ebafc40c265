"""`leakline problems`: what is wrong now or waits for a person."""

from __future__ import annotations

import getpass

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json, quiet
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND

app = typer.Typer(help="What is wrong now or waits for a person.", no_args_is_help=True)


@app.command("list")
def list_problems(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """The open problems, with what to do; exit status 1 if there are any."""
    from agent.cli.output.status import show_problems
    from agent.daemon import status

    problems = status.document(load(config))["problems"]
    if as_json:
        print_json(problems)
    elif problems:
        show_problems(problems, out)
    else:
        out.print("No problems.")
    raise typer.Exit(FOUND if problems else FINE)


@app.command()
def acknowledge(number: str = typer.Argument(metavar="ID"), config: Config = DEFAULT_PATH) -> None:
    """Say that somebody has looked at a problem: it is no longer told. The acknowledgement is an event."""
    from agent.daemon import status

    quiet()
    problem = status.acknowledge(load(config), number, getpass.getuser())
    if problem is None:
        raise LeaklineError(f"no open problem has the id {number!r}", hint="see `leakline problems list`")
    out.print(f"acknowledged: {problem['message']}", soft_wrap=True)
