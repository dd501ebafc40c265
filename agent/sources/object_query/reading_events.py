"""What a source tells of what it reads of the org, as events of Leakline's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from agent.model import Batch
from agent.own_event import own_event
from agent.sources.object_query.span import Span, moment, shown

Fields = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class TellingWords:
    """How a source tells. Actions: `<prefix>-not-read` and its end `<prefix>-read`; `<prefix>-gap`."""

    prefix: str
    fields: tuple[str, str, str]
    """What the events' fields are called: for the name of what is read, the beginning of a gap and its end."""
    things: str
    """What is read: `events`."""
    place: str = ""
    """From where it is read, in words that follow upon `read`."""


class ReadingEvents:
    """Of one pass. `org`: the organisation's id; `source`: the source's name; `now`: when the pass began."""

    def __init__(self, words: TellingWords, org: str, source: str, now: datetime) -> None:
        self._words = words
        self._org = org
        self._source = source
        self._now = now

    def tell(
        self, action: str, name: str, message: str, *, failure: bool = False, fields: Fields | None = None, of: str = ""
    ) -> Batch:
        """`name`: what it is about, by which the problem is known that it opens or ends; `of` where there may be several."""
        fields = {"event.provider": self._source, self._words.fields[0]: name, **(fields or {})}
        told = own_event(self._org, action, message, self._now, failure=failure, fields=fields)
        return replace(told, input=f"{self._source} {name} {of}".rstrip())

    def not_read(self, name: str, reason: str) -> Batch:
        """Others are read on."""
        message = f"{name} is not read{self._words.place}: {reason}"
        return self.tell(f"{self._words.prefix}-not-read", name, message, failure=True)

    def read_again(self, name: str) -> Batch:
        return self.tell(f"{self._words.prefix}-read", name, f"{name} is read{self._words.place} again")

    def gap(self, name: str, span: Span, reason: str) -> Batch:
        """Rules can alert on it: `leakline.gap_hours` is how much is missing."""
        (between,) = shown([span])
        message = f"{self._words.things} of {name} from {between} are missing: {reason}"
        fields = {**self.bounds(span), "leakline.gap_hours": max(1, round((span.end - span.start) / 3_600_000))}
        return self.tell(f"{self._words.prefix}-gap", name, message, failure=True, fields=fields, of=str(span.start))

    def bounds(self, span: Span) -> Fields:
        _, start, end = self._words.fields
        return {start: moment(span.start).isoformat(), end: moment(span.end).isoformat()}
