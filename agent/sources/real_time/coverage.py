"""For which spans of time an event was streamed without a gap.

Remembered under `covered/<event>` as a JSON list of [from, to] in milliseconds since 1970, and each gap under
`gap/<event>/<from>`: those who fill gaps, and who prefer streamed rows to those of log files, read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

MOST_SPANS = 200
KEPT = 10 * 86_400_000
"""Milliseconds: log files come up to three days late, and are read for a few days after that."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StreamGap:
    """What happened in this time may not have been streamed."""

    event: str
    begin: int
    end: int
    """Both in milliseconds since 1970."""

    @property
    def key(self) -> str:
        """What it is remembered under."""
        return f"gap/{self.event}/{self.begin}"

    @property
    def value(self) -> bytes:
        return orjson.dumps({"from": self.begin, "to": self.end, "filled": []})


class Coverage:
    """Of one event."""

    def __init__(self, event: str, stored: bytes | None) -> None:
        self.key = f"covered/{event}"
        self.is_remembered = stored is not None
        """Whether any of it is, or is about to be: a restart continues the span that is remembered."""
        self._spans = list(_spans(stored))
        self._is_open = bool(self._spans)
        """Whether the last span goes on: nothing is known to be missing behind it."""

    @property
    def spans(self) -> Sequence[Span]:
        """Ascending, apart from each other."""
        return self._spans

    @property
    def value(self) -> bytes:
        """To be remembered under `key`."""
        return orjson.dumps(self._spans)

    def begin(self, time: int) -> None:
        """A span begins, with a gap before it."""
        if self._spans and time <= self._spans[-1][1]:
            self._is_open = True
            return
        self._spans.append((time, time))
        self._is_open = True

    def reach(self, time: int) -> None:
        """All that happened up to now was handed over."""
        if not self._is_open:
            self.begin(time)
        begin, end = self._spans[-1]
        self._spans[-1] = (begin, max(end, time))
        oldest = self._spans[-1][1] - KEPT
        self._spans = [(max(begin, oldest), end) for begin, end in self._spans if end >= oldest][-MOST_SPANS:]


def _spans(stored: bytes | None) -> Iterator[Span]:
    """What cannot be read was not covered."""
    try:
        found = orjson.loads(stored or b"[]")
        yield from [(int(begin), int(end)) for begin, end in found]
    except (ValueError, TypeError):
        return
