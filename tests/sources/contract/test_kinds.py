"""What sources of one kind promise beside the contract of all (`test_contract`)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.errors import NoRoom, PushError, Shutdown
from agent.source import ContinuousSource, Idle, PolledSource, PushedSource
from tests.sources.contract.harness import SenderAnswer, SenderHarness, SourceHarness
from tests.sources.contract.members import of_kind
from tests.sources.contract.scenario import INPUTS, begin, crash, never, nth_time, undisturbed
from tests.sources.contract.source_loop import PATIENCE, Crash

that_is_polled = pytest.mark.parametrize("harness", of_kind(PolledSource), indirect=True)
that_streams = pytest.mark.parametrize("harness", of_kind(ContinuousSource), indirect=True)
that_is_sent_to = pytest.mark.parametrize("harness", of_kind(PushedSource), indirect=True)


@that_is_polled
def test_a_polled_source_knows_a_batch_once_it_is_committed(harness: SourceHarness) -> None:
    """What a batch asked to remember is recalled by the time the next one is asked for; nothing else is written."""
    loop = begin(harness, *INPUTS)
    source = loop.new_source()
    assert isinstance(source, PolledSource)
    batches = source.read(None)
    first = next(batches)
    batches.close()
    assert (loop.memory, loop.cursor) == ({}, None)
    loop.run(source)
    assert loop.rows_of(loop.batches[0]) == loop.rows_of(first)
    assert loop.cursor == loop.batches[-1].cursor


@that_streams
def test_a_stream_may_be_committed_when_it_is_idle(harness: SourceHarness) -> None:
    """Batches that are held until then are lost with the process, and come again."""
    whole = undisturbed(harness, *INPUTS)
    for number in range(1, len(whole.batches) + 1):
        loop = begin(harness, *INPUTS)
        loop.before = nth_time(number, crash)
        with pytest.raises(Crash):
            loop.run(together=True)
        assert len(loop.batches) == number - 1
        loop.before = never
        loop.run(together=True)
        assert loop.rows() == whole.rows()


@that_streams
def test_a_stream_says_again_and_again_that_it_is_idle(harness: SourceHarness) -> None:
    """By that the loop knows that it is alive; what arrives later comes on the same stream."""
    loop = begin(harness)
    source = loop.new_source()
    assert isinstance(source, ContinuousSource)
    stop = threading.Event()
    items = source.stream(None, stop)
    assert [next(items) for _ in range(3)] == [Idle()] * 3
    harness.give(["first"])
    batch = next(item for item in items if not isinstance(item, Idle))
    assert harness.labels(batch) == ["first"]
    stop.set()
    assert not [item for item in items if not isinstance(item, Idle)]


@that_is_sent_to
@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (NoRoom("the spool is full", retry_after=30.0), SenderAnswer(429, 30.0)),
        (NoRoom("the disk is full"), SenderAnswer(429)),
        (Shutdown("Leakline is about to end", retry_after=5.0), SenderAnswer(503, 5.0)),
        (PushError("a step failed"), SenderAnswer(503)),
    ],
)
def test_a_push_that_did_not_happen_is_answered_so(
    harness: SourceHarness, error: PushError, answer: SenderAnswer
) -> None:
    """The sender hears when to come again, sends again, and is not taken for one whose rows are committed."""
    assert isinstance(harness, SenderHarness)
    loop = begin(harness, ["first", "second"])
    source = loop.new_source()
    assert isinstance(source, PushedSource)

    def refuse() -> None:
        raise error

    for expected in (answer, SenderAnswer(200)):
        loop.before = never if expected.status == 200 else nth_time(1, refuse)
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(source.serve, loop.commit, stop)
            assert harness.deliver() == [expected]
            stop.set()
            served.result(PATIENCE)
    assert [label for label, _ in loop.rows()] == ["first", "second"]


@that_is_sent_to
def test_copies_of_what_was_committed_are_answered_with_success(harness: SourceHarness) -> None:
    """Copies at once, and one that a new process hears, are told by the sender's id and not pushed again."""
    assert isinstance(harness, SenderHarness)
    whole = undisturbed(harness, *INPUTS)
    loop = begin(harness, *INPUTS)
    for copies in (3, 1):
        stop = threading.Event()
        source = loop.new_source()
        assert isinstance(source, PushedSource)
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(source.serve, loop.commit, stop)
            answers = harness.deliver(copies)
            stop.set()
            served.result(PATIENCE)
        assert set(answers) == {SenderAnswer(200)}
        harness.forget_answers()
        assert loop.rows() == whole.rows()
