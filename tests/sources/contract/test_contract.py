"""What every source promises (`agent.source`), whatever is at its other side."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import SimpleQueue

import polars as pl
import pytest

from agent.errors import SourceError
from agent.model import Batch
from agent.source import ContinuousSource, PolledSource
from tests.sources.contract.harness import AnySource, SourceHarness
from tests.sources.contract.members import LISTENED, MEMBERS, of_kind
from tests.sources.contract.scenario import INPUTS, begin, crash, never, nth_time, undisturbed
from tests.sources.contract.source_loop import PATIENCE, Crash, SourceLoop

every = pytest.mark.parametrize("harness", list(MEMBERS), indirect=True)
that_asks = pytest.mark.parametrize("harness", of_kind(PolledSource, ContinuousSource), indirect=True)
"""A new test is for `every` source, unless the promise is of one kind alone."""
that_keeps_the_unreadable = pytest.mark.parametrize(
    "harness", [name for name in MEMBERS if name not in LISTENED], indirect=True
)
"""Of senders that are refused nothing is kept: they send it again once it is right."""


@pytest.mark.parametrize("is_new", [True, False], ids=["new object", "same object"])
@pytest.mark.parametrize("end", ["stop", "crash before commit", "crash after commit"])
@every
def test_reading_goes_on_behind_any_batch(harness: SourceHarness, end: str, is_new: bool) -> None:
    """Wherever a pass ends, the next one takes exactly what is missing, under the ids it would have had."""
    _assert_reading_goes_on(harness, end, is_new, ahead=0)


@pytest.mark.parametrize("is_new", [True, False], ids=["new object", "same object"])
@pytest.mark.parametrize("end", ["stop", "crash before commit", "crash after commit"])
@pytest.mark.parametrize("harness", of_kind(PolledSource), indirect=True)
def test_reading_ahead_goes_on_behind_any_batch(harness: SourceHarness, end: str, is_new: bool) -> None:
    """The same where batches are asked for before those ahead of them are committed."""
    _assert_reading_goes_on(harness, end, is_new, ahead=3)


def _assert_reading_goes_on(harness: SourceHarness, end: str, is_new: bool, ahead: int) -> None:
    whole = undisturbed(harness, *INPUTS)
    assert len(whole.batches) > 2 * len(INPUTS)
    for number in range(1, len(whole.batches) + 1):
        loop = begin(harness, *INPUTS)
        loop.ahead = ahead
        source = loop.new_source()
        if end == "crash before commit":
            loop.before = nth_time(number, crash)
        else:
            loop.after = nth_time(number, crash if end == "crash after commit" else loop.stop.set)
        with suppress(Crash):
            loop.run(source)
        assert len(loop.batches) == (number - 1 if end == "crash before commit" else number)
        loop.run(None if is_new else source)
        assert loop.rows() == whole.rows()


@every
def test_each_batch_may_be_the_last_of_its_process(harness: SourceHarness) -> None:
    """A process that ends after every commit gets on, and comes to the end."""
    whole = undisturbed(harness, *INPUTS)
    loop = begin(harness, *INPUTS)
    for _ in whole.batches:
        loop.after = nth_time(1, crash)
        with suppress(Crash):
            loop.run()
    loop.after = never
    loop.run()
    assert loop.rows() == whole.rows()


@every
def test_a_batch_that_did_not_commit_comes_again_as_it_was(harness: SourceHarness) -> None:
    """Another object with the same cursor and memory brings the same rows next, however often they fail."""
    whole = undisturbed(harness, *INPUTS)
    loop = begin(harness, *INPUTS)
    tried: list[Batch] = []

    def fail(batch: Batch) -> None:
        tried.append(batch)
        raise Crash

    for batch in whole.batches:
        loop.before, loop.after = fail, nth_time(1, crash)
        for _ in range(2):
            with pytest.raises(Crash):
                loop.run()
            assert loop.rows_of(tried[-1]) == loop.rows_of(batch)
        loop.before = never
        with pytest.raises(Crash):
            loop.run()
    assert len(tried) == 2 * len(whole.batches)
    assert loop.rows() == whole.rows()


@every
def test_nothing_to_take_is_a_good_pass(harness: SourceHarness) -> None:
    """An empty answer brings no rows and hides none that come later; neither does a pass after the last row."""
    loop = begin(harness)
    loop.run()
    assert loop.rows() == []
    harness.give(["first", "second"])
    loop.run()
    assert [label for label, _ in loop.rows()] == ["first", "second"]
    loop.run()
    assert len(loop.rows()) == 2


@every
def test_what_has_one_time_is_told_apart(harness: SourceHarness) -> None:
    """Inputs of one moment come each once, those that show up when others of that moment are read included."""
    for number in range(1, 4):
        loop = begin(harness, INPUTS[0])
        loop.after = nth_time(number, crash)
        with suppress(Crash):
            loop.run()
        loop.after = never
        harness.give_tied(["late one", "late two"], ["late three"])
        harness.give(["next"])
        loop.run()
        loop.run()
        expected = [*INPUTS[0], "late one", "late two", "late three", "next"]
        assert sorted(label for label, _ in loop.rows()) == sorted(expected)


@that_keeps_the_unreadable
def test_a_record_that_cannot_be_read_is_rejected_once(harness: SourceHarness) -> None:
    """It is kept as it came, with a reason; the records around it are taken, wherever the pass ends."""
    for number in range(4):
        loop = begin(harness)
        raw = harness.give_malformed("before", *INPUTS[0])
        harness.give(["after"])
        loop.after = nth_time(number, crash)
        with suppress(Crash):
            loop.run()
        loop.after = never
        loop.run()
        assert sorted(label for label, _ in loop.rows()) == sorted(["before", *INPUTS[0], "after"])
        (rejection,) = loop.rejections()
        assert (rejection.raw, bool(rejection.reason)) == (raw, True)


@that_asks
def test_a_token_that_expires_is_renewed(harness: SourceHarness) -> None:
    """Before the first row or behind any batch: the pass goes on with a new token, and loses nothing."""
    whole = undisturbed(harness, *INPUTS)
    for number in range(len(whole.batches) + 1):
        loop = begin(harness, *INPUTS)
        source = loop.new_source()
        harness.expire()
        loop.after = nth_time(number, harness.expire)
        loop.run(source)
        assert loop.rows() == whole.rows()


@that_asks
def test_an_outage_leaves_the_cursor(harness: SourceHarness) -> None:
    """SourceError, nothing committed; when it is over, the same object takes everything."""
    loop = begin(harness, *INPUTS)
    source = loop.new_source()
    harness.fail()
    for _ in range(3):
        with pytest.raises(SourceError):
            loop.run(source)
        assert (loop.cursor, loop.memory, loop.batches) == (None, {}, [])
    harness.recover()
    loop.run(source)
    assert loop.rows() == undisturbed(harness, *INPUTS).rows()


@that_asks
def test_an_outage_in_between_loses_nothing(harness: SourceHarness) -> None:
    """Behind any batch; in turns an object that goes on takes the rest, and a new one."""
    whole = undisturbed(harness, *INPUTS)
    failed = 0
    for number in range(1, len(whole.batches)):
        loop = begin(harness, *INPUTS)
        source = loop.new_source()
        loop.after = nth_time(number, harness.fail)
        try:
            loop.run(source)
        except SourceError:
            failed += 1
        harness.recover()
        loop.run(None if number % 2 else source)
        assert loop.rows() == whole.rows()
    assert failed > 0


@pytest.mark.parametrize("number", [0, 1], ids=["at once", "behind a batch"])
@every
def test_a_stop_ends_waiting(harness: SourceHarness, number: int) -> None:
    """A source whose other side does not answer any more ends when it is told to, with nothing half done."""
    whole = undisturbed(harness, *INPUTS)
    loop = begin(harness, *INPUTS)
    source = loop.new_source()
    waits: SimpleQueue[threading.Event] = SimpleQueue()
    hang = nth_time(1, lambda: waits.put(harness.hang()))
    if number == 0:
        hang(Batch("", "", "", pl.DataFrame()))
    loop.after = hang
    thread = threading.Thread(target=_run_on, args=(loop, source))
    thread.start()
    assert waits.get(timeout=PATIENCE).wait(PATIENCE)
    loop.stop.set()
    harness.interrupt()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    harness.recover()
    loop.run()
    assert loop.rows() == whole.rows()


def _run_on(loop: SourceLoop, source: AnySource) -> None:
    with suppress(SourceError):
        loop.run(source, waits=True)
