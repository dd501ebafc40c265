"""`leakline demo`: a simulated day through the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.output.console import out


def demo(
    folder: Annotated[Path, typer.Option(help="The folder for the output.")] = Path("leakline-demo"),
    seed: Annotated[int, typer.Option(help="Seed of the simulated day; another seed makes another day.")] = 7,
    rows: Annotated[int, typer.Option(help="About how many rows the simulated day has.")] = 120_000,
) -> None:
    """Run a simulated org with planted leaks through the whole pipeline, in one to three minutes."""
    from agent.demo.run import run as run_demo

    raise typer.Exit(run_demo(folder, seed=seed, rows=rows, console=out))
