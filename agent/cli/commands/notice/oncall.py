"""`leakline oncall …`: who is on call when, who stands in for whom, and maintenance."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import quiet

app = typer.Typer(help="Who is on call, overrides, and maintenance.", no_args_is_help=True)

Zone = Annotated[
    str,
    typer.Option("--zone", help="Where times without an offset are meant; else the zone of the first rotation."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]


@app.callback()
def _oncall() -> None:
    """Who is on call, overrides, and maintenance."""


@app.command()
def show(
    config: Config = DEFAULT_PATH,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When; now unless given.")] = "",
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many weeks of shifts.")] = 4,
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Show who is on call, the shifts of the next weeks, overrides, and hours in which no person is on call."""
    from agent.cli.output.on_call import answers

    quiet()
    answers.shown(load(config), at=at, weeks=weeks, zone=zone, as_json=as_json)


@app.command()
def override(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who is on call; left out with --end.")] = "",
    config: Config = DEFAULT_PATH,
    rotation: Annotated[
        str, typer.Option("--rotation", help="In whose place; in addition to all rotations unless given.")
    ] = "",
    begins: Annotated[str, typer.Option("--from", metavar="TIME", help="From when; now unless given.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Until when, at most 31 days later.")] = "",
    span: Annotated[str, typer.Option("--for", metavar="SPAN", help="How long, such as 12h or 2d.")] = "",
    reason: Reason = "",
    end: Annotated[str, typer.Option("--end", metavar="ID", help="End this override before its time.")] = "",
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Put a person in the place of a rotation for a while, or in addition to all of them."""
    if bool(person) == bool(end):
        wrong_usage("name a person, or an override with --end")
    if end:
        _change("end_override", config, as_json, number=end)
        return
    of = {"begins": begins, "until": until, "span": span, "reason": reason, "zone": zone}
    _change("override", config, as_json, person=person, rotation=rotation, **of)


@app.command()
def export(
    config: Config = DEFAULT_PATH,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many weeks of shifts.")] = 12,
) -> None:
    """Print the shifts of the next weeks in the form of iCalendar, for calendars of people."""
    from agent.cli.output.on_call import answers

    quiet()
    sys.stdout.buffer.write(answers.exported(load(config), weeks))


@app.command()
def maintenance(
    config: Config = DEFAULT_PATH,
    span: Annotated[str, typer.Option("--for", metavar="SPAN", help="How long, such as 2h.")] = "",
    reason: Reason = "",
    end: Annotated[bool, typer.Option("--end", help="End it before its time.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hold back messages about incidents for a while: not those about critical incidents, and not those about deadlines."""
    if bool(span) == end:
        wrong_usage("write --for and how long, or --end")
    if end:
        _change("end_maintenance", config, as_json)
        return
    _change("maintenance", config, as_json, span=span, reason=reason)


def _change(request: str, config: Config, as_json: bool, **arguments: Any) -> None:
    from agent.cli.output.on_call import answers

    quiet()
    answers.changed(load(config), request, as_json=as_json, **arguments)
