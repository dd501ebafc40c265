"""`leakline incidents …`: what alerts are about, what is known of it, and what was decided."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import quiet

app = typer.Typer(help="Incidents: what happened, what is known, what is due, what was decided.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="ID", help="The id, or its beginning, as `list` shows it.")]
Basis = Annotated[str, typer.Option("--basis", help="On what grounds; it is recorded.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
Zone = Annotated[
    str,
    typer.Option("--zone", help="Where times without an offset are meant, such as Europe/Berlin; else `notice.zone`."),
]


@app.command("list")
def list_incidents(
    config: Config = DEFAULT_PATH,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too, the newest first.")] = False,
    register: Annotated[
        bool,
        typer.Option(
            "--register", help="The register of breaches: all that were confirmed, and those decided otherwise."
        ),
    ] = False,
    state: Annotated[str, typer.Option("--state", help="Those in this state, such as triage or closed.")] = "",
    origin: Annotated[str, typer.Option("--origin", help="Those of live alerts, of history or of a drill.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List open incidents, those first whose deadline comes first."""
    from agent.cli.output.incidents import answers

    quiet()
    selection: dict[str, Any] = {"everything": everything, "register": register, "state": state, "origin": origin}
    answers.listed(load(config), as_json=as_json, limit=limit, **selection)


@app.command()
def show(number: Number, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Show one incident: evidence, anchors, facts, obligations, decisions, and what to do next. This is not legal advice."""
    from agent.cli.output.incidents import answers

    quiet()
    answers.shown(load(config), number, as_json=as_json, named=_named(config))


@app.command()
def acknowledge(number: Number, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Acknowledge that you look at an incident. A candidate is taken up by that. It stops no clock."""
    _change("acknowledge", config, as_json, number=number)


@app.command()
def assign(
    number: Number,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who looks after it.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Say who looks after an incident."""
    _change("assign", config, as_json, number=number, person=person)


@app.command()
def comment(
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="At most 4,000 characters.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Note something about an incident."""
    _change("comment", config, as_json, number=number, text=text)


@app.command()
def anchor(
    number: Number,
    anchors: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=TIME...", help="What happened when, such as aware=2026-11-27T10:00:00Z or occurred=TIME"
        ),
    ],
    config: Config = DEFAULT_PATH,
    basis: Basis = "",
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Declare when something happened that periods count from. `aware` confirms the incident and starts its clocks.

    A later time than the one before needs --basis; the old one stays in the trail.
    """
    _change("anchor", config, as_json, number=number, anchors=anchors, basis=basis, zone=zone)


@app.command()
def fact(
    number: Number,
    facts: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE...", help="Such as persons_affected=1200, encrypted=no, data_categories='names'."
        ),
    ],
    config: Config = DEFAULT_PATH,
    basis: Basis = "",
    as_json: AsJson = False,
) -> None:
    """Record what is known of an incident: what laws ask for, and what a notice contains."""
    _change("fact", config, as_json, number=number, facts=facts, basis=basis)


@app.command()
def decide(
    number: Number,
    decision: Annotated[
        str,
        typer.Argument(
            metavar="DECISION",
            help="suspected, confirmed, contained, notified, not-a-breach, not-notifiable or reopened; "
            "of an obligation: sent, not-applicable or late.",
        ),
    ],
    config: Config = DEFAULT_PATH,
    reason: Reason = "",
    obligation: Annotated[
        str, typer.Option("--obligation", metavar="REGIME/OBLIGATION", help="Which one was sent, or need not be.")
    ] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it was sent; now unless given.")] = "",
    receipt: Annotated[
        str, typer.Option("--receipt", help="What the recipient gave in return, such as a number.")
    ] = "",
    approver: Annotated[str, typer.Option("--approver", help="Who approves that an obligation does not apply.")] = "",
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Decide what an incident is, or how one of its obligations ended.

    not-a-breach, not-notifiable and late need --reason; not-applicable needs --approver too; sent needs --receipt.
    """
    of = {"obligation": obligation, "at": at, "receipt": receipt, "approver": approver, "zone": zone}
    _change("decide", config, as_json, number=number, decision=decision, reason=reason, **of)


@app.command()
def merge(
    numbers: Annotated[list[str], typer.Argument(metavar="ID...", help="Those that become part of another.")],
    into: Annotated[str, typer.Option("--into", metavar="ID", help="The one that stays.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Merge incidents that are one: evidence, anchors and facts go over, and nothing becomes due later by that."""
    _change("merge", config, as_json, numbers=numbers, into=into)


@app.command()
def split(
    number: Number,
    alert: Annotated[
        list[str] | None,
        typer.Option("--alert", metavar="ID", help="An alert that is about something else; several are possible."),
    ] = None,
    rule: Annotated[
        str, typer.Option("--rule", metavar="ID", help="Whose alerts they are; alone: all alerts of the rule.")
    ] = "",
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Split alerts that are about something else off an incident: they become an incident of their own."""
    _change("split", config, as_json, number=number, alerts=alert or [], rule=rule)


@app.command()
def snooze(
    number: Number,
    config: Config = DEFAULT_PATH,
    span: Annotated[str, typer.Option("--for", metavar="SPAN", help="How long, such as 2h.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Until when.")] = "",
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Put an incident aside for a while. It stops no clock."""
    _change("snooze", config, as_json, number=number, span=span, until=until, zone=zone)


@app.command()
def close(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Close an incident whose obligations have all ended."""
    _change("close", config, as_json, number=number, reason=reason)


def _change(request: str, config: Config, as_json: bool, **arguments: Any) -> None:
    from agent.cli.output.incidents import answers

    quiet()
    answers.changed(load(config), request, as_json=as_json, named=_named(config), **arguments)


def _named(config: Path) -> str:
    """What a command that is printed needs besides, so that it is right as it is copied."""
    return "" if config == DEFAULT_PATH else f" -c {shlex.quote(str(config))}"
