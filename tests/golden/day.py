"""`python -m tests.golden.day`: what a simulated day of a fixed seed comes to, as three digests.

The day, with every leak planted, is read over HTTPS by the daemon's own parts and written to files. Changes that only move or
rename things leave the digests in tests/golden/day.json as they are; a change that is meant to alter documents or alerts
writes them anew with `--write`, and says so.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported: small batches

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.simulator.running import serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.org_settings import document_for

KEPT = Path(__file__).with_suffix(".json")
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
"""Of the org and of the daemon: a Thursday, so that its day before is a weekday."""
ROWS, SEED = 20_000, 11
Document = dict[str, Any]


class StandingClock:
    """Stands still, until it is moved on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def main() -> int:
    """Exit status 1 if the digests are not the kept ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.day", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what comes out now")
    parser.add_argument("--lines", type=Path, help="a folder for the lines that are digested, to be compared")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = digests(Path(folder), given.lines)
    print(json.dumps(found, indent=1))
    if given.write:
        KEPT.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if found == kept() else 1


def kept() -> dict[str, dict[str, Any]]:
    """The digests of the day as they are to be."""
    return dict(json.loads(KEPT.read_text()))


def digests(folder: Path, lines: Path | None = None) -> dict[str, dict[str, Any]]:
    """How many lines there are of events, alerts and event ids, and SHA-256 of them in order of their bytes."""
    out = _read_day(folder)
    events, alerts = [list(_documents(out, lane)) for lane in ("events", "alerts")]
    kinds = {
        "documents": [_line(document) for document in events],
        "alerts": [_line(document) for document in alerts],
        "event ids": [document["event"]["id"].encode() for document in (*events, *alerts)],
    }
    for kind, unordered in kinds.items():
        unordered.sort()
        if lines:
            lines.mkdir(parents=True, exist_ok=True)
            (lines / kind.replace(" ", "_")).write_bytes(b"\n".join(unordered))
    return {
        kind: {"lines": len(ordered), "sha256": hashlib.sha256(b"\n".join(ordered)).hexdigest()}
        for kind, ordered in kinds.items()
    }


def _read_day(folder: Path) -> Path:
    clock = StandingClock()
    immediately = (timedelta(0), timedelta(0))
    settings = SimulatorSettings(folder / "org", seed=SEED, rows_per_day=ROWS, delay=immediately, now=clock)
    with serve(settings) as running:
        facts = {
            "url": running.url,
            "ca": str(running.ca),
            "client id": running.client_id,
            "client secret in": str(running.client_secret_file),
        }
        document = document_for(facts, folder)
        daemon = Daemon(parse(document), now=clock)
        try:
            while daemon.read_once():
                pass
            clock.now += timedelta(days=1)  # what is told only after a while is told now
            daemon.tick()
            for forward in daemon.forwards:
                while forward.forward():
                    pass
        finally:
            daemon.close()
    return folder / "out"


def _documents(out: Path, lane: str) -> Iterator[Document]:
    for path in sorted(out.glob(f"{lane}*")):
        yield from map(orjson.loads, path.read_bytes().splitlines())


def _line(document: Document) -> bytes:
    """Without the time at which it was sent, which alone is the real clock's."""
    document["event"].pop("ingested", None)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


if __name__ == "__main__":
    sys.exit(main())
