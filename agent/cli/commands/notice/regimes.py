"""`leakline regimes …`: which laws, rules and contracts ask for notices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import AsJson, load

app = typer.Typer(help="Laws, rules and contracts that ask for notices of a breach.", no_args_is_help=True)


@app.command("list")
def list_regimes(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The settings file: which regimes bind by it, and why or why not."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the regimes of the pack: where, for whom, until when, how sure. This is not legal advice."""
    from agent.cli.output import binding_regimes, regimes

    if config is None:
        raise typer.Exit(regimes.show_list(as_json=as_json))
    raise typer.Exit(binding_regimes.show(load(config), as_json=as_json))


@app.command()
def show(regime: Annotated[str, typer.Argument(help="The id, as `list` shows it.")], as_json: AsJson = False) -> None:
    """Show a regime whole: obligations, periods, thresholds, content of a notice, sources."""
    from agent.cli.output import regimes

    raise typer.Exit(regimes.show_one(regime, as_json=as_json))


@app.command()
def verify(
    pack: Annotated[
        Path | None, typer.Argument(help="A pack, with its signature beside it; the shipped one unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the signature of a pack, whether it is newer, and whether it is due for review."""
    from agent.cli.output import regimes

    raise typer.Exit(regimes.verify(pack, as_json=as_json))
