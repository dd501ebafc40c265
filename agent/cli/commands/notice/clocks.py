"""`leakline clocks …`: until when somebody must be told."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import quiet

app = typer.Typer(help="Deadlines of breach notices.", no_args_is_help=True)


@app.callback()
def _clocks() -> None:
    """Deadlines of breach notices."""


@app.command("list")
def list_(
    config: Config = DEFAULT_PATH,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the clocks of incidents, the next date first: what is left, both dates, to whom. This is not legal advice."""
    from agent.cli.output.clocks import clock_list

    quiet()
    raise typer.Exit(clock_list.show(load(config), everything=everything, as_json=as_json))


@app.command()
def due(
    regime: Annotated[str, typer.Option(help="The id of a regime, as `leakline regimes list` shows it.")],
    anchor: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=TIME",
            help="What happened when, such as aware=2026-11-27T10:00:00Z or prior_stage:notification=2026-11-28T09:00:00Z; several are possible.",
        ),
    ],
    role: Annotated[str | None, typer.Option("--as", metavar="ROLE", help="The role in which it binds you.")] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What is known besides, such as persons_affected=1200."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="The time zone of the recipient, where the regime names none: Europe/Berlin.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reckon the deadlines of a regime, without an incident and without a daemon. This is not legal advice."""
    from agent.cli.output import due_dates
    from agent.notice.counting.working_days import UnknownCalendar
    from agent.notice.declared import NotDeclarable

    try:
        status = due_dates.show(regime, anchor, fact or [], role, zone, as_json=as_json)
    except (NotDeclarable, UnknownCalendar) as error:
        wrong_usage(str(error))
    raise typer.Exit(status)
