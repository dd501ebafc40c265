"""Work ahead of its use."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from agent.errors import LeaklineError
from agent.hunt.parallel import THREADS, ahead


def test_order_is_kept_where_later_pieces_are_done_first() -> None:
    """A piece that takes long is waited for."""
    second = threading.Event()

    def work(piece: int) -> int:
        if piece == 0 and THREADS > 1:
            assert second.wait(60)
        if piece == 1:
            second.set()
        return piece

    assert list(ahead(iter(range(20)), work)) == list(range(20))


def test_an_error_of_the_source_comes_after_the_pieces_before_it() -> None:
    """What was read of a file that breaks off is judged."""

    def pieces() -> Iterator[int]:
        yield from range(1, 5)
        raise LeaklineError("the file breaks off")

    taken = []
    with pytest.raises(LeaklineError, match="breaks off"):
        for piece in ahead(pieces(), lambda piece: piece):
            taken.append(piece)
    assert taken == [1, 2, 3, 4]


def test_an_error_of_the_work_comes_at_its_place() -> None:
    """The pieces before the one that fails are handed out."""
    taken: list[float] = []
    with pytest.raises(ZeroDivisionError):
        for result in ahead(iter([1, 2, 0, 3]), lambda piece: 2 / piece):
            taken.append(result)
    assert taken == [2.0, 1.0]


def test_work_that_is_not_safe_for_threads_is_a_stage() -> None:
    """By one thread, in order, while pieces are got by another."""
    workers: set[int] = set()

    def work(piece: int) -> int:
        workers.add(threading.get_ident())
        return piece

    assert list(ahead(ahead(iter(range(9)), work, 1), lambda piece: -piece, 1)) == [-piece for piece in range(9)]
    assert len(workers - {threading.get_ident()}) == 1 == len(workers)


def test_few_pieces_are_held() -> None:
    """A source is read no further than the threads need."""
    source = itertools.count(1)
    results = ahead(source, lambda piece: piece)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert next(source) <= THREADS + 2


INTERRUPTED = """
import itertools, os, signal, sys, threading, time, traceback
from agent.hunt.parallel import THREADS, ahead

begun, all_busy, main = [], threading.Barrier(THREADS), threading.get_ident()

def work(piece):
    begun.append(piece)
    if piece < THREADS:
        if all_busy.wait(60) == 0:
            time.sleep(0.5)  # until the next piece waits for its turn
            os.kill(os.getpid(), signal.SIGINT)
        while not any(frame.f_code.co_name == "join" for frame, _ in traceback.walk_stack(sys._current_frames()[main])):
            time.sleep(0.01)

try:
    list(ahead(itertools.count(), work))
except KeyboardInterrupt:
    print(len(begun) - THREADS)
"""


def test_what_waits_is_not_begun_after_an_interrupt() -> None:
    """Control-C waits for the pieces that are being worked on, and for no others."""
    assert subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=True).stdout == b"0\n"
