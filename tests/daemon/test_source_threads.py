"""Sources with a thread of their own: what becomes of them when they, their shard or their sender fails."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from threading import Event

import pytest

from agent.batch_steps import BatchSteps
from agent.daemon.reading.source_failures import CREDENTIALS_PAUSE, ORG_PAUSE
from agent.daemon.reading.source_threads import PAUSE, PushThread, SourceShard, StreamThread
from agent.errors import (
    DiskFull,
    LimitExceeded,
    NoRoom,
    PushError,
    Shutdown,
    StateDamaged,
    TransportError,
    Unauthorized,
)
from agent.model import Batch, Cursor
from agent.pipeline.pass_faults import PassFaults
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.source import Idle, Push
from tests.pipeline.fakes import NOW, Loops, batch_of, ids_of, plain_steps


@dataclass
class Waiting:
    """Waits by writing down for how long, and stops after so many times."""

    stop: Event
    turns: int
    pauses: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def __call__(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.meanwhile()
        if len(self.pauses) >= self.turns:
            self.stop.set()
        return self.stop.is_set()


@dataclass
class TroubledStream:
    """Ends with what is left in `troubles`; without any it yields a batch, and is idle until the stop."""

    stop: Event
    troubles: list[Exception] = field(default_factory=list)
    name: str = "acme/stream"

    def stream(self, after: Cursor | None, stop: Event) -> Generator[Batch | Idle]:
        number = int(after or 0)
        yield batch_of(number + 1, ids_of(number, number + 1))
        if self.troubles:
            raise self.troubles.pop(0)
        yield Idle()
        self.stop.set()


@dataclass
class ToyHook:
    """Pushes its batches one after another, and keeps what it would answer."""

    batches: list[Batch]
    troubles: list[Exception] = field(default_factory=list)
    answers: list[int | PushError] = field(default_factory=list)
    name: str = "acme/hook"

    def serve(self, push: Push, stop: Event) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        for batch in self.batches:
            try:
                self.answers.append(push(batch))
            except PushError as error:
                self.answers.append(error)
        stop.set()


def shard_of(
    loops: Loops,
    wait: Callable[[float], bool],
    rest: Callable[[], None] = lambda: None,
    steps: BatchSteps | None = None,
) -> SourceShard:
    faults = PassFaults(loops.problems, steady=lambda: 0.0, jitter=lambda: 1.0)
    return SourceShard(
        loops.ingest(steps), loops.problems, faults, loops.stop, wait, lambda: "id of acme", rest, lambda: NOW
    )


def open_kinds(loops: Loops) -> list[str]:
    return [problem.kind for problem in loops.problems.open()]


def test_a_stream_is_begun_again_with_the_last_cursor(loops: Loops) -> None:
    """Whatever ends it, it goes on behind what was committed; the trouble is told until the source shows that it lives."""
    seen: list[list[str]] = []
    wait = Waiting(loops.stop, 9, meanwhile=lambda: seen.append(open_kinds(loops)))
    stream = TroubledStream(loops.stop, [TransportError("cut"), ZeroDivisionError("by zero")])
    thread = StreamThread(stream, shard_of(loops, wait))
    thread.run()
    assert wait.pauses == [PAUSE, 1.0]
    assert seen == [["source-failed"], ["source-failed", "pass-failed"]]
    assert (open_kinds(loops), thread.problem) == ([], "")
    assert loops.ingest().cursor(stream.name) == "3"


@pytest.mark.parametrize(
    ("trouble", "pause", "rests"),
    [
        (LimitExceeded("TotalRequests Limit exceeded."), ORG_PAUSE.total_seconds(), 1),
        (Unauthorized("refused"), CREDENTIALS_PAUSE.total_seconds(), 0),
    ],
)
def test_a_stream_rests_as_long_as_its_org_asks_for(loops: Loops, trouble: Exception, pause: float, rests: int) -> None:
    """A used-up allowance has the whole org rest."""
    rested: list[str] = []
    wait = Waiting(loops.stop, 9)
    StreamThread(TroubledStream(loops.stop, [trouble]), shard_of(loops, wait, rest=lambda: rested.append("acme"))).run()
    assert (wait.pauses, len(rested)) == ([pause], rests)


def test_a_damaged_state_ends_the_thread_of_a_stream(loops: Loops) -> None:
    """It goes up: all orgs stand on the state."""
    stream = TroubledStream(loops.stop, [StateDamaged("pages are damaged")])
    with pytest.raises(StateDamaged):
        StreamThread(stream, shard_of(loops, Waiting(loops.stop, 1))).run()


def test_a_sender_hears_what_became_of_each_batch(loops: Loops) -> None:
    """Rows after the commit; after a fault that nothing was taken, and when to come again; the next one is taken."""
    faults = [ZeroDivisionError("by zero")]

    def prepare(batch: Batch) -> object:
        if faults:
            raise faults.pop()
        return batch.frame

    steps = replace(plain_steps(), prepare=prepare)  # type: ignore[arg-type]
    hook = ToyHook([batch_of(0, ids_of(0, 2)), batch_of(0, ids_of(0, 2))])
    thread = PushThread(hook, shard_of(loops, Waiting(loops.stop, 9), steps=steps), lambda _: None)
    thread.run()
    refused, taken = hook.answers
    assert isinstance(refused, PushError)
    assert (type(refused), refused.retry_after) == (PushError, 1.0)
    assert taken == 2
    assert open_kinds(loops) == []
    assert loops.event_actions() == ["pass-failed", "pass-recovered"]


def test_a_sender_hears_of_a_full_spool_and_nothing_is_wrong(loops: Loops) -> None:
    """That is no fault: no problem is opened, and no attempt is counted."""
    hook = ToyHook([batch_of(0, ids_of(0, 2))])
    shard = shard_of(loops, Waiting(loops.stop, 9))
    shard.ingest.backpressure = lambda: "the spool is full"
    PushThread(hook, shard, lambda _: None).run()
    assert isinstance(hook.answers[0], NoRoom)
    assert open_kinds(loops) == []


def test_a_damaged_state_found_by_a_push_ends_the_process(loops: Loops) -> None:
    """The sender is told that Leakline ends, and the process is."""
    ended: list[StateDamaged] = []

    def prepare(_: Batch) -> object:
        raise StateDamaged("pages are damaged")

    steps = replace(plain_steps(), prepare=prepare)  # type: ignore[arg-type]
    hook = ToyHook([batch_of(0, ids_of(0, 2))])
    PushThread(hook, shard_of(loops, Waiting(loops.stop, 9), steps=steps), ended.append).run()
    assert isinstance(hook.answers[0], Shutdown)
    assert len(ended) == 1


def test_a_hook_that_cannot_listen_is_begun_again(loops: Loops) -> None:
    """A port that is in use is told, and over once something is taken."""
    hook = ToyHook([batch_of(0, ids_of(0, 2))], [TransportError("the port is in use")])
    wait = Waiting(loops.stop, 9)
    PushThread(hook, shard_of(loops, wait), lambda _: None).run()
    assert (wait.pauses, hook.answers, open_kinds(loops)) == ([PAUSE], [2], [])


@dataclass
class FullDisk:
    """Stands in for a method of the register that writes: there is no room for what it would note."""

    calls: int = 0

    def __call__(self, *_: object, **__: object) -> None:
        self.calls += 1
        raise DiskFull("no room")


@pytest.mark.parametrize("trouble", [TransportError("cut"), ZeroDivisionError("by zero")])
def test_a_stream_goes_on_where_its_failure_cannot_be_noted(
    loops: Loops, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is waited out: it ends neither the thread nor the process."""
    monkeypatch.setattr(loops.problems, "report", full := FullDisk())
    wait = Waiting(loops.stop, 9)
    StreamThread(TroubledStream(loops.stop, [trouble]), shard_of(loops, wait)).run()
    assert (wait.pauses, full.calls) == ([FULL_DISK_PAUSE], 1)
    assert loops.ingest().cursor("acme/stream") == "2"


def test_a_sender_hears_of_a_commit_after_which_the_disk_is_full(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """That an earlier failure is over cannot be noted then; a sender that heard of a failure would send the batch again."""
    loops.problems.report("source-failed", "acme/hook", "the port was in use")
    monkeypatch.setattr(loops.problems, "over", full := FullDisk())
    hook = ToyHook([batch_of(0, ids_of(0, 2))])
    PushThread(hook, shard_of(loops, Waiting(loops.stop, 9)), lambda _: None).run()
    assert (hook.answers, full.calls) == ([2], 1)


def test_a_sender_hears_of_a_fault_that_cannot_be_noted(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what a source is promised, and not that the disk is full."""
    monkeypatch.setattr(loops.problems, "report", FullDisk())

    def prepare(_: Batch) -> object:
        raise ZeroDivisionError("by zero")

    steps = replace(plain_steps(), prepare=prepare)  # type: ignore[arg-type]
    hook = ToyHook([batch_of(0, ids_of(0, 2))])
    PushThread(hook, shard_of(loops, Waiting(loops.stop, 9), steps=steps), lambda _: None).run()
    (refused,) = hook.answers
    assert isinstance(refused, PushError)
    assert refused.retry_after == FULL_DISK_PAUSE


def test_a_tick_that_fails_is_left_out_while_its_pause_lasts(loops: Loops) -> None:
    """The fault stays with its shard: it is told, tried again after the pause, and over after a good tick."""
    now, ticks = [0.0], []
    faults = PassFaults(loops.problems, steady=lambda: now[0], jitter=lambda: 1.0)

    def tick() -> None:
        ticks.append(now[0])
        if len(ticks) < 3:
            raise ZeroDivisionError

    for now[0] in (0.0, 0.5, 1.0, 2.5, 3.0):
        faults.run("tick", tick)
        assert open_kinds(loops) == ([] if now[0] == 3.0 else ["pass-failed"])
    assert ticks == [0.0, 1.0, 3.0]
