"""What the source of stored events tells of itself.

Actions: `event-not-read` and its end `event-read`; `event-unnamed` (its EventIdentifier is hidden) and its end
`event-named`; `event-gap` (what a stream missed and storage does not have), `event-gap-filled`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from agent.model import Batch
from agent.sources.object_query.object_news import ObjectNews
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import TellingWords
from agent.sources.object_query.span import Span, shown

WORDS = TellingWords(
    "event",
    (
        "salesforce.real_time_event.name",
        "salesforce.real_time_event.gap_start",
        "salesforce.real_time_event.gap_end",
    ),
    "events",
    " from storage",
)
UNNAMED = "unnamed/"
"""Under which is remembered that an event's identifier is hidden."""

MOST_GAPS = 40
"""That one event tells of: as many as there are real-time events, and a few."""


@dataclass(frozen=True, slots=True)
class UnfilledGap:
    """What a stream missed of an event and storage does not have. `key`: under which the stream remembers it."""

    key: str
    event: str
    span: Span
    reason: str


class StoredNews(ObjectNews):
    """Of one pass."""

    def described(self, read: ReadObject, fields: Mapping[str, str]) -> Generator[Batch]:
        """Whether its identifier can be seen; without it rows have ids that are made of their cells."""
        event, key = read.name, read.queried.key
        if key in fields:
            message = f"{event} has its identifier again"
            yield from self._over(UNNAMED + event, lambda: self._events.tell("event-named", event, message))
        else:
            message = (
                f"{event} is read without {key}, which is hidden from the user: if it is streamed too, it is sent twice"
            )
            yield from self._begun(
                UNNAMED + event, "1", lambda: self._events.tell("event-unnamed", event, message, failure=True)
            )

    def gap_filled(self, event: str, span: Span) -> Batch:
        (between,) = shown([span])
        message = f"what the stream of {event} missed from {between} was read from storage"
        return self._events.tell(
            "event-gap-filled", event, message, fields=self._events.bounds(span), of=str(span.start)
        )

    def gaps(self, gaps: Sequence[UnfilledGap]) -> Generator[tuple[Sequence[UnfilledGap], Batch]]:
        """The events that tell of them, each with those of which it tells."""
        for begin in range(0, len(gaps), MOST_GAPS):
            part = gaps[begin : begin + MOST_GAPS]
            if len(part) == 1:
                yield part, self.gap(part[0].event, part[0].span, part[0].reason)
            else:
                yield part, self._several(part)

    def _several(self, gaps: Sequence[UnfilledGap]) -> Batch:
        """As after an outage. The fields have all names and the outer bounds."""
        each = "; ".join(f"{gap.event} from {next(shown([gap.span]))} ({gap.reason})" for gap in gaps)
        outer = Span(min(gap.span.start for gap in gaps), max(gap.span.end for gap in gaps))
        hours = max(max(1, round((gap.span.end - gap.span.start) / 3_600_000)) for gap in gaps)
        names = ", ".join(dict.fromkeys(gap.event for gap in gaps))
        return self._events.tell(
            "event-gap",
            names,
            f"events are missing: {each}",
            failure=True,
            fields={**self._events.bounds(outer), "leakline.gap_hours": hours},
            of=f"{len(gaps)} gaps {outer.start}",
        )
