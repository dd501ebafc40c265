"""`make bench-baselines`: thirty days of 50,000 users through all baselines of the pack and the rules that feed them.

A person has six rows a day in seven kinds of log file, half of all rows are of a few people and integrations. Files come
by the hour, in batches of eight thousand rows at most, and what is remembered is committed with each batch to a state
directory on disk. Core time is of all that a batch costs in detection, that commit included. About ten minutes;
`--beside` measures the tree of before as well.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before Polars is imported: threads that wait for each other count as busy

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.baseline_rows import day
from tests.bench.bench_process import ensure_allocator, highest, resident
from tests.bench.beside import agent_names, turns

LATENESS = timedelta(hours=4)
"""How long after its last row a file is read."""

PREFIX = "memory/detection/"
RULES = Path(__file__).parents[2] / "rules"

FIGURES = (
    ("all_us", "core-µs a row", ",.1f"),
    ("last_us", "core-µs a row, last day", ",.1f"),
    ("peak_mb", "peak memory MB", ",.0f"),
    ("state_mb", "state MB", ",.1f"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.baselines", description=__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rules", type=Path, default=RULES, help="the folder with the baselines")
    parser.add_argument("--beside", nargs="?", const="", help=f"{turns.BESIDE}; with that one's rules in both")
    parser.add_argument("--runs", type=int, default=1, help="of each tree, beside another")
    given = parser.parse_args(arguments)
    if given.beside is not None:
        _beside(turns.checkout(given.beside), given.runs, given.users, given.days)
        return
    ensure_allocator()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), given.users, given.days, rules(given.rules))))


def _beside(before: Path, runs: int, users: int, days: int) -> None:
    options = ("--users", users, "--days", days, "--rules", before / "rules")
    turns.tell_beside("tests.bench.baselines", options, f"{users:,} users, {days} days", FIGURES, before, runs)


@dataclass(slots=True)
class Cost:
    """What was spent so far."""

    rows: int = 0
    seconds: float = 0.0
    """Of a core, with baselines."""
    without: float = 0.0
    """Of a core, for the rules that feed them alone."""
    written: int = 0
    """Bytes."""
    alerts: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    """Key of the state to bytes."""

    def remembered(self, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.sizes.pop(key, None)
            else:
                self.sizes[key] = len(value)
                self.written += len(value)

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def run(folder: Path, users: int, days: int, watched: Any) -> dict[str, float]:
    """Prints what each day costs; returns the figures of the last day and of all."""
    make_detector, rule_set, _, log_source = agent_names.detection()
    rng = random.Random(7)
    print(f"{len(watched.baselines)} baselines, {users:,} users, {days} days; resident before: {resident():,.0f} MB")
    cost, state = Cost(), agent_names.open_state(folder / "state")
    recall = agent_names.recall_of(state, PREFIX)
    detector, plain = make_detector(watched, recall=recall), make_detector(rule_set(watched.rules))
    for number in range(days):
        before, rows = cost.seconds, cost.rows
        for batch in day(rng, number, users):
            take(batch, log_source, detector, plain, state, cost)
        last = (cost.seconds - before) / (cost.rows - rows) * 1e6
        print(f"day {number + 1:>3}: {last:5.1f} core-us a row"
              f"  resident {resident():>6,.0f} MB (at most {highest():,.0f})"
              f"  state {cost.size / 1e6:>6.1f} MB", flush=True)  # fmt: skip
    peak = highest()
    _tell(cost, users, watched, agent_names.engines(detector)[1])
    began = time.process_time()
    make_detector(watched, recall=recall).detect(batch, log_source, batch["@timestamp"][-1] + LATENESS)
    print(
        f"all read back, with one batch: {time.process_time() - began:.1f} core-s; memory at most {highest():,.0f} MB"
    )
    state.close()
    return {
        "last_us": last,
        "all_us": cost.seconds / cost.rows * 1e6,
        "peak_mb": peak,
        "state_mb": cost.size / 1e6,
        "alerts": cost.alerts,
    }


def _tell(cost: Cost, users: int, watched: Any, engine: Any) -> None:
    print(f"{cost.rows:,} rows, {cost.alerts:,} alerts, {cost.seconds / cost.rows * 1e6:.1f} core-us a row, of which the"
          f" rules that feed baselines {cost.without / cost.rows * 1e6:.1f}")  # fmt: skip
    print(f"state {cost.size / 1e6:.1f} MB ({cost.size / users:,.0f} bytes a user) in {len(cost.sizes):,} values,"
          f" {cost.written / cost.rows:.0f} bytes written a row")  # fmt: skip
    for name, size in sorted(by_rule(watched, cost.sizes), key=lambda named: -named[1]):
        print(f"  {size / 1e6:6.1f} MB  {name}")
    late, dropped = engine.late, engine.dropped
    print(
        f"rows that came too late: {sum(late.values()):,}; rows and alerts that were too many: {sum(dropped.values()):,}"
    )


def rules(folder: Path) -> Any:
    """The baselines of a pack and what feeds them, as a rule set."""
    _, rule_set, load, _ = agent_names.detection()
    pack = load([folder])
    feeding = {base for baseline in pack.baselines for base in baseline.bases}
    return rule_set(tuple(rule for rule in pack.rules if rule.id in feeding), baselines=pack.baselines)


def take(batch: pl.DataFrame, log_source: Any, detector: Any, plain: Any, state: Any, cost: Cost) -> None:
    began = time.process_time()
    for _ in plain.matches(batch, log_source):
        pass
    between = time.process_time()
    detection = detector.detect(batch, log_source, batch["@timestamp"][-1] + LATENESS)
    with state.transact() as transaction:
        transaction.apply(PREFIX, detection.remember)
    detection.commit()
    cost.seconds += time.process_time() - between
    cost.without += between - began
    cost.rows += batch.height
    cost.alerts += detection.alerts.height
    cost.remembered(detection.remember)


def by_rule(watched: Any, sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
    for baseline in watched.baselines:
        prefix = f"baseline/{baseline.rule.id}/"
        yield baseline.rule.name, sum(size for key, size in sizes.items() if key.startswith(prefix))


if __name__ == "__main__":
    main()
