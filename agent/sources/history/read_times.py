"""What of each object's past is read, so that a second backfill of the same time leaves it out.

It is noted object by object: one that could not be read on a day, or that live collection had not begun to read, is read by the
next backfill of that day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from agent.source import Recall
from agent.sources.object_query.span import Span, milliseconds

DONE = "done/"
"""Under which it is remembered: `done/<object>`, JSON, a list of [from, to] in milliseconds since 1970."""


class ReadTimes:
    """Of one past. `settles`: for how long after something happened a row about it may appear."""

    def __init__(self, recall: Recall, settles: timedelta) -> None:
        self._recall = recall
        self._settles = settles

    def left(self, name: str, span: Span) -> list[Span]:
        """What of a span is still to be read of an object."""
        return without(span, self._known(name))

    def remember(self, read: Mapping[str, Span], now: datetime) -> dict[str, bytes | None]:
        """What to remember when these spans are read: all but what is so young that rows about it may still appear."""
        settled = milliseconds(now - self._settles)
        found: dict[str, bytes | None] = {}
        for name, span in read.items():
            known, whole = self._known(name), replace(span, end=min(span.end, settled))
            if whole.start < whole.end and without(whole, known):
                found[DONE + name] = joined(known, whole)
        return found

    def _known(self, name: str) -> list[Span]:
        return spans_of(self._recall(DONE + name))


def spans_of(stored: bytes | None) -> list[Span]:
    """What is remembered under `DONE`; nothing for what cannot be read, which is then read again."""
    try:
        return [Span(int(start), int(end)) for start, end in orjson.loads(stored or b"[]")]
    except (ValueError, TypeError):
        return []


def joined(spans: Sequence[Span], added: Span) -> bytes:
    """With one more, those that touch as one."""
    found: list[list[int]] = []
    for span in sorted([*spans, added]):
        if found and span.start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], span.end)
        else:
            found.append([span.start, span.end])
    return orjson.dumps(found)


def without(span: Span, done: Sequence[Span]) -> list[Span]:
    """What of a span is in none of those that are done."""
    left, begin = [], span.start
    for known in sorted(done):
        if known.end <= begin or known.start >= span.end:
            continue
        if begin < known.start:
            left.append(Span(begin, known.start))
        begin = max(begin, known.end)
    if begin < span.end:
        left.append(Span(begin, span.end))
    return left
