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
MOST_KINDS = 64
"""Kinds of rows of a stream that commit together: all channels of an org, of which there are about 30."""
COMPANY_SECONDS = 0.2
"""How long a batch of a stream waits for company at most, while its source is never idle."""


def fits(group: Sequence[Batch], batch: Batch) -> bool:
    """Whether a batch may commit with those that came before it. A large one commits by itself."""
    rows = sum(member.frame.height for member in group)
    return not group or (len(group) < MOST_BATCHES and rows + batch.frame.height <= MOST_ROWS)


def is_large(batch: Batch) -> bool:
    """Whether no two such batches commit together, so that nothing is lost when they come one by one."""
    return 2 * batch.frame.height > MOST_ROWS


def last_cursor(group: Sequence[Batch]) -> Cursor | None:
    """Where reading goes on behind a group; None where no batch of it says so."""
    return next((batch.cursor for batch in reversed(group) if batch.cursor is not None), None)


class StreamGroup:
    """Batches of a stream that wait for each other. What they hold is not committed yet: it comes again if the process ends.

    They wait in two forms. Together, in one transaction, all batches of one kind are one, whatever came between them: a
    source of twenty topics hands over a few rows of each in turn. By themselves, as they are taken after a fault, only
    neighbours are one: each commits its own cursor there, which must not be ahead of rows that came before it.
    """

    def __init__(self, began: float = 0.0) -> None:
        """`began`: when the first batch came, in seconds of a clock that does not jump."""
        self.began = began
        self._batches: list[Batch] = []
        self._kinds: set[tuple[object, ...]] = set()
        self._rows = 0

    @property
    def is_full(self) -> bool:
        return self._rows >= MOST_ROWS or len(self._batches) >= MOST_HELD or len(self._kinds) >= MOST_KINDS

    @property
    def is_empty(self) -> bool:
        return not self._batches

    def add(self, batch: Batch) -> None:
        number = len(self._batches)
        self._kinds.add(_kind(batch) if _is_joinable(batch) else (number,))
        self._batches.append(batch)
        self._rows += batch.frame.height

    def together(self) -> list[Batch]:
        """Those of one kind as one, in the order of their first ones; for one transaction.

        The last of them says where reading goes on and all that is to be remembered, as the others did in their order.
        """
        parts: dict[tuple[object, ...], list[Batch]] = {}
        for number, batch in enumerate(self._batches):
            parts.setdefault(_kind(batch) if _is_joinable(batch) else (number,), []).append(batch)
        merged = [replace(_merged(part), cursor=None, remember={}) for part in parts.values()]
        if merged:
            merged[-1] = replace(merged[-1], cursor=last_cursor(self._batches), remember=_remembered(self._batches))
        return merged

    def in_order(self) -> list[Batch]:
        """Those of one kind that follow each other as one, each with its own cursor."""
        parts: list[list[Batch]] = []
        for batch in self._batches:
            if parts and _are_joinable(parts[-1][-1], batch):
                parts[-1].append(batch)
            else:
                parts.append([batch])
        return [_merged(part) for part in parts]


def _is_joinable(batch: Batch) -> bool:
    """Own events and rows of an input that can be fetched again stay by themselves, for these are looked up by their
    batch.
    """
    return not (batch.event_type == OWN_EVENT_TYPE or batch.again or batch.row_numbers is not None)


def _are_joinable(batch: Batch, following: Batch) -> bool:
    return _is_joinable(batch) and _is_joinable(following) and _kind(batch) == _kind(following)


def _kind(batch: Batch) -> tuple[object, ...]:
    return (
        batch.org,
        batch.source,
        batch.event_type,
        batch.input,
        batch.created,
        batch.usual_lag,
        batch.once,
        tuple(batch.time_flags),
        batch.count,
    )


def _merged(part: Sequence[Batch]) -> Batch:
    """Batches of one kind as one."""
    if len(part) == 1:
        return part[0]
    frames = [batch.frame for batch in part if batch.frame.height]
    return replace(
        part[0],
        frame=pl.concat(frames, how="diagonal") if frames else part[0].frame,
        cursor=last_cursor(part),
        remember=_remembered(part),
        rejections=[rejection for batch in part for rejection in batch.rejections],
        duplicates=sum(batch.duplicates for batch in part),
    )


def _remembered(batches: Sequence[Batch]) -> dict[str, bytes | None]:
    """What a later one remembers or forgets counts."""
    return {key: value for batch in batches for key, value in batch.remember.items()}
