"""`leakline notices …`: drafts of notices, what they miss, who signed them, and what was sent."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load, wrong_usage
from agent.cli.output.console import quiet

app = typer.Typer(
    help="Drafts of notices, sign-offs, and records of what was sent. Leakline files nothing with authorities.",
    no_args_is_help=True,
)

Format = Literal["text", "markdown", "json"]
Number = Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or its beginning.")]
Obligation = Annotated[
    str, typer.Argument(metavar="REGIME/OBLIGATION", help="Such as eu-gdpr-33/sa, as `list` shows it.")
]
Version = Annotated[int, typer.Option("--version", metavar="N", min=0, help="Which version; the latest unless given.")]


@app.command("list")
def list_notices(
    config: Config = DEFAULT_PATH,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what has to be sent or was: until when, the state of its draft, and how much is missing. This is not legal advice."""
    from agent.cli.output.notices import answers

    quiet()
    answers.listed(load(config), limit=limit, as_json=as_json)


@app.command()
def draft(
    number: Number,
    obligation: Obligation,
    config: Config = DEFAULT_PATH,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What a field says; several are possible. Empty: as known."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Fields with their texts, in YAML.")
    ] = None,
    follow_up: Annotated[
        bool, typer.Option("--follow-up", help="Begin a follow-up of a notice that was sent.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Begin the withdrawal of a notice that was sent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draft a notice: a new version from what is known now and what people wrote. It shows what is missing, and how to fill it."""
    from agent.cli.output.notices import answers, field_texts

    quiet()
    if follow_up and withdraw:
        wrong_usage("--follow-up and --withdraw cannot be used together; write one of them")
    texts = field_texts.read(values or [], file)
    wish = {"values": texts, "follow_up": follow_up, "withdraw": withdraw}
    answers.changed(
        load(config), "draft", _named(config), as_json=as_json, number=number, obligation=obligation, **wish
    )


@app.command()
def show(
    number: Number,
    obligation: Obligation,
    config: Config = DEFAULT_PATH,
    version: Version = 0,
    form: Annotated[Format, typer.Option("--format", help="text, markdown to paste, or json.")] = "text",
) -> None:
    """Show a notice as a document to paste into the recipient's form; a preview where nothing is drafted. This is not legal advice."""
    from agent.cli.output.notices import answers

    quiet()
    answers.shown(load(config), number, obligation, version, form)


@app.command()
def sign(
    number: Number,
    obligation: Obligation,
    config: Config = DEFAULT_PATH,
    version: Version = 0,
    as_json: AsJson = False,
) -> None:
    """Sign a version off. A later version has no sign-off."""
    from agent.cli.output.notices import answers

    quiet()
    of = {"number": number, "obligation": obligation, "version": version}
    answers.changed(load(config), "sign", _named(config), as_json=as_json, **of)


@app.command()
def sent(
    number: Number,
    obligation: Obligation,
    receipt: Annotated[str, typer.Option("--receipt", help="What the recipient gave in return, such as a number.")],
    config: Config = DEFAULT_PATH,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it was sent; now unless given.")] = "",
    version: Version = 0,
    channel: Annotated[str, typer.Option("--channel", help="Over what it was sent, in words.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why a record is corrected.")] = "",
    zone: Annotated[str, typer.Option("--zone", help="Where times without an offset are meant.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record that a version was sent, with its receipt; the clock ends by that. Leakline sends nothing to authorities."""
    from agent.cli.output.notices import answers

    quiet()
    of = {"number": number, "obligation": obligation, "version": version}
    said = {"receipt": receipt, "at": at, "channel": channel, "reason": reason, "zone": zone}
    answers.changed(load(config), "sent", _named(config), as_json=as_json, **of, **said)


@app.command("not-applicable")
def not_applicable(
    number: Number,
    obligation: Obligation,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    approver: Annotated[str, typer.Option("--approver", help="Who approves that.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Decide that a notice need not be sent."""
    from agent.cli.output.notices import answers

    quiet()
    of = {"number": number, "obligation": obligation, "reason": reason, "approver": approver}
    answers.changed(load(config), "not_applicable", _named(config), as_json=as_json, **of)


def _named(config: Path) -> str:
    """What a command that is printed needs besides, so that it is right as it is copied."""
    return "" if config == DEFAULT_PATH else f" -c {shlex.quote(str(config))}"
