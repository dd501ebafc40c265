"""Baselines over files at rest: matched rows are gathered from all files, and judged once when all are read.

Nothing comes too late then, and what is said is what a daemon would have said in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from agent.detection.baseline import Baseline
from agent.detection.baseline_alarm import Told
from agent.detection.baseline_rows import DIGITS, LATITUDE, LONGITUDE, PLACE
from agent.detection.baselining import Baselining
from agent.detection.rule import LogSource
from agent.hunt_correlation import ABOUT, FILE, LINE
from agent.raw_input import single
from agent.raw_time import times

NUMBERS = (LATITUDE, LONGITUDE)
_ANY = LogSource()


class Compared:
    """Matched rows of the rules that feed baselines."""

    def __init__(self, baselines: Sequence[Baseline], clock: Sequence[str]) -> None:
        """`clock`: columns that may hold the time of an event, the best first."""
        self._baselines = baselines
        self._clock = clock
        self._rows: dict[str, list[pl.DataFrame]] = {}
        self.bases = frozenset(base for one in baselines for base in one.bases)
        self._silence = any(one.kind == "silence" for one in baselines)
        self._newest: dict[str, int] = {}
        self.dropped = 0
        """Rows and alarms left out because there were too many groups."""

    @property
    def fields(self) -> frozenset[str]:
        """Columns that are looked at, times excepted."""
        more = {*NUMBERS, *PLACE} if any(one.kind == "travel" for one in self._baselines) else set()
        return frozenset({name for base in self.bases for name in self._texts(base)} | more)

    def saw(self, frame: pl.DataFrame) -> None:
        """Whatever its rules are, a row shows how far its source is: silence is measured against that."""
        if self._silence and frame.height:
            newest = times(frame, self._clock).cast(pl.Datetime("ms", "UTC")).dt.epoch("ms").max()
            if newest is not None:
                org = _text(frame, "organization.id")[0] or ""
                self._newest[org] = max(int(newest), self._newest.get(org, 0))  # type: ignore[arg-type]

    def add(self, base: str, matched: pl.DataFrame, lines: pl.Series, file: str) -> None:
        """`matched`: rows of one file that the rule `base` matches; `lines`: where they stand in it."""
        texts = {name: _text(matched, name) for name in self._texts(base)}
        numbers = {name: _text(matched, name).cast(pl.Float64, strict=False) for name in NUMBERS}
        here = pl.Series([file]).new_from_index(0, matched.height)
        ids = _text(matched, "event.id").fill_null(here + ":" + lines.cast(pl.String))
        timed = times(matched, self._clock)
        rows = pl.DataFrame({**texts, **numbers, "event.id": ids, "@timestamp": timed, FILE: here, LINE: lines})
        rows = rows.filter(pl.col("@timestamp").is_not_null())
        if all(one.kind == "silence" for one in self._baselines if base in one.bases):  # of a minute one row is enough
            minute = pl.col("@timestamp").dt.truncate("1m").alias("\x00minute")
            rows = rows.with_columns(minute).unique(["\x00minute", *self._texts(base)], keep="first").drop("\x00minute")
        if rows.height:
            self._rows.setdefault(base, []).append(rows)

    def alerts(self) -> Iterator[tuple[Told, dict[str, Any]]]:
        """Each alert with its last row (file and line under `FILE` and `LINE`)."""
        found = {
            base: pl.concat(parts, how="diagonal_relaxed").unique("event.id", keep="first", maintain_order=True)
            for base, parts in self._rows.items()
        }
        orgs = sorted({org or "" for rows in found.values() for org in rows["organization.id"].unique()})
        watching = Baselining(self._baselines, dict.fromkeys(self.bases, _ANY), lambda _: None, raised=None)
        for org in orgs:
            mine = {base: rows.filter(pl.col("organization.id").fill_null("") == org) for base, rows in found.items()}
            moments = [_moments(rows) for rows in mine.values() if rows.height]
            newest = max(self._newest.get(org, 0), *(int(one.max()) for one in moments))  # type: ignore[arg-type]
            step = watching.take(mine, org, _ANY, newest, datetime.fromtimestamp(newest / 1000, UTC))
            self.dropped += sum(step.dropped.values())
            for told in step.told:
                yield told, _place(told, mine)

    def _texts(self, base: str) -> frozenset[str]:
        mine = [one for one in self._baselines if base in one.bases]
        keys = {one.field_of(name, base) for one in mine for name, _ in one.group_by}
        places = set(PLACE) if any(one.kind == "travel" for one in mine) else set()
        return frozenset({*keys, *(one.measured(base) for one in mine if one.field), *ABOUT, *places})


def _moments(rows: pl.DataFrame) -> pl.Series:
    return rows["@timestamp"].cast(pl.Datetime("ms", "UTC")).dt.epoch("ms")


def _place(told: Told, found: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """Where the alarm's last event stands; of a silence, the one before it."""
    last, first = told.alarm.last, int(told.alarm.first[:DIGITS])
    for base in told.baseline.bases:
        rows = found.get(base)
        if rows is not None and rows.height:
            there = rows.filter(pl.col("event.id") == last[DIGITS:] if last[DIGITS:] else _moments(rows) == first)
            if there.height:
                return there.row(-1, named=True)
    return {FILE: "", LINE: 0}


def _text(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column as text, null where it is empty, absent or no single value."""
    column = single(frame[name]) if name in frame.columns else None
    if column is None or column.dtype.is_nested():
        return pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    text = column.cast(pl.String)
    return text.set(text == "", None)
