"""Which rows of an org's log files the stream has told of: what the source `real_time` remembers, hour by hour.

Log files are about hours, and the stream may have gaps: a row is covered if the whole hour of its time was streamed. So a
gap of a minute costs a second alert at most, never the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import orjson
import polars as pl

from agent.columns.timestamp import TIME
from agent.detection.covered_rows import CoveredRows
from agent.model import Batch
from agent.normalize.mapping.happenings import twins_of_log_file

COVERED = "covered/"
"""What the source's keys begin with; the name of the event follows. Each holds JSON: a list of [from, to] in milliseconds."""
HOUR = 3_600_000
"""Milliseconds."""

Span = tuple[int, int]
"""From, to; milliseconds since 1970."""


class StreamCoverage:
    """Of one org. For one thread at a time: whoever detects its batches."""

    def __init__(self, recall: Callable[[str], bytes | None]) -> None:
        """`recall`: what the org's source `real_time` asked to remember."""
        self._recall = recall
        self._hours: dict[str, tuple[bytes, frozenset[int]]] = {}
        """By event: what was stored, and the hours since 1970 that it covers."""

    def rows(self, batch: Batch, prepared: pl.DataFrame) -> CoveredRows | None:
        """The rows of a batch that are covered; None where it is no log file of which the stream tells anything."""
        twins = twins_of_log_file(batch.event_type) if batch.source == "event_log_file" and prepared.height else ()
        if not twins or "@timestamp" not in prepared.columns:
            return None
        hours = hours_of(prepared)
        found: dict[str, pl.Series] = {}
        for twin in twins:
            streamed = self._covered(twin.event)
            reached = sorted(streamed.intersection(hours.unique().to_list())) if streamed else []
            if reached:
                rows = hours.is_in(reached).fill_null(value=False)
                of_its_kind = twin.rows.holds(_columns(prepared), prepared.height)
                found[twin.event] = rows & of_its_kind
        return CoveredRows(batch.event_type, found) if found else None

    def _covered(self, event: str) -> frozenset[int]:
        """The hours of which the stream told everything."""
        stored = self._recall(COVERED + event)
        if stored is None:
            return frozenset()
        if event not in self._hours or self._hours[event][0] != stored:
            self._hours[event] = stored, frozenset(whole_hours(spans_of(stored)))
        return self._hours[event][1]


def hours_of(prepared: pl.DataFrame) -> pl.Series:
    """The hour since 1970 of each row (`Int64`); null where it has no time."""
    return prepared["@timestamp"].cast(TIME).cast(pl.Int64) // HOUR


def whole_hours(spans: Iterable[Span]) -> Iterable[int]:
    """Hours since 1970 that lie in a span as a whole. `spans`: [from, to] in milliseconds; no two of them touch."""
    for start, end in spans:
        # An hour that begins within the span and ends no later than the span does: the first rounded up, the last down.
        yield from range(-(-start // HOUR), end // HOUR)


def spans_of(stored: bytes) -> list[Span]:
    """What cannot be read was not covered."""
    try:
        return [(int(start), int(end)) for start, end in orjson.loads(stored)]
    except (TypeError, ValueError):
        return []


def _columns(prepared: pl.DataFrame) -> Callable[[str], pl.Series | None]:
    return lambda name: prepared[name] if name in prepared.columns else None
