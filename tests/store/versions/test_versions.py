"""States that older Leaklines left are understood, and a layout does not change without a version."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from agent.store import keys
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.queue.status import balanced
from tests.pipeline.fakes import NOW, Archive, ids_of
from tests.store.versions.kept import unpack, versions
from tests.store.versions.layout import layout, stored_values
from tests.store.versions.make import make
from tests.store.versions.small_run import ROWS, TAKES, SmallRun

every = pytest.mark.parametrize("version", versions())

NOT_IN_A_SMALL_RUN = {
    keys.DIRECTORY: "answers of an org, kept to ask less: without them it is asked again",
    keys.API_CALLS: "nobody calls an org in it",
    keys.RESPONSE: "nothing answers alerts yet",
    keys.TRAIL: "its steps record nothing",
    keys.PACK: "nothing asks for the pack of regimes",
    keys.HISTORY: "no backfill is read in it",
    keys.DETECTION: "its parts have families of their own",
    keys.COMPARED: "its source has nothing that is compared later",
    keys.CHANGES: "no permission set is changed in it",
    keys.COMPARED_TOLD: "no day is over in it",
    keys.HEARD: "no look at silence falls into it",
    keys.HEARD_SENDER: "no sender promises a heartbeat in it",
    keys.REBUILT: "there only while a recovery is at work",
}

REMAKE = (
    "the layout of the state has changed: raise keys.VERSION, write a migration and run "
    "`python -m tests.store.versions.make`; while no release has this version, run it with --again instead"
)


def test_this_version_is_kept() -> None:
    """Every version up to this one has a directory here: `python -m tests.store.versions.make` makes it."""
    assert versions() == list(range(1, keys.VERSION + 1))


@every
def test_every_key_belongs_to_a_family(version: int, tmp_path: Path) -> None:
    """Nothing lies in a state that `agent.store.keys` does not know."""
    unpack(version, tmp_path)
    assert [key for key in stored_values(tmp_path / "state") if keys.family(key) is None] == []


def test_the_layout_is_that_of_the_kept_directory(tmp_path: Path) -> None:
    """Families, how their values look and what files are called: a change is a new version."""
    unpack(keys.VERSION, tmp_path / "kept")
    (tmp_path / "fresh").mkdir()
    make(tmp_path / "fresh", tmp_path / "packed", tmp_path / "told")
    before, now = layout(tmp_path / "kept" / "state"), layout(tmp_path / "fresh" / "state")
    assert now == before, REMAKE
    families = {family.prefix for family in (*keys.OF_A_SHARD, *keys.OUTSIDE_SHARDS)}
    assert families - set(before) == {family.prefix for family in NOT_IN_A_SMALL_RUN}


@every
def test_a_kept_directory_says_what_it_said(version: int, tmp_path: Path) -> None:
    """Positions, sums, what is parked, stopped and wrong, as the Leakline that left it had them."""
    told = unpack(version, tmp_path)
    run = SmallRun(tmp_path)
    assert json.loads(json.dumps(run.status())) == told["status"]
    run.close()


@every
def test_a_kept_directory_is_worked_on_to_its_end(version: int, tmp_path: Path) -> None:
    """Reading goes on behind its cursor, and every row that was read before or after arrives at every destination once,
    with its id: those that waited, were parked, refused, or have to be fetched again.
    """
    told = unpack(version, tmp_path)
    run = SmallRun(tmp_path)
    for shard, batches in (("acme", 5), ("other", 1)):
        run.read(shard, 1)
        loops = run.loops[shard]
        for problem in loops.problems.open():
            if problem.kind == "destination-stopped":
                loops.problems.acknowledge(problem.id, "ada")
        source = Archive({f"input {n}": ids_of((n - 1) * ROWS, n * ROWS) for n in range(1, batches + 2)})
        loops.repair(source).attempt()
        letters = DeadLetterCommands(loops.stores, TAKES, lambda: NOW)
        for number, _ in loops.dead_letters.files():
            letters.replay(number, "ada")
        for name in TAKES:
            loops.drain(run.forwards[shard, name])
            ids = Counter([*told["accepted"][f"{shard}/{name}"], *run.siems[shard, name].accepted])
            events = ids_of(0, (batches + 1) * ROWS)
            assert {event_id: ids[event_id] for event_id in events} == dict.fromkeys(events, 1)
            assert set(ids.values()) == {1}  # alerts too
        assert balanced(loops.stores, TAKES)
        assert loops.dead_letters.count() == 0
    run.close()


@every
def test_a_kept_directory_remembers_what_it_detected(version: int, tmp_path: Path) -> None:
    """Alerts that were folded before are not raised again by the same rows read again under other numbers."""
    unpack(version, tmp_path)
    run = SmallRun(tmp_path)
    with run.state.transact() as transaction:
        transaction.set(keys.shard_prefix("other") + keys.CURSOR.key("other/list"), "0")
    before = run.loops["other"].spool.end("alerts")
    run.read("other", 1)
    assert run.loops["other"].spool.end("alerts") == before
    run.close()
