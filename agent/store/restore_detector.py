"""Noticing that the whole state is older than what a destination holds: a restored backup, or a second Leakline.

Everything in the state directory goes back together then, so only the other side knows better. A file destination's
folder holds a marker with the position that was last committed; a destination that knows ids says how many of the rows
it had already. HEC and syslog say nothing, and there it cannot be noticed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import orjson
import structlog

from agent.model import Lane
from agent.store import keys
from agent.store.problems import Problems
from agent.store.spool import Position
from agent.store.state import State
from agent.wording.number import counted

log = structlog.get_logger()

LEAST_ROWS = 10
"""A chunk of fewer rows proves nothing."""

_FIX = (
    "if a backup of the state was restored, events come again with the same ids until it has caught up; if not, look for "
    "a second Leakline that reads the same org. Then `leakline problems acknowledge ID`"
)


@runtime_checkable
class MarkerHolder(Protocol):
    """A destination with a place for a marker beside its output."""

    @property
    def marker(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class _Marker:
    """What the marker says of one lane."""

    state: str
    position: Position
    rows: int
    """Accepted so far."""


class DeliveryMarks:
    """The marker of one destination, with a mark for each lane of each shard. Used by its loop alone."""

    def __init__(self, path: Path | None) -> None:
        """`path`: None where the destination has no place for a marker."""
        self._path = path
        self._marks: dict[str, _Marker] = _read(path) if path else {}

    @classmethod
    def of(cls, destination: object) -> DeliveryMarks:
        return cls(destination.marker if isinstance(destination, MarkerHolder) else None)

    @property
    def kept(self) -> bool:
        """Whether there is a marker."""
        return self._path is not None

    def mark(self, shard: str, lane: Lane) -> _Marker | None:
        return self._marks.get(f"{shard}/{lane}")

    def set(self, shard: str, lane: Lane, mark: _Marker) -> None:
        """Without fsync: a marker that is behind after a power cut only notices less."""
        if self._path is None:
            return
        self._marks[f"{shard}/{lane}"] = mark
        try:
            _write(self._path, self._marks)
        except OSError as error:
            log.warning("the marker cannot be written", path=str(self._path), reason=str(error))


class RestoreDetector:
    """What one destination knows better than the state of one shard. Used by its loop alone."""

    def __init__(self, marks: DeliveryMarks, name: str, state: State, problems: Problems) -> None:
        self._marks = marks
        self._name = name
        self._state = state
        self._problems = problems
        self._begun: set[Lane] = set()

    def compare(self, lane: Lane, position: Position, rows: int) -> None:
        """At a start: `position` and the accepted `rows` as the state has them."""
        mark = self._marks.mark(self._state.shard, lane)
        if mark is None or self._recovered():
            return
        if mark.state != self._state.id:
            self._report(f"{self._name} was written by another state ({mark.state}) before", max(1, mark.rows))
        elif (mark.position.sequence, mark.position.row) > (position.sequence, position.row):
            ahead = max(1, mark.rows - rows)
            self._report(
                f"{self._name} holds {counted(ahead, 'row')} of the lane {lane} that this state has not sent yet", ahead
            )

    def observe(self, lane: Lane, position: Position, rows: int, duplicate: int, resent: int) -> None:
        """After a commit: of the rows accepted since the last one, the destination had `duplicate` already.

        The first chunk after a start may have been accepted just before a kill; so may one that was sent again.
        """
        first = lane not in self._begun
        self._begun.add(lane)
        if self._marks.kept:
            self._mark(lane, position)
        # Half: a destination may know some rows from elsewhere, but not most of what is sent for the first time.
        if not first and not resent and rows >= LEAST_ROWS and 2 * duplicate >= rows and not self._recovered():
            self._report(f"{self._name} had rows already that this state sent for the first time", duplicate)

    def _report(self, what: str, rows: int) -> None:
        message = f"{what}: the state is older than what {self._name} holds"
        self._problems.report("state-restored", self._name, message, fix=_FIX, count=rows)

    def _recovered(self) -> bool:
        """Whether a recovery, which is known, explains rows that come twice."""
        return self._problems.is_open("state-recovered", "state")

    def _mark(self, lane: Lane, position: Position) -> None:
        account = orjson.loads(self._state.data(keys.DELIVERY_ACCOUNT.key(self._name, lane)) or b"{}")
        mark = _Marker(self._state.id, position, account.get("acknowledged", 0))
        self._marks.set(self._state.shard, lane, mark)


def _read(path: Path) -> dict[str, _Marker]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = orjson.loads(path.read_bytes())
        return {
            lane: _Marker(str(mark["state"]), Position.parse(mark["position"]), int(mark["rows"]))
            for lane, mark in document.items()
        }
    return {}


def _write(path: Path, marks: Mapping[str, _Marker]) -> None:
    document = {
        lane: {"state": mark.state, "position": str(mark.position), "rows": mark.rows} for lane, mark in marks.items()
    }
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, orjson.dumps(document))
    finally:
        os.close(descriptor)
    temporary.rename(path)
