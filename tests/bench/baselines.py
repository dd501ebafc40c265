"""`make bench-baselines`: thirty days of 50,000 users through all baselines of the pack and the rules that feed them.

A person has six rows a day in seven kinds of log file, half of all rows are of a few people and integrations. Files come
by the hour, in batches of eight thousand rows at most, and what is remembered is committed with each batch to a state
directory on disk. Core time is of all that a batch costs in detection, that commit included.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before Polars is imported: threads that wait for each other count as busy

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.store.state import StateRecall
from tests.bench.bench_process import ensure_allocator, highest, resident
from tests.store.one_shard import OneShard

FILES = LogSource("salesforce", "event_log_file")
BEGINNING = datetime(2026, 6, 1, tzinfo=UTC)
BATCH = 8_000
LATENESS = timedelta(hours=4)
"""How long after its last row a file is read."""

PREFIX = "memory/detection/"

DAY: dict[str, tuple[float, dict[str, str]]] = {
    "RestApi": (3.0, {"METHOD": "GET", "URI": "/services/data/v60.0/query"}),
    "ApiTotalUsage": (1.0, {"HTTP_METHOD": "GET"}),
    "Login": (1.0, {"LOGIN_STATUS": "LOGIN_NO_ERROR"}),
    "Report": (0.5, {"RENDERING_TYPE": "C"}),
    "ReportExport": (0.3, {}),
    "ContentTransfer": (0.5, {"TRANSACTION_TYPE": "VersionDownloadAction"}),
    "BulkApi2": (0.02, {"OPERATION_TYPE": "query", "JOB_STATUS": "JobComplete"}),
}
"""Kind of log file to rows of a user and day, and the cells that the rules ask for."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.baselines", description=__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=30)
    given = parser.parse_args()
    ensure_allocator("tests.bench.baselines")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), given.users, given.days)


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


def run(folder: Path, users: int, days: int) -> None:
    rng, watched = random.Random(7), rules()
    print(f"{len(watched.baselines)} baselines, {users:,} users, {days} days; resident before: {resident():,.0f} MB")
    cost, state = Cost(), OneShard(folder / "state")
    recall = StateRecall(state, PREFIX)
    detector, plain = Detector(watched, recall=recall), Detector(RuleSet(watched.rules))
    for number in range(days):
        before, rows = cost.seconds, cost.rows
        for batch in day(rng, number, users):
            take(batch, detector, plain, state, cost)
        print(f"day {number + 1:>3}: {(cost.seconds - before) / (cost.rows - rows) * 1e6:5.1f} core-us a row"
              f"  resident {resident():>6,.0f} MB (at most {highest():,.0f})"
              f"  state {cost.size / 1e6:>6.1f} MB", flush=True)  # fmt: skip
    print(f"{cost.rows:,} rows, {cost.alerts:,} alerts, {cost.seconds / cost.rows * 1e6:.1f} core-us a row, of which the"
          f" rules that feed baselines {cost.without / cost.rows * 1e6:.1f}")  # fmt: skip
    print(f"state {cost.size / 1e6:.1f} MB ({cost.size / users:,.0f} bytes a user) in {len(cost.sizes):,} values,"
          f" {cost.written / cost.rows:.0f} bytes written a row")  # fmt: skip
    for name, size in sorted(by_rule(watched, cost.sizes), key=lambda named: -named[1]):
        print(f"  {size / 1e6:6.1f} MB  {name}")
    late, dropped = detector.baseline_engine.late, detector.baseline_engine.dropped
    print(
        f"rows that came too late: {sum(late.values()):,}; rows and alerts that were too many: {sum(dropped.values()):,}"
    )
    began = time.process_time()
    Detector(watched, recall=recall).detect(batch, FILES, batch["@timestamp"][-1] + LATENESS)
    print(
        f"all read back, with one batch: {time.process_time() - began:.1f} core-s; memory at most {highest():,.0f} MB"
    )
    state.close()


def rules() -> RuleSet:
    """The baselines of the pack and what feeds them."""
    pack = load([Path(__file__).parents[2] / "rules"])
    feeding = {base for baseline in pack.baselines for base in baseline.bases}
    return RuleSet(tuple(rule for rule in pack.rules if rule.id in feeding), baselines=pack.baselines)


def take(batch: pl.DataFrame, detector: Detector, plain: Detector, state: OneShard, cost: Cost) -> None:
    began = time.process_time()
    for _ in plain.matches(batch, FILES):
        pass
    between = time.process_time()
    detection = detector.detect(batch, FILES, batch["@timestamp"][-1] + LATENESS)
    with state.transact() as transaction:
        transaction.apply(PREFIX, detection.remember)
    detection.commit()
    cost.seconds += time.process_time() - between
    cost.without += between - began
    cost.rows += batch.height
    cost.alerts += detection.alerts.height
    cost.remembered(detection.remember)


def day(rng: random.Random, number: int, users: int) -> list[pl.DataFrame]:
    """The batches of a day, an hour and a kind at a time."""
    frames = (rows(rng, kind, number, users) for kind in DAY)
    hours = (
        hour for frame in frames for _, hour in frame.group_by(pl.col("@timestamp").dt.hour(), maintain_order=True)
    )
    return sorted((part for hour in hours for part in hour.iter_slices(BATCH)), key=lambda part: part["@timestamp"][0])


def rows(rng: random.Random, kind: str, number: int, users: int) -> pl.DataFrame:
    """A log file's rows of a day, most of them between seven and nineteen o'clock."""
    often, cells = DAY[kind]
    count = int(users * often)
    who = pl.col("who")
    drawn = pl.DataFrame(
        {
            "after": sorted(int(min(max(rng.gauss(13, 3), 0), 23.99) * 3_600_000) for _ in range(count)),
            "who": [int(users * rng.random() ** rng.choice((1.0, 2.5))) for _ in range(count)],
            "few": rng.choices(range(1, 2_000), k=count),
            "many": rng.choices(range(1, 20_000), k=count),
        }
    )
    midnight = pl.lit(BEGINNING + timedelta(days=number)).cast(pl.Datetime("ms", "UTC"))
    return drawn.select(
        pl.concat_str(pl.lit(f"{number:04}{kind}"), pl.int_range(pl.len()).cast(pl.String)).alias("event.id"),
        pl.lit("00D5g000000AbCdEAK").alias("organization.id"),
        (midnight + pl.duration(milliseconds="after")).alias("@timestamp"),
        pl.lit(kind).alias("EVENT_TYPE"),
        ("0055g0000" + who.cast(pl.String).str.zfill(6)).alias("USER_ID"),
        ("user" + who.cast(pl.String) + "@example.com").alias("user.name"),
        *(pl.lit(value).alias(name) for name, value in cells.items()),
        pl.col("few").cast(pl.String).alias("ROWS_PROCESSED"),
        pl.col("few").cast(pl.String).alias("ROW_COUNT"),
        pl.col("many").cast(pl.String).alias("RECORDS_PROCESSED"),
        ("0H45g0000000" + (who % 80).cast(pl.String).str.zfill(3)).alias("CONNECTED_APP_ID"),
        ("198.18." + (who // 250 % 250).cast(pl.String) + "." + (who % 250).cast(pl.String)).alias("source.ip"),
        (who % 40 + 64_500).alias("source.as.number"),
        pl.lit("SE").alias("source.geo.country_iso_code"),
        (who % 10 + 55.0).alias("source.geo.location.lat"),
        (who % 7 + 11.0).alias("source.geo.location.lon"),
        pl.lit("public").alias("leakline.ip_kind"),
        pl.lit("browser").alias("leakline.client_kind"),
        (who < users // 200).alias("leakline.user_is_integration"),
    )


def by_rule(watched: RuleSet, sizes: dict[str, int]) -> Iterator[tuple[str, int]]:
    for baseline in watched.baselines:
        prefix = f"baseline/{baseline.rule.id}/"
        yield baseline.rule.name, sum(size for key, size in sizes.items() if key.startswith(prefix))


if __name__ == "__main__":
    main()
