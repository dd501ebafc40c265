"""Things that begin on some day and end within weeks: drawn day by day, so that any day can be made alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Protocol, TypeVar

from agent.simulator.world.sessions import day_of, midnight

LONGEST = 21
"""Days after which whatever ends has ended."""


class Lifespan(Protocol):
    """`start`, `end`: milliseconds since 1970; `end` None: it stays."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int | None: ...


_Span = TypeVar("_Span", bound=Lifespan)


def alive_at(begin: int, drawn: Callable[[date], Iterable[_Span]]) -> Iterator[_Span]:
    """What began in the weeks before `begin` and has not ended by then."""
    for day in _weeks_to(day_of(begin)):
        yield from (span for span in drawn(day) if span.start < begin and (span.end is None or span.end >= begin))


def going_on(day: date, drawn: Callable[[date], Iterable[_Span]]) -> Iterator[_Span]:
    """What has begun in the last weeks and has not ended before this UTC day."""
    first = midnight(day)
    for earlier in _weeks_to(day):
        yield from (span for span in drawn(earlier) if span.end is None or span.end >= first)


def _weeks_to(day: date) -> Iterator[date]:
    """The days of the last `LONGEST`, this one last."""
    yield from (day - timedelta(days=back) for back in range(LONGEST, -1, -1))
