"""`make bench-latency`: how long from a happening to its alert, at a file and at an HTTPS destination, and what an event costs.

Three parts, each with a simulated org in another process: events that are streamed (`streamed.py`), changes in Setup that are
polled (`setup_changes.py`), and failures that a sender reports (`reported.py`). Leakline runs as its service does, with all rules, both destinations and an address database.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.latency import reported, setup_changes, streamed
from tests.bench.latency.publisher import publisher

PARTS = ("streamed", "setup", "inbound")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.latency", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="this part")
    parser.add_argument("--seconds", type=float, default=60.0, help="streamed and inbound: for each rate")
    parser.add_argument("--rate", type=float, help="streamed and inbound: only this one of 1, 20, 200")
    parser.add_argument("--every", type=int, help="setup: only this interval of 5, 60 seconds")
    parser.add_argument("--changes", type=int, default=20, help="setup: for each interval, at most 50")
    given = parser.parse_args(arguments)
    loads = [load for load in streamed.LOADS if given.rate in (None, load[0])]
    intervals = [every for every in setup_changes.INTERVALS if given.every in (None, every)]
    with tempfile.TemporaryDirectory() as folder, publisher(Path(folder) / "org") as org:
        if given.only in (None, "streamed"):
            streamed.measure(Path(folder), org, loads, given.seconds)
        if given.only in (None, "setup"):
            setup_changes.measure(Path(folder), org, intervals, given.changes)
        if given.only in (None, "inbound"):
            rates = [rate for rate in reported.LOADS if given.rate in (None, rate)]
            reported.measure(Path(folder), org, rates, given.seconds)


if __name__ == "__main__":
    main()
