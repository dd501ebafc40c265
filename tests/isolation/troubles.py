"""What befalls three orgs while a fourth is well: look-ups that hang, rows that are all poison, a file that takes long."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field

import polars as pl
import pytest

from agent.model import Batch, Cursor
from agent.normalize.shape import Normalizer
from agent.sources.event_log_file.source import EventLogFile
from tests.isolation.observed_daemon import Changes
from tests.isolation.served_org import ServedOrg

POISON = "/poison/"
"""Part of the URI of rows that no batch survives."""


@dataclass
class Troubles:
    """Each begins with what the org shows next, and lasts until released."""

    changes: Changes
    released: threading.Event = field(default_factory=threading.Event)
    poisoned: int = 0
    """Batches that broke."""
    held_readers: int = 0

    def hold_look_ups(self, org: ServedOrg) -> None:
        """Whoever asks this org for its users gets no answer."""
        org.org.held["query"] = self.released

    def look_ups_held(self, org: ServedOrg) -> int:
        return org.org.calls["held query"]

    def plant_poison(self, patch: pytest.MonkeyPatch) -> None:
        """Batches with poisonous rows break. When a row is tried alone, its end is what must be released."""
        prepare = Normalizer.prepare

        def breaking(normalizer: Normalizer, batch: Batch) -> pl.DataFrame:
            if "URI" in batch.frame.columns and batch.frame["URI"].str.contains(POISON, literal=True).any():
                self.poisoned += 1
                self.changes.note()
                if batch.frame.height == 1:
                    self.released.wait()
                raise ValueError("a row that nobody can read")
            return prepare(normalizer, batch)

        patch.setattr(Normalizer, "prepare", breaking)

    def hold_reader(self, patch: pytest.MonkeyPatch, org: ServedOrg) -> None:
        """This org's source brings a first batch of what it reads, and then nothing for long."""
        read = EventLogFile.read

        def halting(source: EventLogFile, after: Cursor | None) -> Generator[Batch, None, None]:
            for number, batch in enumerate(read(source, after)):
                if source.name == org.source and number == 1:
                    self.held_readers += 1
                    self.changes.note()
                    self.released.wait()
                yield batch

        patch.setattr(EventLogFile, "read", halting)
