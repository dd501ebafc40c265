"""Snapshots of the simulated org's own objects over some hours, some looks of which are killed, judged by its truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from agent.model import OWN_EVENT_TYPE, Batch
from agent.pipeline.read_ahead.pending_memory import PendingMemory
from agent.simulator.log_files.log_file import rest_time
from agent.simulator.records.record_truth import read_record_truth
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.sources.objects.catalogue import watched_objects
from agent.sources.objects.snapshots import difference_batches, look_reader
from agent.sources.objects.snapshots.snapshots import Snapshots
from tests.sources.event_log_file.test_simulated_org import session_of
from tests.sources.reader import Clock, RecalledKeys

WATCHED = [watched for watched in watched_objects().values() if watched.reads == "snapshot"]
KILLS = (None, None, 1, 0, None, 2, 4, None, 1, None, None)
"""Of each hour's look: before the commit of which batch the process ends; the last two settle what is held back."""
AHEAD = 2
"""Batches that are asked for before those ahead of them are committed."""

NONE = pl.Series("Difference", [], dtype=pl.String)
State = dict[str, int]
"""How often what is compared of a record has changed, by the record's id."""


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 7, 1, 9, 0, 30, tzinfo=UTC))


@pytest.fixture
def running(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOrg]:
    wanted = SimulatorSettings(
        folder=tmp_path_factory.mktemp("org"),
        now=clock,
        rows_per_day=1500,
        people=60,
        history=timedelta(hours=24),
        event_types=("Login",),
        scenarios=(),
        daily_files=False,
        history_only=True,
    )
    with serve(wanted) as org:
        yield org


def looked(running: RunningOrg, clock: Clock, memory: RecalledKeys, kill: int | None) -> list[Batch]:
    """A pass of a new process; what it committed."""
    pending = PendingMemory(memory)
    session = session_of(running, api_version="66.0")
    snapshots = Snapshots(session, WATCHED, pending, source="acme/test", every=timedelta(hours=1), now=clock)
    committed: list[Batch] = []
    held: list[Batch] = []

    def commit(keep: int) -> None:
        while len(held) > keep and (kill is None or len(committed) < kill):
            committed.append(held.pop(0))
            memory.apply(committed[-1].remember)
            pending.settle(1)

    with closing(snapshots.batches(clock())) as batches:
        for batch in batches:
            pending.add(batch.remember)
            held.append(batch)
            commit(AHEAD)
    commit(0)
    session.close()
    return committed


def state(truth: pl.DataFrame, entity: str, time: datetime) -> State:
    """What the org had of an object at this time."""
    compared = set(next(watched.compared for watched in WATCHED if watched.name == entity))
    found: State = {}
    lines = truth.filter(pl.col("object") == entity, pl.col("time") <= rest_time(int(time.timestamp() * 1000)))
    for line in lines.sort("id", "version").iter_rows(named=True):
        if line["change"] == "revoked":
            del found[line["id"]]
        else:
            changed = line["change"] == "changed" and compared & set(line["fields"].split(","))
            found[line["id"]] = found.get(line["id"], 0) + bool(changed)
    return found


def apply(known: State, batch: Batch, there: State) -> None:
    """A row that is not true, comes twice or has none before it does not fit. `there`: at the look that brought it."""
    for row in batch.frame.iter_rows(named=True):
        ident = row["Id"]
        match row["Difference"]:
            case "granted":
                assert ident not in known
                known[ident] = there[ident]
            case "changed":
                assert known[ident] < there[ident]
                known[ident] = there[ident]
            case "revoked":
                assert ident not in there
                del known[ident]


def judge(running: RunningOrg, began: datetime, batches: list[tuple[datetime, Batch]]) -> None:
    """From what there was at the baseline the rows lead to what there is at the last look. `batches`: with their looks' times."""
    running.org.write_record_truth([watched.name for watched in WATCHED])
    truth = read_record_truth(running.org.record_truth)
    for watched in WATCHED:
        known = state(truth, watched.name, began)
        for time, batch in batches:
            if batch.event_type == watched.name:
                apply(known, batch, state(truth, watched.name, time))
        assert known == state(truth, watched.name, batches[-1][0]), watched.name


def test_differences_are_those_of_the_truth(running: RunningOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grants, tokens, policies and sessions of ten hours: each that came, went or changed is a row, and is one once."""
    monkeypatch.setattr(look_reader, "PAGE", 60)
    monkeypatch.setattr(difference_batches, "MOST_ROWS", 3)
    memory, batches = RecalledKeys(), list[tuple[datetime, Batch]]()
    began = clock()
    for hour, kill in enumerate(KILLS):
        if hour == 4:
            running.org.plant("setup_guard_lowered", within=60)
        batches += [(clock(), batch) for batch in looked(running, clock, memory, kill)]
        clock.advance(hours=1)
    rows = [
        (batch, row) for _, batch in batches if batch.event_type != OWN_EVENT_TYPE for row in batch.frame.to_dicts()
    ]
    assert len({row["event.id"] for _, row in rows}) == len(rows)
    judge(running, began, batches)
    assert {(batch.event_type, row["Difference"]) for batch, row in rows} >= {
        ("PermissionSetAssignment", "granted"),
        ("PermissionSetAssignment", "revoked"),
        ("OauthToken", "granted"),
        ("TransactionSecurityPolicy", "changed"),
        ("AuthSession", "granted"),
        ("AuthSession", "revoked"),
    }


def test_a_permission_that_is_lost_revokes_nothing(running: RunningOrg, clock: Clock) -> None:
    """The org shows the user's own records alone and says that the permission is gone; with it comes what happened since."""
    memory = RecalledKeys()
    looked(running, clock, memory, None)
    began = clock()
    names = ("PermissionsViewSetup", "PermissionsManageUsers", "PermissionsCustomizeApplication")
    running.org.change_faults(hidden_fields=",".join(f"UserPermissionAccess.{name}" for name in names))
    batches = list[tuple[datetime, Batch]]()
    for hour in range(4):
        if hour == 3:
            assert not any("revoked" in batch.frame.get_column("Difference", default=NONE) for _, batch in batches)
            running.org.change_faults(hidden_fields="")
        clock.advance(hours=1)
        batches += [(clock(), batch) for batch in looked(running, clock, memory, None)]
    judge(running, began, batches)
