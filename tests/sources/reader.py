"""A clock that a test moves, and a loop that commits what the log-file source yields."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.model import OWN_EVENT_TYPE, Batch, Cursor
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.source import EventLogFile, EventLogFileSettings
from agent.sources.salesforce.session import Session

START = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@dataclass
class Clock:
    time: dt.datetime = START

    def __call__(self) -> dt.datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += dt.timedelta(**span)


class RecalledKeys(dict[str, bytes]):
    """What batches asked to remember (`agent.source.Recall`)."""

    def __call__(self, key: str) -> bytes | None:
        return self.get(key)

    def keys(self, prefix: str = "") -> Iterator[str]:  # type: ignore[override]
        return iter(sorted(key for key in dict.keys(self) if key.startswith(prefix)))

    def apply(self, changes: Any) -> None:
        for key, value in changes.items():
            if value is None:
                self.pop(key, None)
            else:
                assert len(value) <= 1 << 20
                self[key] = value


@dataclass
class Reader:
    """Reads as the ingest loop does; `restart` forgets what is not committed."""

    session: Session
    clock: Clock
    directory: Path
    settings: EventLogFileSettings
    memory: RecalledKeys = field(default_factory=RecalledKeys)
    cursor: Cursor | None = None
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)
        identity = RowIdentity(identify, Occurrences, EarlierIds)
        self.source = EventLogFile(
            self.session,
            self.settings,
            now=self.clock,
            recall=self.memory,
            identity=identity,
            temp_directory=self.directory,
        )

    def read(self, stop_after: int | None = None) -> list[Batch]:
        """One poll, or its first batches; what was committed."""
        committed: list[Batch] = []
        batches = self.source.read(self.cursor)
        try:
            while stop_after is None or len(committed) < stop_after:
                batch = next(batches, None)
                if batch is None:
                    break
                self.memory.apply(batch.remember)
                self.cursor = batch.cursor or self.cursor
                committed.append(batch)
                self.batches.append(batch)
        finally:
            batches.close()
        assert self.left_behind() == []
        return committed

    def left_behind(self) -> list[str]:
        return left_behind(self.directory)

    def rows(self, column: str = "URI") -> list[str]:
        """That column of every event taken so far."""
        frames = [b.frame for b in self.batches if b.event_type != OWN_EVENT_TYPE]
        ids = [i for f in frames for i in f["event.id"]]
        assert len(ids) == len(set(ids))
        return [value for f in frames for value in f[column]]

    def own(self) -> list[dict[str, Any]]:
        """Leakline's own events so far."""
        return [r for b in self.batches if b.event_type == OWN_EVENT_TYPE for r in b.frame.to_dicts()]

    @property
    def duplicates(self) -> int:
        return sum(b.duplicates for b in self.batches)


def left_behind(directory: Path) -> list[str]:
    """Temporary files in `directory` that are still open, and threads that still download."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(descriptor.readlink()))
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("download")]
    return [link for link in links if link.startswith(str(directory))] + threads
