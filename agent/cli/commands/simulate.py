"""`leakline simulate`: the simulated org by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    port: Annotated[int, typer.Option(help="The port to listen on; 0: any free one.")] = 8443,
    pubsub_port: Annotated[int, typer.Option(help="The port of the Pub/Sub API; 0: any free one.")] = 7443,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="A leak to plant; all but the campaigns unless named. `none` for an innocent org, `help` for the list."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another org.")] = 7,
    history: Annotated[str, typer.Option(help="How far back events reach, such as 24h.")] = "24h",
    delay: Annotated[
        str | None, typer.Option(help="How long after its hour a file appears; 3h to 6h unless given.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows-per-day", help="About how many rows a weekday has.")] = 120_000,
    folder: Annotated[Path, typer.Option(help="The folder for certificates, keys and the truth file.")] = Path(
        "leakline-org"
    ),
    live: Annotated[
        bool, typer.Option("--live", help="Traffic as time passes: real-time events, and log files hours later.")
    ] = False,
    speed: Annotated[float, typer.Option(help="With --live: how many times faster the org's clock runs.")] = 1.0,
    outbound_to: Annotated[
        str | None,
        typer.Option(help="An https URL that gets the org's outbound messages, such as Leakline's listener."),
    ] = None,
    outbound_ca: Annotated[Path | None, typer.Option(help="The authority of its certificate, as a PEM file.")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault to simulate, as name=value; `--fault help` lists them.")
    ] = None,
    reports_to: Annotated[
        str, typer.Option(help="Also simulate a middleware that reports to this address: …/v1/reports/SENDER.")
    ] = "",
    reports_key: Annotated[
        Path | None, typer.Option(help="The file with the sender's key (whsec_…, signs) or token.")
    ] = None,
    reports_scenario: Annotated[
        list[str] | None, typer.Option(help="What is to happen to the middleware; nothing unless named.")
    ] = None,
    awkward: Annotated[
        bool, typer.Option(help="Whether some cells break careless readers: quotes, line ends, huge texts, odd times.")
    ] = True,
) -> None:
    """Run the simulated org alone, for any client."""
    from agent.simulator import command

    raise typer.Exit(
        command.simulate(
            port=port,
            pubsub_port=pubsub_port,
            scenarios=scenario,
            seed=seed,
            history=history,
            rows=rows,
            folder=folder,
            faults=fault or [],
            delay=delay,
            awkward=awkward,
            live=live,
            speed=speed,
            outbound_to=outbound_to,
            outbound_ca=outbound_ca,
            reports_to=reports_to,
            reports_key=reports_key,
            reports_scenarios=reports_scenario or (),
        )
    )
