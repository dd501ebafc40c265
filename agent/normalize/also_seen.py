"""`leakline.also_seen_in` (`List(String)`): the kinds of rows in which an org's other feed tells of the same kind of happening.

In a row of a log file these are the real-time events, by the names that stand in `event.provider` of their rows, and the event
log objects; in rows of these the types of log files. They are where to look for more about it, not what was found there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from agent.columns.array_fields import lists_of
from agent.columns.distinct import only_where
from agent.model import Batch
from agent.normalize.mapping.row_condition import RowCondition

ALSO_SEEN_IN = "leakline.also_seen_in"

Kinds = Sequence[tuple[RowCondition, Sequence[str]]]
"""Names of kinds of rows, each with the condition in which rows of the batch have them."""


class OtherFeed:
    """What an org's other feed calls the happenings of a batch."""

    def __init__(self, kinds: Callable[[str, str], Kinds]) -> None:
        """`kinds`: service and event type of a batch to what stands in its rows."""
        self._kinds = kinds

    def add(self, prepared: pl.DataFrame, batch: Batch) -> pl.DataFrame:
        """`prepared` with the column; without it where no row has anything there."""
        height = prepared.height
        kinds = self._kinds(batch.source, batch.event_type) if height else ()
        columns = [
            only_where(pl.Series([name]).new_from_index(0, height), rows)
            for rows, names in ((_rows(condition, prepared), names) for condition, names in kinds)
            if rows.any()
            for name in names
        ]
        return prepared.hstack([lists_of(columns).alias(ALSO_SEEN_IN)]) if columns else prepared


def _rows(condition: RowCondition, prepared: pl.DataFrame) -> pl.Series:
    return condition.holds(lambda name: prepared[name] if name in prepared.columns else None, prepared.height)
