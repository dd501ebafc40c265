"""Whether what was written equals the truth, row for row, and which planted leak was found by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from agent.demo.written_documents import read_documents
from agent.normalize.shape import Normalizer
from agent.simulator.log_files.truth import content_hash, events, read_truth
from agent.simulator.scenarios import SCENARIOS
from agent.sources.real_time.catalogue import SERVICE

MUST_BE_FOUND = tuple(name for name, scenario in SCENARIOS.items() if not scenario.history)
"""Leaks that the shipped rules must find: those that a day shows."""


@dataclass(frozen=True, slots=True)
class Verdict:
    expected: int
    written: int
    lost: int
    doubled: int
    altered: int
    """Written rows that equal no row of any log file."""
    found: dict[str, dict[str, int]]
    """Scenario to rule id to alerts; a scenario nobody found has no rules."""

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.altered) and all(self.found.get(name) for name in MUST_BE_FOUND)


def judge(truth_file: Path, events_files: list[Path], alerts_files: list[Path], normalizer: Normalizer) -> Verdict:
    """Rebuild each written event's raw row, and hold the lot against the truth."""
    # Rows are compared as a multiset of (event type, hash of the raw cells): equal rows are events of their own.
    truth = events(read_truth(truth_file))
    written = _written(events_files, normalizer)
    key = ["event_type", "sha256"]
    expected = truth.group_by(key).agg(pl.len().alias("expected"))
    counts = written.group_by(key).agg(pl.len().alias("written"), pl.col("event.id").n_unique().alias("ids"))
    both = expected.join(counts, on=key, how="full", coalesce=True).fill_null(0)
    surplus = (pl.col("written") - pl.col("expected").cast(pl.Int64)).clip(lower_bound=0)
    unknown = both.filter(pl.col("expected") == 0)["written"].sum()
    return Verdict(
        expected=truth.height,
        written=written.height,
        lost=int((both["expected"].cast(pl.Int64) - both["written"].cast(pl.Int64)).clip(lower_bound=0).sum()),
        doubled=int(both.filter(pl.col("expected") > 0).select(surplus).sum().item()),
        altered=int(unknown),
        found=_found(truth, written, alerts_files),
    )


def _written(files: list[Path], normalizer: Normalizer) -> pl.DataFrame:
    """`event_type`, `sha256` of the raw row, `event.id` of every event; all `String`."""
    parts = []
    for path in files:
        with path.open("rb") as lines:
            for frame in read_documents(lines):
                if frame["leakline.service"][0] == SERVICE:  # the truth about log files does not know them
                    continue
                raw = normalizer.unshape(frame)
                cells = raw.drop("event.id")
                hashes = content_hash(cells, cells.columns)
                parts.append(raw.select("event.id", pl.col("EVENT_TYPE").alias("event_type"), hashes))
    schema = {"event.id": pl.String, "event_type": pl.String, "sha256": pl.String}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _found(truth: pl.DataFrame, written: pl.DataFrame, alerts_files: list[Path]) -> dict[str, dict[str, int]]:
    """Scenario to rule id to alerts whose evidence is among that scenario's rows.

    `truth`: `event_type`, `sha256`, `scenario` (null where nothing is planted); `written`: see `_written`; all `String`.
    """
    planted = truth.filter(pl.col("scenario").is_not_null()).select("event_type", "sha256", "scenario")
    evidence = written.join(planted, on=["event_type", "sha256"]).select("event.id", "scenario")
    scenario_of = dict(evidence.iter_rows())
    found: dict[str, dict[str, int]] = {name: {} for name in planted["scenario"].unique(maintain_order=True)}
    for path in alerts_files:
        with path.open("rb") as lines:
            for alerts in read_documents(lines):
                if "leakline.alert.event_ids" in alerts.columns:
                    for rule, ids in alerts.select("rule.id", "leakline.alert.event_ids").iter_rows():
                        for name in {scenario_of[event_id] for event_id in ids or () if event_id in scenario_of}:
                            found[name][rule] = found[name].get(rule, 0) + 1
    return found
