"""`leakline simulate`: the simulated org by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    port: Annotated[int, typer.Option(help="0: any free one.")] = 8443,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="A leak to plant; all but the campaigns unless named. `none` for an innocent org, `help` for the list."
        ),
    ] = None,
    seed: Annotated[int, typer.Option()] = 7,
    history: Annotated[str, typer.Option(help="How far back events reach, such as 24h.")] = "24h",
    delay: Annotated[
        str | None, typer.Option(help="How long after its hour a file appears; 3h to 6h unless given.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows-per-day")] = 120_000,
    folder: Annotated[Path, typer.Option(help="Certificates, keys and the truth file go here.")] = Path("leakline-org"),
    fault: Annotated[list[str] | None, typer.Option(help="name=value; `--fault help` lists them.")] = None,
) -> None:
    """The simulated org by itself, for anyone's client."""
    from agent.simulator import command

    raise typer.Exit(
        command.simulate(
            port=port,
            scenarios=scenario,
            seed=seed,
            history=history,
            rows=rows,
            folder=folder,
            faults=fault or [],
            delay=delay,
        )
    )
