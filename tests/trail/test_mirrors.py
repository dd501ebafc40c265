"""A checkpoint counts as accepted by a destination when it is, told by the real loops that deliver it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_mirrors import KIND, TrailMirrors
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.problems import Problems
from agent.trail.checkpointer import Checkpointer
from agent.trail.mirrors import MOST, Mirror, MirrorBook, SentCheckpoint, looked_at
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of
from tests.daemon.shards import Shards, opened
from tests.pipeline.fakes import NOW

MINUTE = timedelta(minutes=1)


class Mirroring:
    """Checkpoints of the process that go to `siem`, with a clock that a test moves."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards
        self.now = NOW
        self.loops = shards.loops[keys.PROCESS]
        self.state = self.loops.state
        self.problems = Problems(self.state, lambda: self.now)
        origin = origin_of(self.state.id)
        self.checkpointer = Checkpointer(
            self.state,
            lambda: {keys.PROCESS: ShardTrail(self.state)},
            NoteSigner.generate(origin),
            lambda: self.now,
        )
        self.mirrors = TrailMirrors(
            self.state,
            {"siem": True, "mine": False},
            self.problems,
            MirrorInquiry([], {}, origin, threading.Event()),
            lambda: self.loops.stores.spool.end("alerts").sequence,
            MINUTE,
            lambda: self.now,
        )

    def turn(self, *, minutes: int = 1) -> None:
        """Some time is over: a checkpoint is taken and on its way."""
        self.now += minutes * MINUTE
        taken = self.checkpointer.take()
        self.loops.ingest().take("agent", taken.event())
        self.mirrors.note(taken)

    def accepted_size(self) -> int | None:
        siem, of_orgs = self.mirrors.status().mirrors
        assert (of_orgs.name, of_orgs.mirrors, of_orgs.accepted) == ("mine", False, None)
        return siem.accepted.size if siem.accepted else None

    def kinds(self) -> list[str]:
        return [problem.kind for problem in self.problems.open()]


@pytest.fixture
def mirroring(tmp_path: Path) -> Iterator[Mirroring]:
    for shards in opened(tmp_path):
        yield Mirroring(shards)


def test_a_checkpoint_is_accepted_once_it_is_delivered(mirroring: Mirroring) -> None:
    """Not while it waits; how old it is goes with the clock."""
    mirroring.turn()
    mirroring.turn()
    assert mirroring.accepted_size() is None
    mirroring.shards.send("", "siem")
    assert mirroring.accepted_size() == 2
    mirroring.turn()
    assert mirroring.accepted_size() == 2
    siem = mirroring.mirrors.status().mirrors[0]
    assert siem.accepted is not None
    assert siem.accepted.age_seconds == 60
    newest = mirroring.mirrors.status().newest
    assert newest is not None
    assert (newest.size, newest.age_seconds) == (3, 0)


def test_a_destination_that_is_added_has_accepted_nothing_from_before(mirroring: Mirroring) -> None:
    """It begins behind what was sent until then, and so is past it from the start."""
    with mirroring.state.transact() as transaction:
        transaction.delete(keys.POSITION.key("siem", "alerts"))
    mirroring.turn()
    with mirroring.state.transact() as transaction:
        transaction.set(keys.POSITION.key("siem", "alerts"), str(mirroring.loops.stores.spool.end("alerts")))
    assert mirroring.accepted_size() is None
    mirroring.turn()
    assert mirroring.accepted_size() is None


def test_a_checkpoint_among_dead_letters_is_not_accepted(mirroring: Mirroring) -> None:
    """The destination is past it, and does not have it; the next one counts."""
    mirroring.turn()
    mirroring.shards.send("", "siem", refused=[0])
    assert mirroring.accepted_size() is None
    mirroring.turn()
    mirroring.turn()
    mirroring.shards.send("", "siem", refused=[0])
    assert mirroring.accepted_size() is None  # of the two, it cannot be told which was refused
    mirroring.turn()
    mirroring.shards.send("", "siem")
    assert mirroring.accepted_size() == 4


def test_no_destination_for_long_is_a_problem_that_ends_by_itself(mirroring: Mirroring) -> None:
    """After fifteen minutes, not before; the first that is accepted ends it."""
    mirroring.turn()
    mirroring.shards.send("", "siem")
    for _ in range(16):
        mirroring.turn()
        assert mirroring.kinds() == []
    mirroring.turn()
    assert mirroring.kinds() == [KIND]
    mirroring.shards.send("", "siem")
    mirroring.turn()
    assert mirroring.kinds() == []
    assert mirroring.accepted_size() == 18


def test_a_clock_that_jumps_is_no_such_problem(mirroring: Mirroring) -> None:
    """Everything was accepted; that the last one is a day old by the new clock says nothing."""
    mirroring.turn()
    mirroring.shards.send("", "siem")
    mirroring.turn(minutes=24 * 60)
    mirroring.shards.send("", "siem")
    mirroring.turn(minutes=24 * 60)
    assert mirroring.kinds() == []


def test_the_book_does_not_grow_with_a_destination_that_is_away() -> None:
    """At most a hundred are remembered; the oldest, and each of the newest, are among them."""
    time = datetime(2026, 7, 1, tzinfo=UTC)
    book = MirrorBook(mirrors={"siem": Mirror(0)})
    for number in range(1, 10_000):
        book = MirrorBook.decode(book.with_sent(SentCheckpoint(number, time + number * MINUTE, number)).encode())
    sizes = [sent.size for sent in book.sent]
    assert len(sizes) <= MOST
    assert sizes[-50:] == list(range(9_950, 10_000))
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert book.waiting_since() == time + MINUTE


def test_a_book_of_a_state_without_one_is_empty(mirroring: Mirroring) -> None:
    """As after an upgrade; nothing is written by looking."""
    book = looked_at(mirroring.state, ["siem", "unknown"])
    assert (list(book.sent), set(book.mirrors)) == ([], {"siem"})
    assert mirroring.state.data(keys.TRAIL.key("mirrors")) is None
