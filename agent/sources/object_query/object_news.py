"""What there is to tell of single objects: told when it begins and when it ends, and remembered in between."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import replace

from agent.model import Batch
from agent.source import Recall
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import ReadingEvents
from agent.sources.object_query.span import Span

TOLD = "told/"
"""Under which is remembered why an object is not read."""
_NUMBERS = re.compile(r"\d+")
"""An org's refusal quotes the query, whose times are others in each poll: other numbers are no other reason."""


class ObjectNews(ABC):
    """Of one pass. `recall`: what earlier batches asked to remember; `events`: how it is told."""

    def __init__(self, recall: Recall, events: ReadingEvents) -> None:
        self._recall = recall
        self._events = events

    def not_read(self, name: str, reason: str) -> Generator[Batch]:
        yield from self._begun(TOLD + name, _NUMBERS.sub("0", reason), lambda: self._events.not_read(name, reason))

    def is_read(self, name: str) -> Generator[Batch]:
        """It is read, or need not be any more."""
        yield from self._over(TOLD + name, lambda: self._events.read_again(name))

    def only(self, names: Collection[str]) -> Generator[Batch]:
        """No others are to be read now."""
        for name in [key.removeprefix(TOLD) for key in self._recall.keys(TOLD)]:
            if name not in names:
                yield from self.is_read(name)

    @abstractmethod
    def described(self, read: ReadObject, fields: Mapping[str, str]) -> Generator[Batch]:
        """It is about to be read; `fields`: those of it that can be seen, name to type."""

    def gap(self, name: str, span: Span, reason: str) -> Batch:
        return self._events.gap(name, span, reason)

    def _begun(self, key: str, what: str, tell: Callable[[], Batch]) -> Generator[Batch]:
        """Unless the very same was told and is not over. `key`: under which it is remembered."""
        if self._recall(key) != what.encode():
            yield replace(tell(), remember={key: what.encode()})

    def _over(self, key: str, tell: Callable[[], Batch]) -> Generator[Batch]:
        """Where it had been told."""
        if self._recall(key) is not None:
            yield replace(tell(), remember={key: None})
