"""Spans of time whose records are still to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.sources.salesforce.id_form import is_record_id

DIGITS = "0123456789abcdef"
"""With which the keys of big objects are written."""
LONGEST_KEY = 4
"""Digits of a key by which a moment is parted: more than 65,536 pages of one millisecond are nobody's."""
MOST = 64
"""Spans that are kept of an object: above it the oldest ones are joined, and what lies between is read again."""
SHORTEST = 1_000
"""Milliseconds: a span whose query takes too long is halved down to this."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to `end`, which is not in it; milliseconds since 1970."""

    start: int
    end: int
    prefix: str = ""
    """Of a single moment: only the records whose keys begin with these digits, or lie nearest to those that do."""
    after: str = ""
    """Of the first moment only the records whose ids are greater than this one; empty: all."""

    @classmethod
    def of(cls, value: Any) -> Span:
        """From what `told` gave. Raises ValueError and TypeError for anything else."""
        start, end, prefix, after = (*value, "", "")[:4]
        if not isinstance(prefix, str) or set(prefix) - set(DIGITS):
            raise ValueError("a key is not of hexadecimal digits")
        if after and not is_record_id(after):
            raise ValueError("an id is not a record's")
        return cls(int(start), int(end), prefix, after)

    def told(self) -> list[int | str]:
        """As JSON has it."""
        whole: list[int | str] = [self.start, self.end, self.prefix, self.after]
        return whole if self.prefix or self.after else whole[:2]

    @property
    def low(self) -> str:
        """The least key; empty: unbounded. `10` begins where `1` does: no key is left out, whatever it is made of."""
        return self.prefix.rstrip(DIGITS[0])

    @property
    def high(self) -> str:
        """The first key that is not in it; empty: unbounded. Behind `1f` follows `2`."""
        cut = self.prefix.rstrip(DIGITS[-1])
        return cut[:-1] + DIGITS[DIGITS.index(cut[-1]) + 1] if cut else ""

    def halves(self) -> list[Span]:
        """Two, or none where it is short already."""
        if self.end - self.start < 2 * SHORTEST:
            return []
        middle = (self.start + self.end) // 2
        return [replace(self, end=middle), replace(self, start=middle, after="")]

    def parts(self) -> list[Span]:
        """A moment in sixteen parts, by the next digit of the records' keys; none where it cannot be parted any more."""
        if len(self.prefix) >= LONGEST_KEY:
            return []
        return [replace(self, prefix=self.prefix + digit) for digit in DIGITS]


def bounded(spans: Iterable[Span]) -> list[Span]:
    """In order, at most `MOST`: none is left out."""
    ordered = sorted(spans)
    extra = len(ordered) - MOST
    if extra <= 0:
        return ordered
    oldest, rest = ordered[: extra + 1], ordered[extra + 1 :]
    return [Span(oldest[0].start, max(span.end for span in oldest)), *rest]


def milliseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(milliseconds=1)


def moment(time: int) -> datetime:
    """The way back."""
    return _EPOCH + timedelta(milliseconds=time)


def read_time(value: object) -> int | None:
    """Milliseconds of a date-time as REST writes it (`2026-11-26T10:00:00.000+0000`); None for what is not one."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        return milliseconds(time) if time is not None and time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def shown(spans: Iterable[Span]) -> Iterator[str]:
    """For people."""
    for span in spans:
        yield f"{moment(span.start):%Y-%m-%d %H:%M:%S} to {moment(span.end):%Y-%m-%d %H:%M:%S} UTC"
