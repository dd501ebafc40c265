"""For which times the feeds of an org have told everything: by how far its sources have read, as it is committed."""

from __future__ import annotations

from collections.abc import Iterator

from agent.assembly.coverage.object_coverage import ObjectCoverage
from agent.assembly.coverage.stream_coverage import COVERED, Span, spans_of
from agent.assembly.org_feeds import STORED, STREAM
from agent.sources.source_name import source_name
from agent.store import keys
from agent.store.state import State, StateRecall

TRAIL, GRANTS = "SetupAuditTrail", "PermissionSetEvent"
"""Who tell changes of permission sets."""


class ToldSpans:
    """Of one org, by its name in the settings."""

    def __init__(self, state: State, org: str) -> None:
        self._state = state
        self._org = org

    def __call__(self, feed: str) -> list[Span]:
        """Milliseconds since 1970; spans of several sources may overlap."""
        return list(self._trail() if feed == TRAIL else self._events(feed))

    def _trail(self) -> Iterator[Span]:
        yield from self._read(source_name(self._org, "setup_audit_trail"), TRAIL)

    def _events(self, event: str) -> Iterator[Span]:
        stream = StateRecall(self._state, keys.MEMORY.key(source_name(self._org, STREAM), ""))
        yield from spans_of(stream(COVERED + event) or b"[]")
        yield from self._read(source_name(self._org, STORED), event)

    def _read(self, source: str, name: str) -> Iterator[Span]:
        memory = StateRecall(self._state, keys.MEMORY.key(source, ""))
        yield from ObjectCoverage(memory, lambda: self._state.text(keys.CURSOR.key(source))).spans(name)
