"""Actions of the setup audit trail that nobody described are told once for an org."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime

import polars as pl

from agent.assembly.sources import with_unknown_actions
from agent.model import OWN_EVENT_TYPE, Batch, Cursor
from agent.normalize.audit_trail.setup_action import is_known
from agent.sources.objects.settings import LoginHistorySettings, SetupAuditTrailSettings
from agent.sources.objects.unknown_actions import MOST_NAMED, MOST_REMEMBERED, REMEMBERED, UnknownActions
from tests.sources.reader import RecalledKeys

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Trail:
    """A source that has these actions in its batches, and says whether it was closed."""

    name = "acme/setup_audit_trail"

    def __init__(self, *actions: Sequence[str | None]) -> None:
        self._actions = actions
        self.is_closed = False

    def read(self, after: Cursor | None) -> Generator[Batch]:
        try:
            for number, actions in enumerate(self._actions):
                frame = pl.DataFrame({"Action": actions}, schema={"Action": pl.String})
                yield Batch("00D", "setup_audit_trail", "SetupAuditTrail", frame, Cursor(str(number)))
        finally:
            self.is_closed = True


def polled(memory: RecalledKeys, trail: Trail) -> list[Batch]:
    """One pass; each batch is committed."""
    batches = []
    for batch in UnknownActions(trail, is_known, now=lambda: NOW, recall=memory).read(None):
        memory.apply(batch.remember)
        batches.append(batch)
    return batches


def told(batches: list[Batch]) -> list[str]:
    own = [batch.frame for batch in batches if batch.event_type == OWN_EVENT_TYPE]
    return [frame["leakline.setup.actions"][0] for frame in own]


def test_an_unknown_action_is_told_once() -> None:
    """Ahead of its row, in whatever capitals it comes again; known ones are not told."""
    memory = RecalledKeys()
    batches = polled(memory, Trail(["createdUser", "newThing", None], ["NEWTHING", "otherThing"]))
    assert told(batches) == ["newThing", "otherThing"]
    assert [batch.event_type == OWN_EVENT_TYPE for batch in batches] == [True, False, True, False]
    assert [batch.cursor for batch in batches if batch.cursor is not None] == ["0", "1"]
    assert told(polled(memory, Trail(["newThing"], ["otherthing"]))) == []


def test_many_unknown_actions_are_told_in_pieces() -> None:
    """One event for the rows of a batch, of a bounded length; the rest comes with the next rows."""
    memory, names = RecalledKeys(), [f"thing{number:03}" for number in range(MOST_NAMED + 5)]
    first, second = told(polled(memory, Trail(names, names)))
    assert (len(first.split(", ")), len(second.split(", "))) == (MOST_NAMED, 5)


def test_what_is_remembered_is_bounded() -> None:
    """An org that makes up names does not fill the state."""
    memory = RecalledKeys({f"{REMEMBERED}thing{number}": b"1" for number in range(MOST_REMEMBERED)})
    assert told(polled(memory, Trail(["newThing"]))) == []


def test_closing_closes_the_trail() -> None:
    """On a stop the source is closed where it stands."""
    trail = Trail(["createduser"], ["createduser"])
    reading = UnknownActions(trail, is_known, now=lambda: NOW, recall=RecalledKeys()).read(None)
    next(reading)
    reading.close()
    assert trail.is_closed


class GivenMemory:
    """What sources remembered (`agent.assembly.sources.SourceMemory`)."""

    def __init__(self, memory: RecalledKeys) -> None:
        self._memory = memory

    def recall(self, source: str) -> RecalledKeys:
        assert source == Trail.name
        return self._memory


def test_only_the_trail_is_looked_through() -> None:
    """Other sources are as they were."""
    trail, memory = Trail(["newThing"]), GivenMemory(RecalledKeys())
    audit = with_unknown_actions(trail, SetupAuditTrailSettings(type="setup_audit_trail"), memory, lambda: NOW)
    assert isinstance(audit, UnknownActions)
    assert told(list(audit.read(None))) == ["newThing"]
    logins = with_unknown_actions(trail, LoginHistorySettings(type="login_history"), memory, lambda: NOW)
    assert logins is trail
