"""`leakline drill …`: leaks that are planted on purpose, and judged."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import quiet

app = typer.Typer(
    help="Drills: planted leaks through the running pipeline, judged stage by stage.", no_args_is_help=True
)


@app.command("list")
def list_drills(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """List all scenarios, and how each ended last."""
    from agent.cli.output.drills import answers

    quiet()
    answers.listed(load(config), as_json=as_json)


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of `list`, such as mass_report_export.")],
    config: Config = DEFAULT_PATH,
    speed: Annotated[
        float, typer.Option("--speed", min=1, max=3600, help="How many times faster than planned people are notified.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Run a drill in the running daemon, and wait for its verdict. Messages and events are marked as a drill."""
    from agent.cli.output.drills import answers

    quiet()
    raise typer.Exit(answers.ran(load(config), scenario, speed, as_json=as_json))


@app.command()
def status(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Show which drills run, how the newest ended, and which are overdue."""
    from agent.cli.output.drills import answers

    quiet()
    raise typer.Exit(answers.status(load(config), as_json=as_json))
