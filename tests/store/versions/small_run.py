"""A small run of everything that a state keeps: two orgs, both lanes, and all that may wait, with real detection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.batch_steps import BatchSteps
from agent.delivery_settings import DeliverySettings, RefusalSettings
from agent.detection.detection import Detection
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.sigma.log_source import LogSource
from agent.model import LANES, Batch, Chunk, Cursor, Lane, Outcome, TakenOnce
from agent.pipeline.forward import Forward
from agent.store import keys
from agent.store.directory import startup
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.status import balanced
from agent.store.state import StateRecall
from tests.daemon.shards import ShardOfMany
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, frame_of, ids_of

SHARDS = ("acme", "other", keys.PROCESS)
TAKES: Mapping[str, tuple[Lane, ...]] = {"siem": LANES, "slow": LANES, "strict": LANES}
"""`slow` is behind, `strict` refuses everything of the events."""

ROWS = 20
"""In a batch."""

RULES = """\
title: Plain
name: plain
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a}, condition: sel}
---
title: Row
name: row
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: b}, condition: sel}
---
title: Many
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c21
name: many
level: high
correlation:
  rules: [row]
  group-by: [USER_ID]
  timespan: 10m
  type: value_count
  condition: {field: VALUE, gte: 5}
---
title: Past
name: past
level: high
baseline:
  rules: [row]
  group-by: [USER_ID]
  type: first_seen
  condition: {field: VALUE}
"""


def rows(first: int, org: str) -> pl.DataFrame:
    """A batch as a source gives it: two users, two kinds, and a value for each row."""
    places = range(ROWS)
    return frame_of(ids_of(first, first + ROWS)).with_columns(
        pl.Series("@timestamp", [NOW + timedelta(minutes=first + place) for place in places]).cast(
            pl.Datetime("ms", "UTC")
        ),
        pl.Series("organization.id", [org] * ROWS),
        pl.Series("user.id", [f"005{place % 2}" for place in places]),
        pl.Series("USER_ID", [f"005{place % 2}" for place in places]),
        pl.Series("KIND", ["ab"[place // 4 % 2] for place in places]),
        pl.Series("VALUE", [str(place) for place in places]),
    )


def _is_of_events(chunk: Chunk) -> bool:
    return str(chunk.ids[0]).startswith("0000")


def _refuse_events(chunk: Chunk) -> Outcome:
    return Outcome(rejected=[(row, "no such field") for row in range(len(chunk.ids))] if _is_of_events(chunk) else [])


@dataclass
class SmallRun:
    """Opened on a folder, new or with what an earlier one left."""

    folder: Path
    loops: dict[str, Loops] = field(init=False)
    siems: dict[tuple[str, str], ScriptedDestination] = field(init=False)
    forwards: dict[tuple[str, str], Forward] = field(init=False)
    """By shard and destination."""

    def __post_init__(self) -> None:
        self.state = StateDirectory(self.folder / "state")
        self.loops = {name: Loops(ShardOfMany(self.state, name)) for name in SHARDS}
        startup.begin(self.state, {name: (loops.state, loops.problems) for name, loops in self.loops.items()})
        self.siems = {(shard, name): ScriptedDestination(name) for shard in SHARDS for name in TAKES}
        settings = DeliverySettings(refusals=RefusalSettings(rows=ROWS))
        self.forwards = {
            (shard, name): self.loops[shard].forward(siem, settings) for (shard, name), siem in self.siems.items()
        }

    def steps(self, shard: str) -> BatchSteps:
        """With rules of each kind, and the memory of the shard's."""
        path = self.folder / "rules.yml"
        path.write_text(RULES)
        rules = load([path])
        assert not rules.errors
        detector = Detector(rules, recall=StateRecall(self.loops[shard].state, keys.DETECTION.prefix))

        def detect(batch: Batch, frame: pl.DataFrame, _: object, now: Any) -> Detection:
            return detector.detect(frame, LogSource("salesforce", "event_log_file"), now, org=batch.org)

        return BatchSteps(lambda batch: batch.frame, lambda batch, frame: (), detect, lambda frame, batch, now: frame)

    def read(self, shard: str, batches: int) -> None:
        """So many batches more; each can be read again where its source is asked."""
        before = int(self.loops[shard].ingest().cursor(f"{shard}/list") or 0)
        numbers = pl.int_range(1, ROWS + 1, eager=True)
        fresh = [
            Batch(
                f"00D{shard}",
                "list",
                "Thing",
                rows((number - 1) * ROWS, f"00D{shard}"),
                Cursor(str(number)),
                input=f"input {number}",
                again=f"input {number}",
                row_numbers=numbers,
                remember={"known": str(number).encode()},
            )
            for number in range(before + 1, before + batches + 1)
        ]
        self.loops[shard].ingest(self.steps(shard)).read(ListSource(fresh, name=f"{shard}/list"))

    def fill(self) -> None:
        """Everything that may wait, of the org acme; of the other org and of Leakline itself little."""
        acme, other, own = (self.loops[name] for name in SHARDS)
        self.read("acme", 3)
        self.siems["acme", "siem"].script = [Outcome(rejected=[(0, "a field is too long")])]
        acme.drain(self.forwards["acme", "siem"])
        self.siems["acme", "strict"].script = [_refuse_events] * 10
        acme.drain(self.forwards["acme", "strict"])
        slow = self.forwards["acme", "slow"]
        slow.shards[0].queue.set_aside()
        self._lose_a_batch(slow)
        self._stop_within_a_batch()
        self.read("acme", 2)
        self.read("other", 1)
        other.drain(self.forwards["other", "siem"])
        once = Batch("", "once", "Thing", frame_of(["1" * 32]), once=TakenOnce("once", timedelta(days=8)))
        own.ingest(self.steps(keys.PROCESS)).push("once", once)
        own.problems.report("clock-jumped", "clock", "the clock jumped by an hour")
        acme.problems.report("rows-lost", "siem", "10 rows are lost", count=10)

    def _lose_a_batch(self, forward: Forward) -> None:
        """A damaged batch, which waits to be fetched again."""
        batch = forward.shards[0].queue.take(["events"])
        assert batch is not None
        forward.shards[0].queue.leave_damaged(batch, "its checksum does not hold")

    def _stop_within_a_batch(self) -> None:
        """`slow` has taken the first chunk of a batch of events when the process is told to stop."""
        acme, siem = self.loops["acme"], self.siems["acme", "slow"]

        def take_and_stop(chunk: Chunk) -> Outcome:
            if _is_of_events(chunk):
                acme.stop.set()
            return Outcome()

        siem.script = [take_and_stop] * 10
        acme.drain(self.forwards["acme", "slow"])
        siem.script = []
        acme.stop.clear()

    def status(self) -> dict[str, Any]:
        """What the state says of each shard, and whether its sums hold."""
        return {
            shard: {
                "balanced": balanced(loops.stores, TAKES),
                "problems": sorted(f"{problem.kind} {problem.subject}" for problem in loops.problems.open()),
                "dead letters": loops.dead_letters.count(),
                "cursor": loops.ingest().cursor(f"{shard}/list"),
                "positions": {
                    f"{name} {lane}": str(self.forwards[shard, name].shards[0].queue.position(lane))
                    for name, lanes in TAKES.items()
                    for lane in lanes
                },
                "parked": {name: sum(entry.rows for entry in loops.parked.entries(name)) for name in TAKES},
                "stopped": {name: list(self.forwards[shard, name].shards[0].stopped.lanes) for name in TAKES},
            }
            for shard, loops in self.loops.items()
        }

    def accepted(self) -> dict[str, list[str]]:
        """Ids that each destination took in this run, by shard and destination."""
        return {f"{shard}/{name}": siem.accepted for (shard, name), siem in self.siems.items()}

    def close(self) -> None:
        self.state.close()
