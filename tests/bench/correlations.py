"""`make bench-correlations`: ten million events of 50,000 users through a correlation of every type, and chains of them.

Each event matches a rule, so that each reaches most of the correlations. Events come in order, a million a day, in
batches of ten thousand, and what is remembered is committed with each batch to a state directory on disk. Core time is
of detection and that commit. Ten million take twenty minutes and more; `--beside` measures the tree of before as well.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tests.bench.bench_process import ensure_allocator, highest, on_disk, resident
from tests.bench.beside import agent_names, turns

PREFIX = "memory/detection/"
BEGINNING = datetime(2026, 7, 1, tzinfo=UTC)
BATCH = 10_000
A_DAY = 1_000_000

FIGURES = (
    ("last_us", "core-µs an event, last tenth", ",.1f"),
    ("all_us", "core-µs an event", ",.1f"),
    ("peak_mb", "peak memory MB", ",.0f"),
    ("state_mb", "state on disk MB", ",.0f"),
)

RULES = """
title: Reads
name: reads
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: read}, condition: sel}
---
title: Exports
name: exports
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: export}, condition: sel}
---
title: Logins
name: logins
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: login}, condition: sel}
"""
CORRELATIONS: dict[str, str] = {
    "event_count": "{type: event_count, rules: [reads, exports], group-by: [USER_ID], timespan: 10m, condition: {gte: 12}}",
    "event_count, a day": "{type: event_count, rules: [exports], group-by: [USER_ID], timespan: 1d, condition: {gte: 60}}",
    "event_count, range": "{type: event_count, rules: [exports], group-by: [USER_ID], timespan: 1h, condition: {gte: 9, lte: 12}}",
    "value_count": "{type: value_count, rules: [reads, exports, logins], group-by: [USER_ID], timespan: 1h, condition: {field: CLIENT_IP, gte: 8}}",
    "value_sum": "{type: value_sum, rules: [reads, exports], group-by: [USER_ID], timespan: 1h, condition: {field: ROWS, gte: 60000}}",
    "value_avg": "{type: value_avg, rules: [exports], group-by: [USER_ID], timespan: 1h, condition: {field: ROWS, gte: 1950}}",
    "value_median": "{type: value_median, rules: [exports], group-by: [USER_ID], timespan: 1h, condition: {field: ROWS, gte: 1980}}",
    "value_percentile": "{type: value_percentile, rules: [exports], group-by: [USER_ID], timespan: 1h, condition: {field: ROWS, percentile: 90, lt: 5}}",
    "temporal": "{type: temporal, rules: [logins, exports], group-by: [USER_ID, CLIENT_IP], timespan: 5m}",
    "temporal, words": "{type: temporal, rules: [logins, exports, reads], group-by: [CLIENT_IP], timespan: 1s, condition: exports and logins and not reads}",
    "temporal_ordered": "{type: temporal_ordered, rules: [logins, reads, exports], group-by: [USER_ID, CLIENT_IP], timespan: 30m}",
    "chain": "{type: value_count, rules: [n0], timespan: 10m, condition: {field: USER_ID, gte: 4}, generate: true}",
    "chain of a chain": "{type: temporal_ordered, rules: [logins, n11], group-by: [USER_ID], timespan: 10m, generate: true}",
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.correlations", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--beside", nargs="?", const="", help=turns.BESIDE)
    parser.add_argument("--runs", type=int, default=1, help="of each tree, beside another")
    given = parser.parse_args(arguments)
    if given.beside is not None:
        _beside(turns.checkout(given.beside), given.runs, given.events, given.users)
        return
    ensure_allocator()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), given.events, given.users)))


def _beside(before: Path, runs: int, events: int, users: int) -> None:
    options = ("--events", events, "--users", users)
    turns.tell_beside("tests.bench.correlations", options, f"{events:,} events, {users:,} users", FIGURES, before, runs)


def run(folder: Path, events: int, users: int) -> dict[str, float]:
    """Prints what each tenth costs; returns the figures of the last tenth and of all."""
    rules = folder / "rules.yml"
    rules.write_text(RULES + "".join(f"---\ntitle: {title}\nname: n{place}\ncorrelation: {text}\n"
                                     for place, (title, text) in enumerate(CORRELATIONS.items())))  # fmt: skip
    make_detector, _, load, log_source = agent_names.detection()
    loaded = load([rules])
    assert not loaded.errors, loaded.errors
    state = agent_names.open_state(folder / "state")
    detector = make_detector(loaded, recall=agent_names.recall_of(state, PREFIX))
    print(
        f"{events:,} events, {users:,} users, {len(loaded.correlations)} correlations; resident before: {resident():,.0f} MB"
    )
    alerts: Counter[str] = Counter()
    tenth = max(BATCH, events // 10 // BATCH * BATCH)
    spent = told = 0.0
    done = 0
    for batch in batches(events, users):
        began = time.process_time()
        detection = detector.detect(batch, log_source, batch["@timestamp"][-1] + timedelta(hours=1))
        with state.transact() as transaction:
            transaction.apply(PREFIX, detection.remember)
        detection.commit()
        spent += time.process_time() - began
        done += batch.height
        alerts.update(detection.alerts["rule.name"] if detection.alerts.height else ())
        if done % tenth == 0 or done == events:
            last = (spent - told) / (done % tenth or tenth) * 1e6
            print(f"{done:>12,} events  {last:>6.1f} core-us each  resident {resident():>6,.0f} MB"
                  f"  (at most {highest():,.0f})  state {on_disk(folder / 'state'):>6,.0f} MB", flush=True)  # fmt: skip
            told = spent
    print(f"{spent / done * 1e6:,.1f} core-us each in all; said of alerts: {dict(alerts)}")
    for (rule, reason), count in sorted(agent_names.engines(detector)[0].left_out.items()):
        print(f"left out: {count:,} rows, {reason}, {rule}")
    state.close()
    return {
        "last_us": last,
        "all_us": spent / done * 1e6,
        "peak_mb": highest(),
        "state_mb": on_disk(folder / "state"),
        "alerts": sum(alerts.values()),
    }


def batches(events: int, users: int) -> Iterator[pl.DataFrame]:
    """A few users do much, most do little; everybody has two addresses of 20,000."""
    rng = random.Random(7)
    for begin in range(0, events, BATCH):
        size = min(BATCH, events - begin)
        text = rng.randbytes(16 * size).hex()
        user, kind, other = pl.col("user"), pl.col("kind"), pl.col("other")
        address = "198.18." + ((user * 7 + other % 2) % 20_000 // 250).cast(pl.String) + "." + ((user * 7 + other % 2) % 250).cast(pl.String)  # fmt: skip
        drawn = pl.DataFrame(
            {
                "event.id": [text[at : at + 32] for at in range(0, len(text), 32)],
                "user": [int(users * rng.random() ** 2.5) for _ in range(size)],
                "kind": [rng.random() for _ in range(size)],
                "other": [rng.randrange(2_000) for _ in range(size)],
            }
        )
        yield drawn.select(
            "event.id",
            (pl.int_range(begin, begin + size) * (86_400_000 / A_DAY) + BEGINNING.timestamp() * 1000)
            .cast(pl.Int64)
            .cast(pl.Datetime("ms", "UTC"))
            .alias("@timestamp"),
            pl.lit("00D000000000001").alias("organization.id"),
            ("005" + user.cast(pl.String).str.zfill(12)).alias("USER_ID"),
            ("u" + user.cast(pl.String) + "@example.com").alias("user.name"),
            address.alias("source.ip"),
            address.alias("CLIENT_IP"),
            pl.when(kind < 0.6)
            .then(pl.lit("read"))
            .when(kind < 0.9)
            .then(pl.lit("export"))
            .otherwise(pl.lit("login"))
            .alias("KIND"),
            other.cast(pl.String).alias("ROWS"),
        )


if __name__ == "__main__":
    main()
