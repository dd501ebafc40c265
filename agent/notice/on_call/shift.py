"""A span of time in which somebody is on call, and the arithmetic of spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Span = tuple[datetime, datetime]
"""The first instant, and the first one after it."""

Source = Literal["rotation", "override", "calendar"]


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """Times are instants in UTC; `ends` is the first that does not belong to it."""

    begins: datetime
    ends: datetime
    person: str
    """By the name in the settings."""
    rotation: str = ""
    """Of which rotation; empty for one beside all rotations."""
    source: Source = "rotation"

    def holds(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch or overlap as one; none is empty."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if ends <= begins:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ends)
        else:
            found.append((begins, ends))
    return found


def without(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span. `taken`: as `merged` gives them."""
    begins, last = span
    for first, end in taken:
        if end <= begins:
            continue
        if first >= last:
            break
        if first > begins:
            yield begins, first
        begins = end
    if begins < last:
        yield begins, last
