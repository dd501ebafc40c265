"""The simulated org from a command line: make it, say how to reach it, answer until told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.simulator.middleware.reporter import Reporter, proof
from agent.simulator.running import RunningOrg, serve
from agent.simulator.scenarios import PLAYABLE, describe_scenarios
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.world.faults import describe_faults, parse_faults
from agent.simulator.world.simulator_settings import OutboundSettings, SimulatorSettings, parse_duration

WRONG_USAGE = 2

REPORTS_TRUTH = "reports-truth.ndjson"
"""In the org's folder: what the middleware has sent."""


def simulate(
    *, port: int, scenarios: Sequence[str] | None, seed: int, history: str, rows: int, folder: Path,
    faults: Sequence[str] = (), delay: str | None = None, big_file_mb: int = 0, daily_files: bool = True,
    event_types: Sequence[str] | None = None, history_only: bool = False, pubsub_port: int = 7443,
    awkward: bool = True,
    live: bool = False, speed: float = 1.0, reports_to: str = "", reports_key: Path | None = None,
    reports_scenarios: Sequence[str] = (), outbound_to: str | None = None, outbound_ca: Path | None = None,
) -> int:  # fmt: skip
    """Run until SIGINT or SIGTERM. `scenarios`: names, None for all, `["none"]` for none. Returns the exit status."""
    if list(faults) == ["help"]:
        print(describe_faults())  # noqa: T201
        return 0
    if list(scenarios or ()) == ["help"]:
        print(describe_scenarios())  # noqa: T201
        return 0
    try:
        if speed <= 0 or (history_only and (live or speed != 1.0)):
            raise ValueError("--speed takes a number above 0, and --live cannot be used with --history-only")
        broken, broken_streams = parse_faults(faults)
        settings = SimulatorSettings(
            folder=folder,
            port=port,
            pubsub_port=pubsub_port,
            seed=seed,
            history=parse_duration(history),
            rows_per_day=rows,
            scenarios=[] if scenarios and list(scenarios) == ["none"] else scenarios or None,
            faults=broken,
            stream_faults=broken_streams,
            big_file_mb=big_file_mb,
            daily_files=daily_files,
            event_types=event_types,
            history_only=history_only,
            awkward=awkward,
            live=live or speed != 1.0,
            speed=speed,
            outbound=_outbound(outbound_to, outbound_ca),
            **({} if delay is None else {"delay": (parse_duration(delay),) * 2}),  # type: ignore[arg-type]
        )
        reporter = _reporter(reports_to, reports_key, folder / REPORTS_TRUTH, seed, reports_scenarios)
        running = serve(settings)
    except (ValueError, OSError) as error:
        print(f"leakline simulate: {error}", file=sys.stderr)  # noqa: T201
        return WRONG_USAGE
    with running:
        stop = _on_signals()
        print(introduction(running), flush=True)  # noqa: T201
        if reporter is not None:
            reporter.run(stop)
        stop.wait()
    return 0


def _reporter(url: str, key: Path | None, truth: Path, seed: int, scenarios: Sequence[str]) -> Reporter | None:
    """What reports to a listener; None without an address. Raises ValueError, OSError."""
    if not url:
        return None
    if key is None:
        raise ValueError("--reports-to needs --reports-key: a file with the sender's key (whsec_…) or token")
    return Reporter(url, proof(key.read_text(encoding="utf-8")), truth, seed=seed, scenarios=scenarios)


def introduction(running: RunningOrg) -> str:
    """How to reach the org, in lines of `name value`."""
    org = running.org
    files = org.log_files()
    waiting = len({file.id for file in org.all_files()}) - len(files)
    facts = {
        "url": running.url,
        "Pub/Sub API": running.pubsub,
        "ca": running.ca,
        "organization id": org.id,
        "client id": running.client_id,
        "client secret in": running.client_secret_file,
        "JWT key in": running.jwt_key_file,
        "refresh token in": running.refresh_token_file,
        "username": running.username,
        "truth in": running.truth,
        "stream truth in": org.stream_truth.path,
        "log files": f"{len(files)} to be seen, {waiting} yet to appear, {sum(file.rows for file in files):,} rows",
        "planted": ", ".join(org.scenarios()) or "nothing",
        "control": f'POST {running.url}/__simulator/faults (or advance, plant), JSON such as {{"status": 503}}',
    }
    if running.outbound is not None:
        certificate = running.outbound.certificate
        facts |= {
            "certificate shown": f"{certificate.subject}, signed by {certificate.ca}",
            "outbound truth in": str(running.outbound.queue.truth),
        }
    return "\n".join(f"{name:18}{value}" for name, value in facts.items())


def _outbound(endpoint: str | None, ca: Path | None) -> OutboundSettings | None:
    """Raises ValueError."""
    if endpoint is None:
        return None
    if ca is None:
        raise ValueError("--outbound-to needs --outbound-ca, the authority of the endpoint's certificate")
    return OutboundSettings(endpoint, ca)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m agent.simulator`."""
    parser = argparse.ArgumentParser(prog="agent.simulator", description="A simulated Salesforce org on loopback.")
    parser.add_argument("--port", type=int, default=8443, help="0: any free one")
    parser.add_argument("--pubsub-port", type=int, default=7443, help="of the Pub/Sub API; 0: any free one")
    parser.add_argument(
        "--scenario",
        action="append",
        help=f"{', '.join(PLAYABLE)}; or none; all but {', '.join(CAMPAIGNS)} unless named; `--scenario help` describes them",
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--history", default="24h", help="how far back the org's events reach")
    parser.add_argument("--rows-per-day", type=int, default=120_000)
    parser.add_argument("--folder", type=Path, default=Path("leakline-org"))
    parser.add_argument("--delay", help="how long after its hour a file appears (3h to 6h unless given); 0h: at once")
    parser.add_argument("--big-file-mb", type=int, default=0, help="one further RestApi file of about this size")
    parser.add_argument("--no-daily-files", action="store_true", help="hourly files only")
    parser.add_argument("--history-only", action="store_true", help="no files of hours that end after the start")
    parser.add_argument("--no-awkward", action="store_true", help="no cells that break careless readers")
    parser.add_argument("--live", action="store_true", help="real-time events happen as time passes")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster the org's clock runs; live")
    parser.add_argument("--outbound-to", help="an https URL that gets the org's outbound messages")
    parser.add_argument("--outbound-ca", type=Path, help="the authority of its certificate (PEM)")
    parser.add_argument("--event-type", action="append", help="all unless named")
    parser.add_argument("--fault", action="append", default=[], help="name=value; `--fault help` lists them")
    given = parser.parse_args(arguments)
    return simulate(
        port=given.port, scenarios=given.scenario, seed=given.seed, history=given.history, rows=given.rows_per_day,
        folder=given.folder, faults=given.fault, delay=given.delay, big_file_mb=given.big_file_mb,
        daily_files=not given.no_daily_files, event_types=given.event_type, history_only=given.history_only,
        pubsub_port=given.pubsub_port, awkward=not given.no_awkward,
        live=given.live, speed=given.speed, outbound_to=given.outbound_to, outbound_ca=given.outbound_ca,
    )  # fmt: skip


def _on_signals() -> threading.Event:
    """Set by SIGINT or SIGTERM."""
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    return stop
