"""Repairs of several orgs: one that does not answer holds up no other's, and a fault ends the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from agent.errors import SourceError
from agent.model import Batch
from agent.pipeline.ingest import Ingest
from agent.pipeline.repair import Repair
from agent.pipeline.repair_loop import RepairLoop
from tests.pipeline.fakes import NOW, Archive, ListSource, ScriptedDestination, ids_of, plain_steps
from tests.pipeline.shards import Shards


@dataclass
class HangingArchive(Archive):
    """Answers nothing until the process ends."""

    asked: threading.Event = field(default_factory=threading.Event)

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        self.asked.set()
        stop.wait()
        raise SourceError("interrupted")


class ObservedRepair(Repair):
    """Says when an attempt is over; raises what it is told to."""

    over: threading.Event
    error: Exception | None = None

    def attempt(self) -> None:
        super().attempt()
        self.over.set()
        if self.error is not None:
            raise self.error


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    shards = Shards(tmp_path / "state", "acme", "other")
    yield shards
    shards.stop.set()
    shards.close()


def ingest_of(shards: Shards, name: str) -> Ingest:
    return Ingest(shards.stores[name], plain_steps(), now=lambda: NOW, stop=shards.stop)


def damaged(shards: Shards, archives: dict[str, Archive]) -> dict[str, ObservedRepair]:
    """One batch of each org, read from its archive, that the destination finds damaged; and the repairs of the orgs."""
    siem = ScriptedDestination()
    shards.follow(siem)
    for name, archive in archives.items():
        ingest_of(shards, name).read(ListSource([archive.batch(1, ids_of(0, 3))]))
        shards.lose(name, "events", 0)
    shards.restart()
    shards.drain(shards.follow(siem))
    repairs = {}
    for name, archive in archives.items():
        shaped = ingest_of(shards, name).shaped
        repair = ObservedRepair(shards.stores[name], shaped, {"acme/list": archive}, now=lambda: NOW, stop=shards.stop)
        repair.over = threading.Event()
        repairs[name] = repair
    return repairs


def started(loop: RepairLoop) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            loop.run()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_an_org_that_does_not_answer_holds_up_no_repair_of_another(shards: Shards) -> None:
    """The other's rows are fetched again, and wait to be sent, while it hangs."""
    hanging, archive = HangingArchive(), Archive()
    repairs = damaged(shards, {"acme": hanging, "other": archive})
    thread, _ = started(RepairLoop(repairs, shards.stop))
    assert hanging.asked.wait(60)
    assert repairs["other"].over.wait(60)
    assert not repairs["acme"].over.is_set()
    assert [parked.rows for parked in shards.stores["other"].parked.entries("siem")] == [3]
    shards.stop.set()
    thread.join()


def test_a_fault_nobody_expected_ends_the_loop_though_an_org_hangs(shards: Shards) -> None:
    """It is raised, and whoever waits is told to stop."""
    hanging, archive = HangingArchive(), Archive()
    repairs = damaged(shards, {"acme": hanging, "other": archive})
    repairs["other"].error = RuntimeError("unexpected")
    thread, raised = started(RepairLoop(repairs, shards.stop))
    thread.join(60)
    assert not thread.is_alive()
    assert [str(error) for error in raised] == ["unexpected"]
    assert shards.stop.is_set()
