"""How far objects have been read: the cursor's text.

JSON `{"version", "events": {name: [high, looked, [span, …]]}, "gaps": {key: [span, …]}}`, times in milliseconds. Of each object
(of stored events: of each event) everything up to `high` was read but the spans, and rows that became visible late were
looked for up to `looked`; of each gap of a stream the spans are still to be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from agent.errors import SourceError
from agent.model import Cursor
from agent.sources.object_query.span import Span, bounded

VERSION = 1


@dataclass(frozen=True, slots=True)
class ObjectPosition:
    """Of one object."""

    high: int
    looked: int
    """When there was time to look back; until the next time late rows may have come for all that followed."""
    unread: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class QueryPosition:
    """Of all objects and gaps."""

    objects: Mapping[str, ObjectPosition] = field(default_factory=dict)
    gaps: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    """By the key under which the stream remembers the gap; one without spans is done."""

    @classmethod
    def of(cls, cursor: Cursor | None) -> QueryPosition:
        """Raises SourceError for a text of another version."""
        if cursor is None:
            return cls()
        try:
            document = orjson.loads(cursor)
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']}")
            objects = {
                name: ObjectPosition(int(high), int(looked), [Span.of(span) for span in spans])
                for name, (high, looked, spans) in document["events"].items()
            }
            gaps = {key: [Span.of(span) for span in spans] for key, spans in document["gaps"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                f"the cursor of objects that are queried cannot be read ({error})",
                hint="a newer Leakline may have written it: run that one",
            ) from error
        return cls(objects, gaps)

    @property
    def cursor(self) -> Cursor:
        objects = {
            name: [known.high, known.looked, [span.told() for span in known.unread]]
            for name, known in self.objects.items()
        }
        gaps = {key: [span.told() for span in spans] for key, spans in self.gaps.items()}
        return Cursor(orjson.dumps({"version": VERSION, "events": objects, "gaps": gaps}).decode())

    def read(self, name: str, position: ObjectPosition) -> QueryPosition:
        kept = replace(position, unread=bounded(position.unread))
        return replace(self, objects={**self.objects, name: kept})

    def filled(self, gap: str, unread: Sequence[Span]) -> QueryPosition:
        return replace(self, gaps={**self.gaps, gap: bounded(unread)})

    def keeping(self, gaps: Sequence[str]) -> QueryPosition:
        """Without gaps that the stream has forgotten."""
        return replace(self, gaps={key: spans for key, spans in self.gaps.items() if key in gaps})
