"""`leakline changes …`: settings that people approve before they are in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import quiet

app = typer.Typer(help="Changes of governed settings: proposed, approved, in force.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as CH-2026-0001; `list` has them.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
Ticket = Annotated[str, typer.Option("--ticket", help="Where it was asked for; it is recorded.")]
Lasts = Annotated[
    str,
    typer.Option(
        "--for", metavar="TIME", help="For how long, such as 7d; then the settings before it are in force again."
    ),
]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="The settings file that is proposed; --config unless given."),
]
Outcome = Annotated[
    str,
    typer.Option(
        "--outcome",
        metavar="DIGEST",
        help="The settings that you looked at, as `show` names them; you are asked unless given.",
    ),
]


@app.command("list")
def list_changes(
    config: Config = DEFAULT_PATH,
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List changes that wait for approval, and those that are in force for a time."""
    from agent.cli.output.changes import answers

    quiet()
    answers.listed(load(config), everything=everything, as_json=as_json)


@app.command()
def show(
    number: Number,
    config: Config = DEFAULT_PATH,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="The governed settings that it leads to, as a settings file has them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one change: what differs and what that does, who has voted, and what it still needs."""
    from agent.cli.output.changes import answers

    quiet()
    answers.shown(load(config), number, as_json=as_json, as_yaml=as_yaml)


@app.command()
def propose(
    reason: Reason,
    config: Config = DEFAULT_PATH,
    source: From = None,
    ticket: Ticket = "",
    lasts: Lasts = "",
    as_json: AsJson = False,
) -> None:
    """Propose the governed settings of a file. They come into force once enough other people have approved them."""
    from agent.cli.output.changes import answers

    quiet()
    answers.proposed(load(config), source or config, "changes_propose", reason, ticket, lasts, as_json=as_json)


@app.command("break-glass")
def break_glass(
    reason: Reason,
    config: Config = DEFAULT_PATH,
    source: From = None,
    ticket: Ticket = "",
    lasts: Lasts = "",
    as_json: AsJson = False,
) -> None:
    """Put the governed settings of a file in force now, without approval, for 4h or --for, at most 24h. It raises an alert."""
    from agent.cli.output.changes import answers

    quiet()
    answers.proposed(load(config), source or config, "changes_break_glass", reason, ticket, lasts, as_json=as_json)


@app.command("end-break-glass")
def end_break_glass(number: Number, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """End such a change before its time: the settings before it are in force again."""
    from agent.cli.output.changes import answers

    quiet()
    answers.changed(load(config), "changes_end_break_glass", as_json=as_json, number=number)


@app.command()
def approve(
    number: Number, config: Config = DEFAULT_PATH, outcome: Outcome = "", reason: Reason = "", as_json: AsJson = False
) -> None:
    """Approve a change that another person proposed."""
    from agent.cli.output.changes import answers

    quiet()
    answers.voted(load(config), "changes_approve", number, outcome, reason, as_json=as_json)


@app.command()
def reject(
    number: Number, config: Config = DEFAULT_PATH, outcome: Outcome = "", reason: Reason = "", as_json: AsJson = False
) -> None:
    """Reject a change; one vote against it ends it."""
    from agent.cli.output.changes import answers

    quiet()
    answers.voted(load(config), "changes_reject", number, outcome, reason, as_json=as_json)


@app.command()
def withdraw(number: Number, config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    from agent.cli.output.changes import answers

    quiet()
    answers.changed(load(config), "changes_withdraw", as_json=as_json, number=number)
