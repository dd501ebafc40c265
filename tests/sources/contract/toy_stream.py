"""A continuous source as small as can be, so that this kind is held to its Protocol before there is a real one.

Its other side is a numbered list of messages, in the same process.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence

import polars as pl

from agent.errors import TransportError
from agent.model import Batch, Cursor, Rejection
from agent.source import Idle, Recall

MOST = 3
"""Messages of a batch."""


class TokenRefused(Exception):
    """The topic does not know the token (any more)."""


class Topic:
    """The other side: messages, numbered from 1; None stands for one that cannot be read."""

    def __init__(self) -> None:
        self.messages: list[str | None] = []
        self.token = 0
        self.failing = False
        self.hanging = False
        self.is_hung = threading.Event()

    def fetch(self, token: int, behind: int, stop: threading.Event) -> Sequence[str | None]:
        """Up to MOST messages behind a number."""
        if self.failing:
            raise TransportError("acme/toy_stream: the topic is away", hint="try again later")
        if token != self.token:
            raise TokenRefused
        if self.hanging:
            self.is_hung.set()
            stop.wait()
            return []
        return self.messages[behind : behind + MOST]


class ToyStream:
    """A source (`agent.source.ContinuousSource`). Its cursor is the number of the last message."""

    def __init__(self, topic: Topic) -> None:
        self.name = "acme/toy_stream"
        self._topic = topic
        self._token = topic.token

    def stream(self, after: Cursor | None, stop: threading.Event) -> Generator[Batch | Idle]:
        """See `agent.source.ContinuousSource`."""
        number = int(after) if after is not None else 0
        while not stop.is_set():
            messages = self._fetch(number, stop)
            if messages:
                number += len(messages)
                yield _batch(messages, number)
            else:
                yield Idle()
                stop.wait(0.01)

    def _fetch(self, behind: int, stop: threading.Event) -> Sequence[str | None]:
        try:
            return self._topic.fetch(self._token, behind, stop)
        except TokenRefused:
            self._token = self._topic.token
            return self._topic.fetch(self._token, behind, stop)


def _batch(messages: Sequence[str | None], last: int) -> Batch:
    numbered = list(enumerate(messages, last - len(messages) + 1))
    good = [(number, text) for number, text in numbered if text is not None]
    frame = pl.DataFrame(
        {"TEXT": [text for _, text in good], "event.id": [f"{number:032x}" for number, _ in good]},
        schema={"TEXT": pl.String, "event.id": pl.String},
    )
    rejections = [
        Rejection("acme", "toy_stream", "Toy", str(number), 0, "not a message", _raw(number))
        for number, text in numbered
        if text is None
    ]
    return Batch("acme", "toy_stream", "Toy", frame, cursor=Cursor(str(last)), rejections=rejections)


def _raw(number: int) -> bytes:
    return f"\xff{number}".encode("latin-1")


class ToyStreamHarness:
    """`SourceHarness` of `ToyStream`."""

    settings = None

    def __init__(self) -> None:
        self._topic = Topic()

    def source(self, recall: Recall) -> ToyStream:
        return ToyStream(self._topic)

    def begin_anew(self) -> None:
        self._topic = Topic()

    def give(self, *inputs: Sequence[str]) -> None:
        for labels in inputs:
            self._topic.messages += labels

    give_tied = give

    def give_malformed(self, *labels: str) -> bytes:
        self._topic.messages += [labels[0], None, *labels[1:]]
        return _raw(len(self._topic.messages) - len(labels) + 1)

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["TEXT"].to_list()

    def expire(self) -> None:
        self._topic.token += 1

    def fail(self) -> None:
        self._topic.failing = True

    def hang(self) -> threading.Event:
        self._topic.hanging = True
        return self._topic.is_hung

    def recover(self) -> None:
        self._topic.failing = self._topic.hanging = False

    def interrupt(self) -> None:
        """Nothing besides: the stop event reaches the topic."""

    def left_behind(self) -> list[str]:
        return []
