"""Baselines over files at rest: matched rows are gathered from all files, and judged once when all are read.

Nothing comes too late then, and the alerts are those that a daemon would have raised in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from agent.columns.timestamp import TIME
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.engine import BaselineEngine
from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.open_alert import AlertChange
from agent.detection.baseline.rows import DIGITS, NUMBERS
from agent.detection.memory.source_times import SourceTimes
from agent.hunt.raw_time import times
from agent.hunt.rows import ABOUT, ANY, FILE, LINE, MatchedRows, by_org, text, timed_rows, with_distinct_ids


class BaselineHunt:
    """Matched rows of the rules that feed baselines."""

    def __init__(self, baselines: Sequence[Baseline], clock: Sequence[str], *, raw: bool = False) -> None:
        """`clock`: columns that may hold the time of an event, the best first; `raw`: see `with_distinct_ids`."""
        self._raw = raw
        self._baselines = baselines
        self._clock = clock
        self._rows: dict[str, list[pl.DataFrame]] = {}
        self.bases = frozenset(base for baseline in baselines for base in baseline.bases)
        self._waits = any(kind_of(baseline).waits for baseline in baselines)
        self._newest: dict[str, int] = {}
        self.dropped = 0
        """Rows and alerts left out because there were too many groups."""

    @property
    def fields(self) -> frozenset[str]:
        """Columns that are looked at, times excepted."""
        return frozenset(name for base in self.bases for name in self._texts(base))

    def saw(self, frame: pl.DataFrame) -> None:
        """Whatever its rules are, a row shows how far its source is: a pause is measured against that."""
        if self._waits and frame.height:
            newest = times(frame, self._clock).cast(TIME).dt.epoch("ms").max()
            if newest is not None:
                org = text(frame, "organization.id")[0] or ""
                self._newest[org] = max(int(newest), self._newest.get(org, 0))  # type: ignore[arg-type]

    def add(self, base: str, matched: pl.DataFrame, lines: pl.Series, file: str) -> None:
        """`matched`: rows of one file that the rule `base` matches; `lines`: where they stand in it."""
        rows = timed_rows(matched, {*self._texts(base), *NUMBERS}, self._clock, lines, file)
        rows = rows.with_columns(pl.col(*NUMBERS).cast(pl.Float64, strict=False))
        if all(kind_of(baseline).waits for baseline in self._of(base)):  # of a minute one row is enough
            minute = pl.col("@timestamp").dt.truncate("1m").alias("\x00minute")
            rows = rows.with_columns(minute).unique(["\x00minute", *self._texts(base)], keep="first").drop("\x00minute")
        if rows.height:
            self._rows.setdefault(base, []).append(rows)

    def alerts(self) -> Iterator[tuple[AlertChange, dict[str, Any]]]:
        """Each alert with its last row (file and line under `FILE` and `LINE`)."""
        found: MatchedRows = {base: pl.concat(parts, how="diagonal_relaxed") for base, parts in self._rows.items()}
        found = with_distinct_ids(found) if self._raw else found
        found = {base: rows.unique("event.id", keep="first", maintain_order=True) for base, rows in found.items()}
        engine = BaselineEngine(self._baselines, dict.fromkeys(self.bases, ANY), lambda _: None, raised=None)
        for org, of_org in by_org(found):
            moments = [_moments(rows) for rows in of_org.values() if rows.height]
            newest = max(self._newest.get(org, 0), *(int(times.max()) for times in moments))  # type: ignore[arg-type]
            sources = SourceTimes().noting(org, ANY, newest, newest)
            step = engine.take(of_org, org, sources, datetime.fromtimestamp(newest / 1000, UTC))
            self.dropped += sum(step.dropped.values())
            for change in step.alert_changes:
                yield change, _place(change, of_org)

    def _texts(self, base: str) -> frozenset[str]:
        """Columns of the rows of a base that are looked at as text."""
        names = set(ABOUT)
        for baseline in self._of(base):
            kind = kind_of(baseline)
            names.update(baseline.field_of(name, base) for name, _ in baseline.group_by)
            names.update({baseline.measured(base)} if baseline.field else ())
            names.update(kind.needs, kind.shows)
        return frozenset(names)

    def _of(self, base: str) -> list[Baseline]:
        return [baseline for baseline in self._baselines if base in baseline.bases]


def _moments(rows: pl.DataFrame) -> pl.Series:
    """Event times in milliseconds (Int64)."""
    return rows["@timestamp"].cast(TIME).dt.epoch("ms")


def _place(change: AlertChange, found: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """The row of the alert's last event (with `FILE` and `LINE`); where its mark names no event, of the last one before."""
    last, first = change.alert.last, int(change.alert.first[:DIGITS])
    for base in change.baseline.bases:
        rows = found.get(base)
        if rows is not None and rows.height:
            there = rows.filter(pl.col("event.id") == last[DIGITS:] if last[DIGITS:] else _moments(rows) == first)
            if there.height:
                return there.row(-1, named=True)
    return {FILE: "", LINE: 0}
