"""Rows that wait for a destination which the settings no longer name are not forgotten in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.model import LANES
from agent.store.queue.removed_destinations import drop_removed
from tests.pipeline.fakes import Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


def test_what_waits_for_a_destination_that_is_no_longer_named_is_told(loops: Loops) -> None:
    """Its rows count as dropped, once, and somebody has to acknowledge that; a named one keeps its own."""
    gone, kept = ScriptedDestination("gone"), ScriptedDestination("kept")
    for destination in (gone, kept):
        loops.forward(destination)
    loops.ingest().take("acme/list", batch_of(1, ids_of(0, 7)))
    named = [("kept", lane) for lane in LANES]
    for _ in range(2):
        drop_removed(loops.stores, named)
    (problem,) = loops.problems.open()
    assert (problem.kind, problem.subject, problem.count) == ("rows-dropped", "gone", 7)
    forward = loops.forward(kept)
    loops.drain(forward)
    assert kept.accepted == ids_of(0, 7)
    assert loops.forward(gone).queue.pending("events") == 0
