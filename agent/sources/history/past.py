"""What can be read of a source's past, and what live collection has of it: the seam between a backfill and a source's engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from agent.model import Batch, Cursor
from agent.source import Recall
from agent.sources.object_query.span import Span
from agent.status.backfill import FeedCost

DAY = 86_400_000
"""Milliseconds."""
NEVER = 1 << 52
"""When the first row is of an object that has none."""
NOWHERE: Mapping[str, int] = {}


class Past(Protocol):
    """Of one source of the settings. For one thread at a time."""

    name: str
    """What its source is called without the org: `event_log_file`, `object/Invoice__c`."""

    def cost(self, span: Span) -> Iterator[FeedCost]:
        """What reading a span takes, object by object, without what is read already; asks the org. Raises SourceError."""
        ...

    def read(self, span: Span, after: Cursor | None, begins: Mapping[str, int] = NOWHERE) -> Generator[Batch]:
        """What is not read yet in a span of a day at most, behind `after`: a cursor of a batch of this very span, None at its
        begin. Its last batch remembers what is read.

        `begins`: by the name of an object, when the first of its rows is, in milliseconds since 1970: nothing is asked of
        what lies before.

        As `agent.source.PolledSource.read`, with what it asks to remember. Rows that live collection has, or will read, are
        left out, or are taken once by their ids. Raises SourceError, also where a single object cannot be read now.
        """
        ...

    def begin_live(self) -> Batch | None:
        """What makes live collection of log files, or of single objects, begin at one moment where it never did, so that it is
        known where the past ends: a batch of the live source; None where there is nothing to do. One with a cursor is
        to be committed only while nobody reads the live source.
        """
        ...


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What a live source has noted."""

    cursor: Callable[[], Cursor | None]
    recall: Recall


class PrefixedRecall:
    """The part of a memory whose keys begin with a prefix (`agent.source.Recall`)."""

    def __init__(self, recall: Recall, prefix: str) -> None:
        self._recall = recall
        self._prefix = prefix

    def __call__(self, key: str) -> bytes | None:
        return self._recall(self._prefix + key)

    def keys(self, prefix: str) -> Iterator[str]:
        """See `Recall`."""
        return (key.removeprefix(self._prefix) for key in self._recall.keys(self._prefix + prefix))


def days(span: Span) -> list[Span]:
    """A span cut at midnights (UTC)."""
    cuts = [span.start, *range((span.start // DAY + 1) * DAY, span.end, DAY), span.end]
    return [Span(begin, end) for begin, end in pairwise(cuts) if begin < end]
