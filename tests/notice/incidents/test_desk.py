"""A change of an incident by hand is one transaction: the incident, its record in the trail and its event, or nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.assembly.trail_record import recorder
from agent.errors import DiskFull
from agent.notice.incidents.book import IncidentBook, link_key
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident, encode
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import StateRecall
from agent.store.transaction import Transaction
from agent.trail.record import read
from agent.trail.shard_trail import ShardTrail
from tests.store.one_shard import OneShard

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
FRESH = Incident("inc-0123456789ab", "00D", "live", "triage", "high", "Rows", NOW, NOW, NOW, NOW, links=("user:a",))


class FullAtTheEnd(OneShard):
    """A state on which a transaction may find the disk full when it has written all."""

    full = False

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        with super().transact(wait) as transaction:
            yield transaction
            if self.full:
                raise DiskFull("the disk is full")


@dataclass
class Office:
    """A desk, and all that it writes to."""

    state: FullAtTheEnd
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.problems = Problems(self.state, lambda: NOW)
        self.book = IncidentBook(StateRecall(self.state, keys.RESPONSE.prefix))
        self.desk = IncidentDesk(
            self.state, self.problems, self.book, self.alone, recorder(self.state), None, lambda: NOW
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self.lock:
            yield

    def put(self, before: Incident | None, after: Incident, action: str = "incident-commented") -> Incident:
        with self.desk.changing() as change:
            return change.put(before, after, action, "somebody did it", by="ana", data={"text": "x"})

    def everything(self) -> dict[str, object]:
        """What the state has, by key."""
        return {key: self.state.data(key) or self.state.text(key) for key in self.state.keys("")}

    def events(self) -> list[str]:
        return [row["event.action"] for batch in self.problems.events() for row in batch.frame.iter_rows(named=True)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    state = FullAtTheEnd(tmp_path / "state")
    yield Office(state)
    state.close()


def test_a_change_is_stored_with_its_record_and_its_event(office: Office) -> None:
    """The record names who made it, and the incident counts its changes."""
    first = office.put(None, FRESH)
    second = office.put(first, replace(first, assignee="bo"), "incident-assigned")
    assert second.revision == first.revision + 1
    assert encode(office.book.incident(FRESH.id) or FRESH) == encode(second)
    records = [read(line) for line in ShardTrail(office.state).lines()]
    assert [(record.type, record.object, record.actor["name"]) for record in records] == [
        ("incident-commented", FRESH.id, "ana"),
        ("incident-assigned", FRESH.id, "ana"),
    ]
    assert office.events() == ["incident-commented", "incident-assigned"]


def test_an_exception_inside_leaves_nothing(office: Office) -> None:
    """Neither in the state nor in memory: no incident, no link, no record, no event; the next change finds the lock free."""
    kept = office.put(None, FRESH)
    before, events = office.everything(), office.events()
    with pytest.raises(RuntimeError), office.desk.changing() as change:
        change.put(kept, replace(kept, assignee="bo"), "incident-assigned", "bo has it", by="ana", data={}, reckon=True)
        other = replace(FRESH, id="inc-ba9876543210")
        change.put(None, other, "incident-split", "it is another", by="ana", data={}, personal={"text": "x"})
        change.apply({"told/x": b"1"})
        raise RuntimeError
    assert office.everything() == before
    assert office.events() == events
    assert encode(office.book.incident(FRESH.id) or FRESH) == encode(kept)
    assert office.book.incident("inc-ba9876543210") is None
    assert office.put(kept, replace(kept, assignee="cy")).assignee == "cy"


def test_a_change_that_cannot_be_stored_is_not_in_memory_either(office: Office) -> None:
    """The disk is full when all was written: what is read next is what the state has."""
    kept = office.put(None, FRESH)
    before, moved = office.everything(), replace(kept, assignee="bo", links=("user:b",))
    with pytest.raises(DiskFull), office.desk.changing() as change:
        change.put(kept, moved, "incident-assigned", "bo has it", by="ana", data={})
        office.state.full = True
    office.state.full = False
    assert office.everything() == before
    assert encode(office.book.incident(FRESH.id) or FRESH) == encode(kept)
    assert office.book.entries(link_key("live", "user:b")) == ()


def test_two_changes_of_one_transaction_follow_each_other(office: Office) -> None:
    """The second begins with what the first left."""
    office.put(None, FRESH)
    with office.desk.changing() as change:
        for assignee in ("bo", "cy"):
            known = change.incident(FRESH.id)
            assert known is not None
            change.put(known, replace(known, assignee=assignee), "incident-assigned", "assigned", by="ana", data={})
    kept = office.book.incident(FRESH.id)
    assert kept is not None
    assert (kept.assignee, kept.revision) == ("cy", 3)
