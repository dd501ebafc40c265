"""What a streamed event costs from the source to the spool, by how long the source collects before it hands over.

All rules, twenty kinds of events in turn, one org. Time does not pass: what comes within the collecting time at a rate is
handed over at once, so that only work is measured. `python -m tests.bench.stream_groups`; `--profile` prints where the
time of single events goes.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import pstats
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import polars as pl

from agent.assembly.batch_processing import build_processing
from agent.config import settings as config
from agent.model import Batch, Cursor, TakenOnce
from agent.source import Idle
from agent.store import keys
from agent.store.accounts import Accounts
from agent.store.state import StateRecall
from tests.golden.documents import real_time_batches, real_time_events
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard

RATES, COLLECTING = (20, 200), (0, 50, 100, 150)
"""Events a second, and milliseconds."""
TOPICS = 20
BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONCE = TakenOnce("real_time", timedelta(days=8))


def rows(rate: int) -> Iterator[Batch]:
    """Batches of one row, of all topics in turn, each with an id and a time of its own."""
    known = [batch for event in real_time_events() for batch in real_time_batches(event)][:TOPICS]
    number = 0
    while True:
        for batch in known:
            at = BEGIN + timedelta(seconds=number / rate)
            time_cell = pl.lit(at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z").alias("EventDate")
            frame = batch.frame[:1].with_columns(time_cell, pl.lit(_id(number)).alias("event.id"))
            yield replace(batch, frame=frame, cursor=Cursor(str(number)), once=ONCE)
            number += 1


class CollectedRows:
    """A continuous source: what came within a time is one batch of each kind, and then it is idle."""

    name = "acme/real_time"

    def __init__(self, events: Sequence[Batch], together: int) -> None:
        self._groups = [list(_by_kind(events[start : start + together])) for start in range(0, len(events), together)]

    def stream(self, after: Cursor | None, stop: threading.Event) -> Generator[Batch | Idle]:
        for group in self._groups:
            yield from group
            yield Idle()
        stop.set()
        yield Idle()


def _id(number: int) -> str:
    """Spread over all digits, as ids are: half of them tells one from another."""
    return hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()


def _by_kind(events: Sequence[Batch]) -> Iterator[Batch]:
    kinds: dict[str, list[Batch]] = {}
    for event in events:
        kinds.setdefault(event.event_type, []).append(event)
    for same in kinds.values():
        yield replace(same[-1], frame=pl.concat([event.frame for event in same]))


def core_ms(folder: Path, rate: int, collecting: int, events: int, profile: cProfile.Profile | None = None) -> float:
    """Core milliseconds an event."""
    document = {
        "orgs": [
            {
                "name": "acme",
                "url": "https://acme.my.salesforce.com",
                "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}},
            }
        ],
        "destinations": [{"type": "file", "directory": "out"}],
    }
    loops = Loops(OneShard(folder))
    steps = build_processing(config.parse(document)).steps(recall=StateRecall(loops.state, keys.DETECTION.prefix))
    ingest = loops.ingest(steps, now=lambda: datetime.now(UTC))
    together = max(1, rate * collecting // 1000)
    given = list(islice(rows(rate), 200 + events))
    ingest.follow(CollectedRows(given[:200], together))  # selections, plans and memories are made
    loops.stop.clear()
    source = CollectedRows(given[200:], together)
    began = time.process_time()
    if profile:
        profile.enable()
    ingest.follow(source)
    if profile:
        profile.disable()
    spent = time.process_time() - began
    taken = Accounts(loops.state).ingested().values()
    assert sum(account.spooled for account in taken) == len(given)
    loops.state.close()
    return 1000 * spent / events


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stream_groups", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if given.profile:
            profile = cProfile.Profile()
            core_ms(Path(folder) / "profile", 20, 0, given.events, profile)
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
            return
        for rate in RATES:
            for collecting in COLLECTING:
                cost = core_ms(Path(folder) / f"{rate}-{collecting}", rate, collecting, given.events)
                load = f"{cost * rate / 10:.1f} % of a core"
                print(f"{rate:4} events a second, collected {collecting:3} ms: {cost:6.2f} core-ms an event, {load}")


if __name__ == "__main__":
    main()
