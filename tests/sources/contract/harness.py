"""What the contract suite needs of a source and its other side.

A new source joins with one file here: a class of this Protocol, with a real server at the other end, and its entry in
`members.py`. What a harness gives is taken as soon as the source is run: there is no time to wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from agent.model import Batch
from agent.source import ContinuousSource, PolledSource, PushedSource, Recall

AnySource = PolledSource | ContinuousSource | PushedSource


class SourceHarness(Protocol):
    """One source and its other side. Rows are told apart by a label, a word of theirs."""

    settings: Any
    """From which the source is built: a member of the union of settings; None for a toy."""

    def source(self, recall: Recall) -> AnySource:
        """A new object, as a new process makes it: with connections, sessions and tokens of its own."""
        ...

    def begin_anew(self) -> None:
        """The other side has nothing, works well, and has forgotten what it gave."""
        ...

    def give(self, *inputs: Sequence[str]) -> None:
        """Add rows by their labels; an input is a file, a page or a request. Ten rows of 50 bytes are several batches."""
        ...

    def give_tied(self, *inputs: Sequence[str]) -> None:
        """As `give`, with the very time of what was given before, and sorted before it where the other side sorts."""
        ...

    def give_malformed(self, *labels: str) -> bytes:
        """As `give` one input, with a record after the first row that cannot be read; returns that record."""
        ...

    def labels(self, batch: Batch) -> list[str]:
        """Of the rows of a batch."""
        ...

    def expire(self) -> None:
        """The other side does not know the token any more that it gave."""
        ...

    def fail(self) -> None:
        """Whatever is asked is refused, as in an outage."""
        ...

    def hang(self) -> threading.Event:
        """Whatever is asked is never answered. The event is set once the source waits for it."""
        ...

    def recover(self) -> None:
        """The end of `fail` and of `hang`."""
        ...

    def interrupt(self) -> None:
        """What a stop of Leakline does besides setting the stop event: it closes sessions."""
        ...

    def left_behind(self) -> list[str]:
        """Files and threads that a source, which is not run any more, has not given up."""
        ...


@dataclass(frozen=True, slots=True)
class SenderAnswer:
    """What a sender hears; `status` as in HTTP, 0 where the connection ended without an answer."""

    status: int
    retry_after: float | None = None


@runtime_checkable
class SenderHarness(Protocol):
    """What the harness of a pushed source can do besides."""

    def deliver(self, copies: int = 1) -> list[SenderAnswer]:
        """Send each input that was not answered with success, `copies` times at once. Called while the source is served."""
        ...

    def forget_answers(self) -> None:
        """The sender did not hear them: it sends everything again."""
        ...
