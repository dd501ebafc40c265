"""`leakline trail …`: what Leakline did, and that nobody has rewritten it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, quiet

app = typer.Typer(
    help="The trail of what Leakline did: verify, export and prove it, erase what is personal beside it.",
    no_args_is_help=True,
)


@app.command()
def verify(
    config: Config = DEFAULT_PATH,
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option(help="A file of JSON lines with checkpoints that a destination received; several are possible."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every record against its links and against signed checkpoints, best those that a SIEM received."""
    from agent.cli.output import trail

    quiet()
    raise typer.Exit(trail.show_verified(load(config), checkpoints or [], as_json=as_json))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A folder, new or with an earlier export, to which lines are added.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Write the trail as JSON lines, with the keys that verify it; an earlier export is continued."""
    from agent.cli.output import trail

    quiet()
    raise typer.Exit(trail.export(load(config), folder, as_json=as_json))


@app.command()
def prove(
    record: Annotated[str, typer.Argument(metavar="CHAIN/NUMBER", help="A record, such as acme/17, or leakline/3.")],
    config: Config = DEFAULT_PATH,
) -> None:
    """Print a proof that a record is in the trail, as JSON: the record, its path to a signed checkpoint, the checkpoint."""
    from agent.cli.output import trail

    quiet()
    raise typer.Exit(trail.prove(load(config), record))


@app.command()
def checkpoint(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Take a checkpoint now if the daemon runs, and show the newest one with the keys that signed."""
    from agent.cli.output import trail

    quiet()
    raise typer.Exit(trail.show_checkpoint(load(config), as_json=as_json))


@app.command()
def erase(
    name: Annotated[
        str, typer.Option("--object", metavar="ID", help="What the records are about, such as an incident's id.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it is recorded, so name no person in it.")],
    config: Config = DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Erase for good what is personal beside the records of an object. The records stay, and so do backups of the state."""
    from agent.cli.output import trail

    quiet()
    raise typer.Exit(trail.erase(load(config), name, getpass.getuser(), reason, as_json=as_json))


@app.command("new-key")
def new_key() -> None:
    """Print a new private key for `trail.key`: keep it where the service can read it and as few people as possible."""
    from agent.signing.signed_note import NoteSigner

    out.print(NoteSigner.generate("leakline/trail").private_text(), markup=False, highlight=False, soft_wrap=True)
