"""Batches that commit together: small ones do not pay for files and a transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from agent.model import OWN_EVENT_TYPE, Batch, Cursor

MOST_ROWS = 4_096
"""Rows of a group: from some hundred on the transaction is no longer what a row costs."""
MOST_BATCHES = 16
"""Batches that are detected and stored together: with 64 a batch cost no less than with 16."""
MOST_HELD = 256
"""Batches of a stream that are held, which may be empty ones that only move the cursor."""


def fits(group: Sequence[Batch], batch: Batch) -> bool:
    """Whether a batch may commit with those that came before it. A large one commits by itself."""
    rows = sum(member.frame.height for member in group)
    return not group or (len(group) < MOST_BATCHES and rows + batch.frame.height <= MOST_ROWS)


def last_cursor(group: Sequence[Batch]) -> Cursor | None:
    """Where reading goes on behind a group; None where no batch of it says so."""
    return next((batch.cursor for batch in reversed(group) if batch.cursor is not None), None)


class StreamGroup:
    """Consecutive batches of a stream. What they hold is not committed yet: it comes again if the process ends."""

    def __init__(self) -> None:
        self._parts: list[list[Batch]] = []
        self._held = 0
        self._rows = 0

    @property
    def is_full(self) -> bool:
        return self._rows >= MOST_ROWS or self._held >= MOST_HELD or len(self._parts) >= MOST_BATCHES

    def add(self, batch: Batch) -> None:
        if self._parts and _are_joinable(self._parts[-1][-1], batch):
            self._parts[-1].append(batch)
        else:
            self._parts.append([batch])
        self._held += 1
        self._rows += batch.frame.height

    def batches(self) -> list[Batch]:
        """All of them in their order, those of one kind that follow each other as one."""
        return [_merged(part) for part in self._parts]


def _are_joinable(batch: Batch, following: Batch) -> bool:
    """Own events and rows of an input that can be fetched again stay by themselves, for these are looked up by their
    batch.
    """
    stays = any(b.event_type == OWN_EVENT_TYPE or b.again or b.row_numbers is not None for b in (batch, following))
    return not stays and _kind(batch) == _kind(following)


def _kind(batch: Batch) -> tuple[object, ...]:
    return batch.org, batch.source, batch.event_type, batch.input, batch.created


def _merged(part: Sequence[Batch]) -> Batch:
    """Batches of one kind as one; what a later one remembers or forgets counts."""
    if len(part) == 1:
        return part[0]
    frames = [batch.frame for batch in part if batch.frame.height]
    return replace(
        part[0],
        frame=pl.concat(frames, how="diagonal") if frames else part[0].frame,
        cursor=last_cursor(part),
        remember={key: value for batch in part for key, value in batch.remember.items()},
        rejections=[rejection for batch in part for rejection in batch.rejections],
        duplicates=sum(batch.duplicates for batch in part),
    )
