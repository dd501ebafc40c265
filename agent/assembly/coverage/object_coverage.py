"""Which rows of an org's log files its event log objects have told of: by how far the source `event_log_object` has read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from agent.assembly.coverage.stream_coverage import HOUR, Span, hours_of, whole_hours
from agent.detection.covered_rows import CoveredRows
from agent.errors import SourceError
from agent.model import Batch, Cursor
from agent.normalize.mapping.event_log_objects import objects_of
from agent.sources.object_query.object_pass import SINCE
from agent.sources.object_query.position import ObjectPosition, QueryPosition

SETTLED = HOUR
"""Records may become visible late: the newest hour before the last poll is not counted on. Log files come later anyway."""
LONGEST = 10 * 24 * HOUR
"""Milliseconds before the last poll: no log file is older when it comes."""


class ObjectCoverage:
    """Of one org. For one thread at a time: whoever detects its batches."""

    def __init__(self, recall: Callable[[str], bytes | None], cursor: Callable[[], str | None]) -> None:
        """What the org's source `event_log_object` asked to remember, and its cursor; both as they are committed."""
        self._recall = recall
        self._cursor = cursor
        self._known: tuple[str, QueryPosition] | None = None

    def rows(self, batch: Batch, prepared: pl.DataFrame) -> CoveredRows | None:
        """The rows of a batch that are covered; None where it is no log file of which the objects tell anything."""
        names = objects_of(batch.event_type) if batch.source == "event_log_file" and prepared.height else ()
        if not names or "@timestamp" not in prepared.columns:
            return None
        hours = hours_of(prepared)
        found: dict[str, pl.Series] = {}
        for name in names:
            covered = frozenset(whole_hours(self.spans(name)))
            reached = sorted(covered.intersection(hours.unique().to_list()))
            if reached:
                found[name] = hours.is_in(reached).fill_null(value=False)
        return CoveredRows(batch.event_type, found) if found else None

    def spans(self, name: str) -> Sequence[Span]:
        """For which times an object was read as a whole."""
        read, since = self._position().objects.get(name), self._recall(SINCE + name)
        if read is None or since is None or not since.isdigit():
            return ()
        return list(_without(read, max(int(since), read.high - LONGEST)))

    def _position(self) -> QueryPosition:
        text = self._cursor() or ""
        if self._known is None or self._known[0] != text:
            try:
                self._known = text, QueryPosition.of(Cursor(text) if text else None)
            except SourceError:  # the source itself says so
                self._known = text, QueryPosition()
        return self._known[1]


def _without(read: ObjectPosition, begin: int) -> Iterator[Span]:
    """What lies between the spans that are still to be read."""
    end = read.high - SETTLED
    for span in sorted(read.unread):
        if begin < min(span.start, end):
            yield begin, min(span.start, end)
        begin = max(begin, span.end)
    if begin < end:
        yield begin, end
