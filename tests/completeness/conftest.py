"""Sources before an org of the test's own, with the real loop and state behind them, and a kill wherever a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from agent.assembly.sources import build_source
from agent.config.settings import SourceSettings
from agent.model import OWN_EVENT_TYPE, Batch
from agent.sources.salesforce.session import Session
from agent.status.completeness import DayCompleteness
from agent.store.completeness.day_report import DayReport
from agent.store.completeness.day_status import completeness
from tests.pipeline.fakes import Loops, plain_steps
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.scripted_org.serving import RunningScriptedOrg
from tests.sources.conftest import MakeSession, clock, make_session, org, server, shared_server
from tests.sources.reader import Clock
from tests.store.one_shard import OneShard

__all__ = ["clock", "make_session", "org", "server", "shared_server"]

ORG = "00D000000000001AAA"


class Kill(BaseException):
    """The end of the process."""


@dataclass
class ComparedOrg:
    """An org's sources; a new process for each pass."""

    org: ScriptedOrg
    clock: Clock
    make_session: Callable[..., Session]
    directory: Path
    loops: Loops

    def read(self, settings: SourceSettings, *beside: SourceSettings, kill_at: int | None = None) -> int:
        """One pass; rows committed. `beside`: the org's other sources; `kill_at`: the number of the batch, from 0, at whose preparation the process ends."""
        prepared = 0
        steps = plain_steps()

        def prepare(batch: Batch) -> pl.DataFrame:
            nonlocal prepared
            if prepared == kill_at:
                raise Kill
            prepared += 1
            return steps.prepare(batch)

        self.loops = self.loops.restarted()
        ingest = self.loops.ingest(replace(steps, prepare=prepare), now=self.clock)
        source = build_source(settings, self.make_session(), ingest, self.clock, self.directory, [settings, *beside])
        try:
            return ingest.read(source)  # type: ignore[arg-type]
        except Kill:
            return -1

    def report(self) -> None:
        """What the tick tells of days, by a new process."""
        DayReport(self.loops.state, self.loops.problems).tick(self.clock(), ORG)

    def days(self) -> list[DayCompleteness]:
        return list(completeness(self.loops.state, "acme"))

    def told(self) -> list[tuple[str, str]]:
        """Action and message of the events that wait to be sent; they are sent."""
        found = []
        for batch in self.loops.problems.events():
            assert batch.event_type == OWN_EVENT_TYPE
            found += [(row["event.action"], row["message"]) for row in batch.frame.iter_rows(named=True)]
            self.loops.ingest().take("agent", batch)
        return found


@pytest.fixture
def compared(
    org: ScriptedOrg, server: RunningScriptedOrg, clock: Clock, make_session: MakeSession, tmp_path: Path
) -> Iterator[ComparedOrg]:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    loops = Loops(OneShard(tmp_path / "state", "acme"))
    yield ComparedOrg(org, clock, make_session, downloads, loops)
    loops.state.close()
