"""Correlations over files at rest: matched rows are gathered from all files, and judged once when all are read.

So the order of files, and of lines in them, makes no difference, and no row comes too late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from agent.detection.correlation.batch_changes import AlertChange
from agent.detection.correlation.definition.correlation import Correlation, fields_by_base
from agent.detection.correlation.engine import CorrelationEngine
from agent.hunt.rows import ABOUT, ANY, FILE, LINE, MatchedRows, by_org, timed_rows, with_distinct_ids


class CorrelationHunt:
    """Matched rows of the rules that correlations are made of."""

    def __init__(
        self,
        correlations: Sequence[Correlation],
        clock: Sequence[str],
        *,
        silent: frozenset[str] = frozenset(),
        raw: bool = False,
    ) -> None:
        """`clock`: columns that may hold the time of an event, the best first; `silent`: ids of those that raise no
        alerts; `raw`: see `with_distinct_ids`.
        """
        self._silent = silent
        self._raw = raw
        self._correlations = correlations
        self._clock = clock
        self._rows: dict[str, list[pl.DataFrame]] = {}
        self._wanted = {base: names | frozenset(ABOUT) for base, names in fields_by_base(correlations).items()}
        self.bases = frozenset(self._wanted)
        self.untimed = 0
        """Matched rows without a time: they belong to no window."""
        self.ungrouped = 0
        """Matched rows, of each correlation, without a value in a field that it groups by."""
        self.valueless = 0
        """Matched rows, of each correlation, without a value, or the number, that it counts or sums."""

    @property
    def fields(self) -> frozenset[str]:
        """Columns that are looked at, times excepted."""
        return frozenset(name for names in self._wanted.values() for name in names)

    def add(self, base: str, matched: pl.DataFrame, lines: pl.Series, file: str) -> None:
        """`matched`: rows of one file that the rule `base` matches; `lines`: where they stand in it."""
        rows = timed_rows(matched, self._wanted[base], self._clock, lines, file)
        self.untimed += matched.height - rows.height
        for correlation in self._correlations:
            if base in correlation.bases and (
                keys := [correlation.field_of(name, base) for name in correlation.group_by]
            ):
                self.ungrouped += rows.filter(pl.any_horizontal(pl.col(keys).is_null())).height
        if rows.height:
            self._rows.setdefault(base, []).append(rows)

    def alerts(self) -> Iterator[tuple[AlertChange, dict[str, Any]]]:
        """Each alert with its last contributing row (columns as above, file and line under `FILE` and `LINE`)."""
        found: MatchedRows = {base: pl.concat(parts) for base, parts in self._rows.items()}
        if not found:
            return
        found = with_distinct_ids(found) if self._raw else found
        places = pl.concat([rows.select("event.id", FILE, LINE) for rows in found.values()]).unique(
            "event.id", keep="last", maintain_order=True
        )
        engine = CorrelationEngine(
            self._correlations, dict.fromkeys(self.bases, ANY), lambda _: None, silent=self._silent
        )
        for org, of_org in by_org(found):
            newest = max(int(rows["@timestamp"].dt.epoch("ms").max()) for rows in of_org.values())  # type: ignore[arg-type]
            step = engine.take(of_org, org, ANY, newest, final=True)
            self.valueless += sum(rows for (_, reason), rows in step.left_out.items() if reason == "no_value")
            for change in step.alert_changes:
                if change.action == "alert-raised":
                    yield change, places.row(by_predicate=pl.col("event.id") == change.alert.last[1], named=True)
