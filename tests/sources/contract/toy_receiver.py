"""A pushed source as small as can be, so that this kind is held to its Protocol before there is a real one.

Its senders put requests into a mailbox, in the same process, and wait for the answer.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from agent.errors import NoRoom, PushError
from agent.model import Batch, Rejection
from agent.source import Push, Recall
from tests.sources.contract.harness import SenderAnswer

NO_ANSWER = SenderAnswer(0)
MALFORMED = b"\xff not a row"


@dataclass
class Request:
    """What a sender sends: rows under an id of its own; None stands for one that cannot be read."""

    id: str
    rows: Sequence[str | None]
    answer: Future[SenderAnswer] = field(default_factory=Future)


class Mailbox:
    """Where a receiver takes requests while it is open."""

    def __init__(self) -> None:
        self.waits = threading.Event()
        """Set once a receiver has waited in vain."""
        self.opened = threading.Event()
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._gone: Future[None] = Future()

    def open(self) -> None:
        self._requests = queue.SimpleQueue()
        self._gone = Future()
        self.opened.set()

    def close(self) -> None:
        """Whoever waits for an answer learns that there is none."""
        self.opened.clear()
        self._gone.set_result(None)

    def send(self, request: Request) -> SenderAnswer:
        """Waits for the answer as long as the receiver is there."""
        self._requests.put(request)
        ends: list[Future[Any]] = [request.answer, self._gone]
        wait(ends, return_when=FIRST_COMPLETED)
        return request.answer.result() if request.answer.done() else NO_ANSWER

    def take(self, stop: threading.Event) -> Request | None:
        """The next request; None once stopped."""
        while not stop.is_set():
            try:
                return self._requests.get(timeout=0.01)
            except queue.Empty:
                self.waits.set()
        return None


class ToyReceiver:
    """A source (`agent.source.PushedSource`) that remembers each request that it took by its sender's id."""

    def __init__(self, mailbox: Mailbox, recall: Recall) -> None:
        self.name = "acme/toy_receiver"
        self._mailbox = mailbox
        self._recall = recall

    def serve(self, push: Push, stop: threading.Event) -> None:
        """See `agent.source.PushedSource`."""
        self._mailbox.open()
        try:
            while (request := self._mailbox.take(stop)) is not None:
                request.answer.set_result(self._answer(request, push))
        finally:
            self._mailbox.close()

    def _answer(self, request: Request, push: Push) -> SenderAnswer:
        if not request.rows or self._recall(f"taken/{request.id}") is not None:
            return SenderAnswer(200)
        try:
            push(_batch(request))
        except NoRoom as error:
            return SenderAnswer(429, error.retry_after)
        except PushError as error:
            return SenderAnswer(503, error.retry_after)
        return SenderAnswer(200)


def _batch(request: Request) -> Batch:
    good = [(number, text) for number, text in enumerate(request.rows) if text is not None]
    frame = pl.DataFrame(
        {"TEXT": [text for _, text in good], "event.id": [_event_id(request.id, number) for number, _ in good]},
        schema={"TEXT": pl.String, "event.id": pl.String},
    )
    rejections = [
        Rejection("acme", "toy_receiver", "Toy", request.id, number + 1, "not a row", MALFORMED)
        for number, text in enumerate(request.rows)
        if text is None
    ]
    remember = {f"taken/{request.id}": b"1"}
    return Batch("acme", "toy_receiver", "Toy", frame, remember=remember, rejections=rejections)


def _event_id(request: str, number: int) -> str:
    return hashlib.blake2b(f"{request} {number}".encode(), digest_size=16).hexdigest()


class ToyReceiverHarness:
    """`SourceHarness` and `SenderHarness` of `ToyReceiver`. A request has three rows of an input, the last one fewer."""

    settings = None

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        self._mailbox = Mailbox()
        self._number = 0
        self._to_send: dict[str, Sequence[str | None]] = {}
        self._taken: set[str] = set()

    def source(self, recall: Recall) -> ToyReceiver:
        return ToyReceiver(self._mailbox, recall)

    def give(self, *inputs: Sequence[str]) -> None:
        for labels in inputs:
            for begin in range(0, len(labels), 3):
                self._send_later(labels[begin : begin + 3])

    give_tied = give

    def give_malformed(self, *labels: str) -> bytes:
        self._send_later([labels[0], None, *labels[1:]])
        return MALFORMED

    def deliver(self, copies: int = 1) -> list[SenderAnswer]:
        answers: list[SenderAnswer] = []
        self._mailbox.opened.wait()
        with ThreadPoolExecutor(copies) as pool:
            for id_, rows in self._to_send.items():
                if id_ not in self._taken:
                    answers += pool.map(self._mailbox.send, [Request(id_, rows) for _ in range(copies)])
                    self._taken |= {id_} if answers[-1].status == 200 else set()
        return answers

    def forget_answers(self) -> None:
        self._taken.clear()

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["TEXT"].to_list()

    def expire(self) -> None:
        """Nobody signs in here."""

    def fail(self) -> None:
        """Nobody is asked here."""

    def hang(self) -> threading.Event:
        """No sender sends; the receiver waits."""
        return self._mailbox.waits

    def recover(self) -> None:
        """Nothing failed."""

    def interrupt(self) -> None:
        """Nothing besides the stop event."""

    def left_behind(self) -> list[str]:
        return []

    def _send_later(self, rows: Sequence[str | None]) -> None:
        self._number += 1
        self._to_send[f"request {self._number}"] = rows
