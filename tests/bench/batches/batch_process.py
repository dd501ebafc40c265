"""Batches of one size through the agent of this process's tree; `run_in` runs it in either tree.

The whole way of a batch in one thread, so that core time is nobody else's: parsed rows to event ids, mapping, enrichment,
rules, correlations, baselines, shape, spool with fsync, transaction, encoding, and the file destination with fsync.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.model import Batch, Cursor
from tests.bench.bench_process import ensure_allocator, highest
from tests.bench.beside import agent_names

ORG = "00D5g000000BenchQAM"
BEGINNING = datetime(2026, 3, 4, tzinfo=UTC)
BETWEEN = timedelta(seconds=75)
"""Of event time from one batch to the next: a day of the demo has 1,144 files."""
LATE = timedelta(hours=1)
"""After its rows a batch is there."""
TOGETHER = 64
"""Batches that a source has at once, where they may commit together."""


@dataclass
class WaitingBatches:
    """A source that has some batches of parsed rows."""

    batches: Sequence[Batch]
    name: str = "bench/event_log_file"

    def read(self, after: Cursor | None) -> Iterator[Batch]:
        """The event ids are made here, as sources do it."""
        for batch in self.batches:
            numbered, _ = agent_names.occurrences().number(
                agent_names.identify(batch.frame, batch.org, batch.event_type)
            )
            yield replace(batch, frame=batch.frame.with_columns(numbered.alias("event.id")))


@dataclass
class KnownDirectory:
    """Who is behind the ids of the simulated org, without a network."""

    known: Mapping[str, Mapping[str, Any]]

    def users(self, ids: Sequence[str]) -> dict[str, Any]:
        return {ident: self.known["users"][ident] for ident in ids if ident in self.known["users"]}

    def applications(self, ids: Sequence[str]) -> dict[str, Any]:
        return {ident: self.known["applications"][ident] for ident in ids if ident in self.known["applications"]}


@dataclass
class EventClock:
    """The time of the batch that was made last."""

    now: datetime = BEGINNING
    made: int = field(default=0)

    def __call__(self) -> datetime:
        return self.now


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batches.batch_process", description=__doc__)
    parser.add_argument("rows", type=Path, help="a folder of `write_rows`")
    parser.add_argument("folder", type=Path, help="an empty one")
    parser.add_argument("--rules", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--batches", type=int, required=True)
    parser.add_argument("--together", action="store_true", help="the source has many batches at once")
    given = parser.parse_args()
    ensure_allocator()
    print(json.dumps(run(given)))


def run(given: argparse.Namespace) -> dict[str, float]:
    """`core_ms` a batch, how many batches share a `commit`, `alerts` and peak memory."""
    clock = EventClock()
    known = KnownDirectory(json.loads((given.rows / "known.json").read_text()))
    way = agent_names.Way(_document(given), now=clock, stop=threading.Event(), directory=known)
    assert not way.problems, way.problems
    pools = {path.stem: pl.read_ipc(path) for path in sorted(given.rows.glob("*.arrow"))}
    at_once = TOGETHER if given.together else 1
    made = batches(pools, given.size, clock)
    _drive(way, made, len(pools), at_once)  # every type once: what is made once for each is made now
    commits, began = way.commits(), time.process_time()
    _drive(way, made, given.batches, at_once)
    seconds, commits = time.process_time() - began, way.commits() - commits
    way.close()
    return {
        "core_ms": seconds / given.batches * 1e3,
        "batches_a_commit": given.batches / commits,
        "alerts": sum(path.read_bytes().count(b"\n") for path in (given.folder / "out").glob("alerts*")),
        "rules": len(way.rules.rules),
        "correlations": len(way.rules.correlations),
        "baselines": len(way.rules.baselines),
        "peak_mb": highest(),
    }


def batches(pools: Mapping[str, pl.DataFrame], size: int, clock: EventClock) -> Iterator[Batch]:
    """Without end: all types in shuffled order, then all in another. Rows begin anew where a type has no more of them."""
    rng = random.Random(7)
    places = dict.fromkeys(pools, 0)
    while True:
        for event_type in rng.sample(list(pools), len(pools)):
            pool = pools[event_type]
            rows = [(places[event_type] + number) % pool.height for number in range(size)]
            places[event_type] += size
            start = BEGINNING + clock.made * BETWEEN
            clock.made += 1
            clock.now = start + LATE
            frame = _at(pool[rows], start)
            yield Batch(
                ORG, "event_log_file", event_type, frame, cursor=Cursor(str(clock.made)), input=f"file {clock.made}"
            )


def _at(frame: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """The rows' times within `BETWEEN` from `start` on: rows that are used again are no rows of the past."""
    step = BETWEEN / frame.height
    times = pl.Series([start + number * step for number in range(frame.height)], dtype=pl.Datetime("ms", "UTC"))
    forms = {"TIMESTAMP": "%Y%m%d%H%M%S%.3f", "TIMESTAMP_DERIVED": "%Y-%m-%dT%H:%M:%S%.3fZ"}
    told = [times.dt.to_string(form).alias(name) for name, form in forms.items() if name in frame.columns]
    return frame.with_columns(told)


def _drive(way: agent_names.Way, made: Iterator[Batch], count: int, at_once: int) -> None:
    """Take `count` batches, `at_once` from one look at the source, and deliver what came of them."""
    for first in range(0, count, at_once):
        way.ingest.read(WaitingBatches([next(made) for _ in range(min(at_once, count - first))]))
        while way.forwards[0].forward():
            pass


def _document(given: argparse.Namespace) -> dict[str, Any]:
    given.folder.mkdir(exist_ok=True)
    (given.folder / "secret").write_text("of an org that nobody asks")
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(given.folder / "secret")}}
    return {
        "orgs": [{"name": "bench", "url": "https://bench.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(given.folder / "out")}],
        "rules": {"shipped": False, "folders": [str(given.rules)]},
        "enrich": json.loads((given.rows / "enrich.json").read_text()),
        "state": {"directory": str(given.folder / "state")},
    }


if __name__ == "__main__":
    main()
