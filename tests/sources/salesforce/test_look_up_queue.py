"""Who waits for a look-up, for how long, and what is asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.sources.salesforce.look_up_queue import MOST_AT_ONCE, LookUpQueue
from tests.sources.salesforce.look_up_threads import HeldThreads, NoPatience

ADA, BEN, APP = ("user", "ada"), ("user", "ben"), ("application", "loader")


class LookUps:
    """What was looked up, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, kind: str, ids: Sequence[str]) -> None:
        self.asked.append((kind, list(ids)))


class HangingOrg(LookUps):
    """Answers only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.answers = threading.Event(), threading.Event()

    def __call__(self, kind: str, ids: Sequence[str]) -> None:
        super().__call__(kind, ids)
        self.is_asked.set()
        assert self.answers.wait(30)


def test_a_quick_answer_is_waited_for() -> None:
    """When `wait_for` returns, the ids were looked up, in a thread that is not the caller's, and that thread is gone."""
    threads = []

    def look_up(kind: str, ids: Sequence[str]) -> None:
        threads.append(threading.current_thread())

    queue = LookUpQueue(look_up, patience=30)
    assert queue.wait_for([ADA, BEN]) == 0
    (thread,) = threads
    assert thread is not threading.current_thread()
    assert thread.daemon
    thread.join(30)
    assert not thread.is_alive()
    assert not queue.overdue


def test_ids_are_asked_for_once_though_two_want_them() -> None:
    """One thread asks, kind by kind, and what waits or is asked for already is not added again."""
    org, held, wait = LookUps(), HeldThreads(), NoPatience()
    queue = LookUpQueue(org, start=held.start, wait=wait)
    for keys in ([ADA], [ADA, BEN, APP], [APP]):
        queue.wait_for(keys)
    assert len(held.works) == 1
    held.run()
    assert org.asked == [("user", ["ada", "ben"]), ("application", ["loader"])]


def test_two_callers_wait_for_one_answer() -> None:
    """The second wants an id that is being asked for, and both go on with the answer."""
    org = HangingOrg()
    queue = LookUpQueue(org, patience=30)
    with ThreadPoolExecutor(2) as threads:
        callers = [threads.submit(queue.wait_for, [ADA])]
        assert org.is_asked.wait(30)
        callers.append(threads.submit(queue.wait_for, [ADA]))
        assert not any(caller.done() for caller in callers)
        org.answers.set()
        assert [caller.result(30) for caller in callers] == [0, 0]
    assert org.asked == [("user", ["ada"])]


def test_only_the_first_waits_for_an_org_that_hangs() -> None:
    """Once somebody gave up nobody waits, until the org was quick again; what was wanted meanwhile is asked for."""
    org, held, wait, seconds = LookUps(), HeldThreads(), NoPatience(), [0.0]

    def look_up(kind: str, ids: Sequence[str]) -> None:
        org(kind, ids)
        seconds[0] += 40 if ids == ["ada"] else 0.1

    queue = LookUpQueue(look_up, start=held.start, wait=wait, steady=lambda: seconds[0])
    queue.wait_for([ADA])
    was_overdue = queue.overdue
    queue.wait_for([APP])
    assert wait.waits == 1
    held.run()
    assert org.asked == [("user", ["ada"]), ("application", ["loader"])]
    assert (was_overdue, queue.overdue) == (True, False)
    queue.wait_for([BEN])
    assert wait.waits == 2


def test_an_org_that_was_slow_is_overdue_still() -> None:
    """An answer that came too late is no reason for the next batch to wait as long."""
    held, wait, seconds = HeldThreads(), NoPatience(), iter([0.0, 40.0])
    queue = LookUpQueue(LookUps(), start=held.start, wait=wait, steady=lambda: next(seconds))
    queue.wait_for([ADA])
    held.run()
    assert queue.overdue


def test_who_waits_is_freed_when_another_gives_up() -> None:
    """The org is overdue for all at the same moment."""
    org, gives_up = HangingOrg(), threading.Event()

    def wait(changed: threading.Condition, is_over: object, seconds: float) -> bool:
        if gives_up.is_set():
            return False
        gives_up.set()
        return changed.wait_for(is_over, 30)  # type: ignore[arg-type]

    queue = LookUpQueue(org, wait=wait)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(queue.wait_for, [ADA])
        assert gives_up.wait(30)
        queue.wait_for([BEN])
        first.result(30)
        org.answers.set()


def test_the_queue_is_bounded() -> None:
    """What finds no room is not asked for, and the caller knows how much that is."""
    org, held = LookUps(), HeldThreads()
    queue = LookUpQueue(org, start=held.start, wait=NoPatience(), most=2)
    assert queue.wait_for([ADA]) == 0
    assert queue.wait_for([ADA, BEN, APP, ("user", "eve")]) == 2
    held.run()
    assert org.asked == [("user", ["ada", "ben"])]


def test_many_ids_are_asked_for_in_parts() -> None:
    """So that answers are there part by part, and a failure costs one part."""
    org, held = LookUps(), HeldThreads()
    queue = LookUpQueue(org, start=held.start, wait=NoPatience())
    queue.wait_for([("user", f"{number}") for number in range(MOST_AT_ONCE + 1)])
    held.run()
    assert [len(ids) for _, ids in org.asked] == [MOST_AT_ONCE, 1]


def test_a_stop_frees_who_waits_and_asks_nothing_more() -> None:
    """After `close` nobody waits; what is being asked ends with its session, and nothing is asked after it."""
    org = HangingOrg()
    queue = LookUpQueue(org, patience=30)
    with ThreadPoolExecutor(1) as threads:
        caller = threads.submit(queue.wait_for, [ADA, APP])
        assert org.is_asked.wait(30)
        queue.close()
        assert caller.result(30) == 0
        org.answers.set()
    queue.wait_for([BEN])
    assert org.asked == [("user", ["ada"])]


def test_a_fault_is_raised_by_who_looks_something_up() -> None:
    """By the one that waits, or by the next if nobody does; once, and what waited is asked for when it is wanted again."""
    asked = LookUps()

    def look_up(kind: str, ids: Sequence[str]) -> None:
        asked(kind, ids)
        if ids == ["ada"]:
            raise ZeroDivisionError

    held = HeldThreads()
    with pytest.raises(ZeroDivisionError):
        LookUpQueue(look_up, patience=30).wait_for([ADA])
    queue = LookUpQueue(look_up, start=held.start, wait=NoPatience())
    queue.wait_for([ADA, APP])
    held.run()
    with pytest.raises(ZeroDivisionError):
        queue.wait_for([BEN])
    queue.wait_for([APP])
    held.run()
    assert asked.asked == [("user", ["ada"]), ("user", ["ada"]), ("application", ["loader"])]


def test_a_thread_that_cannot_start_is_tried_again() -> None:
    """The machine may have no room for threads for a while: the caller is told, and the next one begins anew."""
    org, full = LookUps(), [True]

    def start(work: object) -> None:
        if full.pop() if full else False:
            raise RuntimeError("can't start new thread")
        work()  # type: ignore[operator]

    queue = LookUpQueue(org, start=start)
    with pytest.raises(RuntimeError, match="new thread"):
        queue.wait_for([ADA])
    queue.wait_for([ADA])
    assert org.asked == [("user", ["ada"])]
