"""Batches of a stream that commit together: a stream of single events does not pay for a transaction each."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from agent.model import OWN_EVENT_TYPE, Batch

MOST_ROWS = 4_096
"""Rows of a group: from some hundred on the transaction is no longer what a row costs."""
MOST_BATCHES = 256
"""Batches of a group, which may be empty ones that only move the cursor."""


class BatchGroup:
    """Consecutive batches of one kind. What they hold is not committed yet: it comes again if the process ends."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self._rows = 0

    def __bool__(self) -> bool:
        return bool(self._batches)

    @property
    def is_full(self) -> bool:
        return self._rows >= MOST_ROWS or len(self._batches) >= MOST_BATCHES

    def admits(self, batch: Batch) -> bool:
        """Whether the batch may join. Own events and rows of an input that can be fetched again stay by themselves, for
        these are looked up by their batch.
        """
        return not self._batches or (_kind(batch) == _kind(self._batches[-1]) and _is_joinable(batch))

    def add(self, batch: Batch) -> None:
        self._batches.append(batch)
        self._rows += batch.frame.height

    def merged(self) -> Batch:
        """All of them as one batch, in their order; what a later one remembers or forgets counts."""
        first, *later = self._batches
        if not later:
            return first
        cursors = [batch.cursor for batch in self._batches if batch.cursor is not None]
        frames = [batch.frame for batch in self._batches if batch.frame.height]
        return replace(
            first,
            frame=pl.concat(frames, how="diagonal") if frames else first.frame,
            cursor=cursors[-1] if cursors else None,
            remember={key: value for batch in self._batches for key, value in batch.remember.items()},
            rejections=[rejection for batch in self._batches for rejection in batch.rejections],
            duplicates=sum(batch.duplicates for batch in self._batches),
        )


def _kind(batch: Batch) -> tuple[object, ...]:
    return batch.org, batch.source, batch.event_type, batch.input, batch.created, _is_joinable(batch)


def _is_joinable(batch: Batch) -> bool:
    return batch.event_type != OWN_EVENT_TYPE and not batch.again and batch.row_numbers is None
