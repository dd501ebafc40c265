"""What the source of streamed events remembers of itself: what it covered, and where it has gaps.

Keys of its memory: `covered/<event>`, a JSON list of `[from, to]`, and `gap/<event>/<from>`, JSON `{"from", "to"}`; all times
in milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from agent.source import Recall
from agent.sources.object_query.span import Span

STREAMED_FOR = 15 * 60_000
"""So long after its stream covered it last an event counts as streamed, in milliseconds: a stream notes it at each
keep-alive, which comes within 270 seconds.
"""
MOST_GAPS = 500


@dataclass(frozen=True, slots=True)
class MissedSpan:
    """A span of an event that the stream missed. `key`: under which it is remembered."""

    key: str
    event: str
    span: Span


class StreamRecord:
    """Of one org. `recall`: the memory of its source of streamed events; None where the settings name none."""

    def __init__(self, recall: Recall | None, chosen: Callable[[str], bool] = lambda _: True) -> None:
        """`chosen`: whether that source is to read an event of this name."""
        self._recall = recall
        self._chosen = chosen

    def covered_to(self, event: str) -> int | None:
        """When the stream last covered an event; None where it never did."""
        return max((span[1] for span in self._covered(event)), default=None)

    def covered_from(self, event: str) -> int | None:
        """Since when the stream covers an event, as far as it remembers; None where it never did."""
        return min((span[0] for span in self._covered(event)), default=None)

    def streams(self, event: str, now: int) -> bool:
        """Whether the event comes by its stream."""
        covered_to = self.covered_to(event)
        return covered_to is not None and covered_to >= now - STREAMED_FOR

    def _covered(self, event: str) -> list[tuple[int, int]]:
        """What cannot be read was not covered."""
        if self._recall is None or not self._chosen(event):
            return []
        try:
            return [(int(span[0]), int(span[1])) for span in orjson.loads(self._recall(f"covered/{event}") or b"[]")]
        except (ValueError, TypeError, KeyError, IndexError):
            return []

    def gaps(self) -> Iterator[MissedSpan]:
        """Those that the stream remembers."""
        if self._recall is None:
            return
        for key in list(self._recall.keys("gap/"))[:MOST_GAPS]:
            try:
                event = key.split("/")[1]
                document = orjson.loads(self._recall(key) or b"{}")
                span = Span(int(document["from"]), int(document["to"]))
            except (ValueError, TypeError, KeyError, IndexError):
                continue
            if span.start < span.end:
                yield MissedSpan(key, event, span)
