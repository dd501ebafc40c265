"""Whatever fails or ends in between: each true difference becomes a row, and becomes one once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import TransportError
from agent.model import OWN_EVENT_TYPE, Batch
from agent.pipeline.read_ahead.pending_memory import PendingMemory
from agent.simulator.records.record_kind import Record
from agent.sources.objects.catalogue import watched_objects
from agent.sources.objects.snapshots import difference_batches, doubt, look_reader
from agent.sources.objects.snapshots import look as look_room
from agent.sources.objects.snapshots import snapshots as snapshots_room
from agent.sources.objects.snapshots.snapshots import Snapshots
from agent.sources.salesforce.session import Session
from tests.sources.objects.snapshots.assignments import assignment
from tests.sources.objects.snapshots.simulated_object import SimulatedObject
from tests.sources.reader import Clock, RecalledKeys

OBJECT = "PermissionSetAssignment"
WATCHED = replace(watched_objects()[OBJECT], most=None)
HIDDEN: list[frozenset[str]] = [frozenset(), frozenset({"PermissionSetGroupId"}), frozenset({"Assignee.Username"})]

Seen = dict[str, tuple[str | None, ...]]
"""What is compared of each record, by Id."""


@dataclass(frozen=True)
class Step:
    """What happens before a look, and to it."""

    toggled: frozenset[int]
    """Records that come or go."""
    switched: frozenset[int]
    """Records that become active or not, where they are there."""
    used: frozenset[int]
    """Records of which something changes that is not compared."""
    hidden: frozenset[str]
    trouble: Literal["none", "page", "cut", "kill"]
    at: int
    """The call that fails; the batch before whose commit the process ends."""
    ahead: int
    """Batches that are asked for before those ahead of them are committed."""


numbers = st.frozensets(st.integers(0, 39), max_size=25)
steps = st.builds(
    Step,
    toggled=numbers,
    switched=numbers,
    used=numbers,
    hidden=st.sampled_from(HIDDEN),
    trouble=st.sampled_from(["none", "none", "page", "cut", "kill", "kill"]),
    at=st.integers(0, 12),
    ahead=st.integers(0, 3),
)


@dataclass
class Ledger:
    """Applies rows to what was there at the baseline: a row that is lost, comes twice or is not true does not fit."""

    known: Seen = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    def apply(self, batch: Batch, truth: Seen) -> None:
        """`truth`: what the org had at the look that brought the batch."""
        for row in batch.frame.to_dicts() if batch.event_type != OWN_EVENT_TYPE else ():
            assert row["event.id"] not in self.ids
            self.ids.add(row["event.id"])
            ident, compared = row["Id"], tuple(row[name] for name in WATCHED.compared)
            assert truth.get(ident) == (None if row["Difference"] == "revoked" else compared)
            match row["Difference"]:
                case "granted":
                    assert ident not in self.known
                    self.known[ident] = compared
                case "revoked":
                    del self.known[ident]
                case "changed":
                    assert self.known[ident] != compared
                    self.known[ident] = compared


def compared(records: dict[str, Record]) -> Seen:
    """Of the org's records."""
    return {ident: (None, "true" if record["IsActive"] else "false", "false") for ident, record in records.items()}


def move(step: Step, org: SimulatedObject, clock: Clock) -> None:
    """What the step does to the org, whether or not a look follows that sees it."""
    for number in sorted(step.toggled):
        record = assignment(number, clock())
        if org.records.pop(record["Id"], None) is None:
            org.records[record["Id"]] = record
    for number in step.switched | step.used:
        found = org.records.get(assignment(number, clock())["Id"])
        if found is not None and number in step.switched:
            found["IsActive"] = not found["IsActive"]
        elif found is not None:
            found["PermissionSet.Name"] += "x"
    org.hidden = step.hidden
    org.broken_at = step.at if step.trouble == "page" else None
    org.cut = step.trouble == "cut"


def look(org: SimulatedObject, clock: Clock, memory: RecalledKeys, step: Step | None) -> list[Batch]:
    """One pass of a new process; what it committed. It is killed before the commit of a batch, or breaks."""
    pending = PendingMemory(memory)
    session, every = cast("Session", org), timedelta(hours=1)
    snapshots = Snapshots(session, [WATCHED], pending, source="acme/test", every=every, now=clock)
    committed: list[Batch] = []
    held: list[Batch] = []
    ahead, most = (step.ahead, step.at if step.trouble == "kill" else None) if step else (0, None)

    def commit(keep: int) -> None:
        while len(held) > keep and (most is None or len(committed) < most):
            committed.append(held.pop(0))
            memory.apply(committed[-1].remember)
            pending.settle(1)

    with closing(snapshots.batches(clock())) as batches:
        try:
            for batch in batches:
                pending.add(batch.remember)
                held.append(batch)
                commit(ahead)
        except TransportError:
            assert step is not None and step.trouble == "page"
    commit(0)
    return committed


@pytest.fixture(autouse=True, scope="module")
def _small() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for module in (look_room, difference_batches, snapshots_room):
            patch.setattr(module, "BUCKETS", 4)
        patch.setattr(doubt, "FEW", 3)
        patch.setattr(look_reader, "PAGE", 7)
        patch.setattr(difference_batches, "MOST_ROWS", 3)
        patch.setattr(difference_batches, "MOST_BYTES", 1_000)
        yield


@settings(max_examples=30)
@given(st.lists(steps, max_size=8))
def test_each_difference_becomes_one_row(history: list[Step]) -> None:
    """After looks that failed, were cut or killed anywhere, two whole looks have told all that is different, each once."""
    org, clock, memory, ledger = SimulatedObject(), Clock(), RecalledKeys(), Ledger()
    for number in range(30):
        record = assignment(number, clock())
        org.records[record["Id"]] = record
    clock.advance(hours=1)
    look(org, clock, memory, None)
    ledger.known = compared(org.records)
    for step in history:
        clock.advance(minutes=30)
        move(step, org, clock)
        clock.advance(minutes=30)
        for batch in look(org, clock, memory, step):
            ledger.apply(batch, compared(org.records))
    org.broken_at, org.cut = None, False
    for _ in range(2):  # the second settles what the first one held back
        clock.advance(hours=1)
        for batch in look(org, clock, memory, None):
            ledger.apply(batch, compared(org.records))
    assert ledger.known == compared(org.records)
    assert [batch for batch in look(org, clock, memory, None) if batch.frame.height] == []


@settings(max_examples=20)
@given(st.integers(0, 40), st.integers(0, 3))
def test_a_baseline_that_is_killed_begins_again(at: int, ahead: int) -> None:
    """What was stored of it before means nothing, even where the records are others by then."""
    org, clock, memory = SimulatedObject(), Clock(), RecalledKeys()
    kill = Step(frozenset(), frozenset(), frozenset(), frozenset(), "kill", at, ahead)
    for number in range(40):
        record = assignment(number, clock())
        org.records[record["Id"]] = record
    look(org, clock, memory, kill)
    has_ended = memory.get(f"snapshot/{OBJECT}/state", b"").find(b'"taken":0') < 0 and bool(memory)
    clock.advance(hours=1)
    if not has_ended:
        move(Step(frozenset(range(10, 50)), frozenset(), frozenset(), frozenset(), "none", 0, 0), org, clock)
    batches = look(org, clock, memory, None)
    assert [batch for batch in batches if batch.event_type != OWN_EVENT_TYPE] == []
    clock.advance(hours=1)
    del org.records[assignment(3, clock())["Id"]]
    (row,) = [
        row
        for batch in look(org, clock, memory, None)
        if batch.event_type != OWN_EVENT_TYPE
        for row in batch.frame.to_dicts()
    ]
    assert (row["Difference"], row["Id"]) == ("revoked", assignment(3, clock())["Id"])
