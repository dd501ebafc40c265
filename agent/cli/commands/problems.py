"""`leakline problems`: what is wrong now or waits for a person."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json, quiet
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND

app = typer.Typer(help="What is wrong now, and what waits for you to act.", no_args_is_help=True)


@app.command("list")
def list_problems(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """List the open problems, with what to do."""
    from agent.cli.output.status import show_problems
    from agent.daemon import status

    document = status.document(load(config))
    problems = document.problems
    if as_json:
        print_json(status.encode_problems(problems))
    elif problems:
        show_problems(problems, out, several_orgs=len(document.orgs) > 1)
    else:
        out.print("No problems.")
    raise typer.Exit(FOUND if problems else FINE)


@app.command()
def acknowledge(
    number: Annotated[str, typer.Argument(metavar="ID", help="The id, as `list` shows it.")],
    config: Config = DEFAULT_PATH,
) -> None:
    """Acknowledge a problem after you have looked at it: it is closed in every org. The acknowledgement is an event."""
    from agent.daemon import status

    quiet()
    problems = status.acknowledge(load(config), number, getpass.getuser())
    if not problems:
        raise LeaklineError(f"no open problem has the id {number!r}", hint="see `leakline problems list`")
    for problem in problems:
        org = f"{problem.org}: " if len(problems) > 1 and problem.org else ""
        out.print(f"acknowledged: {org}{problem.message}", markup=False, soft_wrap=True)
