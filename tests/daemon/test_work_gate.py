"""What is waited for before an org is built anew: who works on it, and the order to stop."""

from __future__ import annotations

import threading
import time

from agent.assembly.shard import StopEvent
from agent.daemon.reading.work_gate import WorkGate


def test_a_gate_is_empty_once_those_inside_have_left() -> None:
    """Nobody comes in after it was closed; a thread that is inside twice counts until it has left twice."""
    gate = WorkGate()
    leave, inside = threading.Event(), threading.Event()

    def work() -> None:
        with gate.entered(), gate.entered():
            inside.set()
            leave.wait(60)

    worker = threading.Thread(target=work)
    worker.start()
    assert inside.wait(60)
    gate.close()
    with gate.entered() as may_work:
        assert not may_work
    assert gate.threads == [worker.ident]
    assert not gate.wait_empty(time.monotonic())
    leave.set()
    assert gate.wait_empty(time.monotonic() + 60)
    worker.join()


def test_the_order_to_stop_reaches_its_parts_and_no_part_another() -> None:
    """Also a part that is made after it."""
    stop = StopEvent()
    first, second = stop.part(), stop.part()
    first.set()
    assert not second.is_set()
    assert not stop.is_set()
    third = stop.part()
    stop.set()
    assert second.is_set()
    assert third.is_set()
    assert stop.part().is_set()
