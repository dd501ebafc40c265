"""What waits is committed together, and each sender is answered with what became of its own request."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from agent.errors import NoRoom, PushError, Shutdown
from agent.model import Batch
from agent.normalize.vendor_identity import identify_named
from agent.source import Push
from agent.sources.inbound import source as inbound
from agent.sources.inbound.report import InboundReport, InboundRequest
from agent.sources.inbound.source import InboundReports

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)


class Nothing:
    def __call__(self, key: str) -> bytes | None:
        return None

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(())


def source() -> InboundReports:
    return InboundReports("acme", lambda: "00D", now=lambda: NOW, recall=Nothing(), naming=identify_named)


def request(*ids: str, event_type: str = "SyncFailure", sender: str = "middleware", size: int = 100) -> InboundRequest:
    return InboundRequest(sender, [InboundReport(id_, event_type, {"object": id_}) for id_ in ids], NOW, size)


@contextmanager
def serving(reports: InboundReports, push: Push) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=reports.serve, args=(push, stop))
    thread.start()
    try:
        while isinstance(answer(reports.submit(request())), Shutdown):
            pass
        yield
    finally:
        stop.set()
        thread.join()


def answer(future: Future[None]) -> BaseException | None:
    return future.exception(timeout=60)


def test_what_waits_is_committed_together_and_each_is_answered() -> None:
    """Requests that come while another is committed are one push, with a batch of each event type."""
    pushed: list[Batch] = []
    pushes: list[int] = []
    held, first = threading.Event(), threading.Event()

    def push(*batches: Batch) -> int:
        pushed.extend(batches)
        pushes.append(len(batches))
        first.set()
        held.wait(60)
        return sum(batch.frame.height for batch in batches)

    reports = source()
    with serving(reports, push):
        answers = [reports.submit(request("a"))]
        first.wait(60)
        answers += [reports.submit(request("b", "c")), reports.submit(request("d", event_type="ApiCall"))]
        held.set()
        assert [answer(future) for future in answers] == [None, None, None]
    assert [(batch.event_type, batch.frame["object"].to_list()) for batch in pushed] == [
        ("SyncFailure", ["a"]),
        ("SyncFailure", ["b", "c"]),
        ("ApiCall", ["d"]),
    ]
    assert pushes == [1, 2]


def test_a_report_has_the_same_id_whenever_it_is_sent() -> None:
    """A report is named by its sender and the sender's id, whatever else it says, and reports of two senders differ."""
    pushed: list[Batch] = []

    def push(*batches: Batch) -> int:
        pushed.extend(batches)
        return sum(batch.frame.height for batch in batches)

    reports = source()
    with serving(reports, push):
        for sent in (request("a"), request("a"), request("a", sender="erp"), request("b")):
            assert answer(reports.submit(sent)) is None
    ids = [id_ for batch in pushed for id_ in batch.frame["event.id"]]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("error", [NoRoom("full", retry_after=5), Shutdown("stopping")])
def test_all_learn_that_there_is_no_room(error: PushError) -> None:
    """Where nothing can be taken each request is answered with the reason."""

    def push(*batches: Batch) -> int:
        raise error

    reports = source()
    with serving(reports, push):
        assert answer(reports.submit(request("a"))) is error


def test_a_request_that_breaks_something_stops_no_other() -> None:
    """Requests that were together are tried one by one when a fault of ours ended the batch."""
    held = threading.Event()

    def push(*batches: Batch) -> int:
        held.wait(60)
        if any("bad" in batch.frame["object"].to_list() for batch in batches):
            raise PushError("a fault")
        return sum(batch.frame.height for batch in batches)

    reports = source()
    with serving(reports, push):
        answers = [reports.submit(request(label)) for label in ("first", "good", "bad", "fine")]
        held.set()
        assert [type(answer(future)) for future in answers] == [type(None), type(None), PushError, type(None)]


def test_a_fault_that_ends_the_source_leaves_nobody_waiting() -> None:
    """Of requests that are tried one by one, those behind the one at which the source ends are refused at once."""
    together = threading.Event()

    def push(*batches: Batch) -> int:
        together.wait(60)
        if sum(batch.frame.height for batch in batches) > 1:
            raise PushError("a fault")
        raise RuntimeError("the end")

    reports = source()
    ended: list[BaseException] = []

    def serve() -> None:
        try:
            reports.serve(push, threading.Event())
        except RuntimeError as error:
            ended.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    while (first := reports.submit(request("first", "and more"))).done():
        pass  # not served yet
    answers = [first, *(reports.submit(request(label)) for label in ("a", "b", "c"))]
    together.set()
    assert [type(answer(future)) for future in answers] == [PushError, Shutdown, Shutdown, Shutdown]
    thread.join(60)
    assert len(ended) == 1


def test_more_than_may_wait_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits has a bound, above which a sender is told to come back."""
    monkeypatch.setattr(inbound, "WAITING_REQUESTS", 2)
    held, first = threading.Event(), threading.Event()

    def push(*batches: Batch) -> int:
        first.set()
        held.wait(60)
        return sum(batch.frame.height for batch in batches)

    reports = source()
    with serving(reports, push):
        answers = [reports.submit(request("a"))]
        first.wait(60)
        answers += [reports.submit(request(label)) for label in ("b", "c", "d")]
        assert isinstance(answer(answers[-1]), NoRoom)
        held.set()
        assert [answer(future) for future in answers[:-1]] == [None, None, None]


def test_whoever_waits_at_the_end_is_told() -> None:
    """Before the source is served and after its end nothing is taken, and nobody waits for ever."""
    reports = source()
    assert isinstance(answer(reports.submit(request("a"))), Shutdown)
    with serving(reports, lambda *batches: len(batches)):
        pass
    assert isinstance(answer(reports.submit(request("a"))), Shutdown)
