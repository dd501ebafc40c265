"""What a source is: three Protocols, told apart by who begins.

*Polled*: the schedule asks, the source answers with everything there is now, and ends. *Continuous*: the source holds a
connection and hands over what arrives until it is told to stop. *Pushed*: somebody else sends, and waits for an answer.

What holds for all three:

- **State.** All of it is the cursor (`after`) and what earlier batches asked to remember (`recall`). Both change only by
  the commit of a batch, in one transaction with its rows. What an object keeps besides may save work or count tries;
  losing it must lose nothing, for each process begins with new objects.
- **Atomicity.** A batch commits as a whole, with its cursor, `remember`, rejections and count of duplicates, or not at
  all. A batch without rows commits as well: so a cursor moves when the other side says that nothing came.
- **Failure.** `SourceError` says that the other side failed: it is expected, told as a problem and tried again. A person
  reads its text, so it says what to do. Any other exception is a fault of ours: it is counted, logged with its
  traceback, told, and tried again after growing pauses. Neither takes anything back that is committed.
- **Retry.** The loop's, never the source's: a source makes one attempt and raises. (A token that has expired is renewed
  within the attempt: Salesforce says so by refusing a call.) What cannot be read although it arrived becomes a
  `Rejection` of its batch, and the records around it are taken.
- **Time.** A source does not sleep. It waits for the other side only, with a deadline, and ends this waiting when it is
  told to stop.
- **Threads.** Sources of one org share its session and run beside each other; nothing here is called by two threads at
  once, unless it says so.

tests/sources/contract/ holds every source of the settings to this.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import polars as pl

from agent.model import Batch, Cursor
from agent.status_document import FeedStatus


class Recall(Protocol):
    """A source's read-only view of what its batches asked to remember: committed ones, and during a pass of a polled source
    those that this pass has yielded, which are not committed yet.

    Safe for threads. The keys are the source's own: two sources do not see each other's.
    """

    def __call__(self, key: str) -> bytes | None: ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Remembered keys that begin with `prefix`, in order."""
        ...


@runtime_checkable
class PolledSource(Protocol):
    """A source that is asked on a schedule: log files, records of an object."""

    name: str
    """Unique in the settings: `<org name>/<source type>`."""

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """Everything that is there now and lies behind `after` (None at the very first start), in batches.

        Called by one thread at a time, and anew for each pass: by the schedule, and soon after a fault. Nothing is asked
        of the other side before the first batch is. Within a pass the thread may change from one batch to the next.

        The pass is read ahead: a few batches are asked for before those ahead of them are committed. `recall` knows what
        all of them ask to remember, as if they were. Batches commit in the order in which they were yielded, several at
        once or one by one. The generator returns when there is nothing more for now; a pass without batches is a good
        one. What it raises ends the pass once all that it yielded before is committed.

        On a stop the loop closes the generator where it stands, at a `yield`: it gives up threads and files in `finally`
        and yields nothing more. A stop while it waits for the other side comes as the close of the org's session; then
        it raises SourceError. A pass is also ended like this when a batch could not be committed: that one and all that
        were yielded after it are forgotten by `recall`, and the next `read`, of this object or of a new one, begins at
        the last cursor that was committed. So an object keeps nothing that supposes that its batches were.
        """
        ...


@dataclass(frozen=True, slots=True)
class Idle:
    """A continuous source has handed over all that has arrived so far, and waits for more."""


@runtime_checkable
class ContinuousSource(Protocol):
    """A source that holds a connection and takes what arrives: a subscription."""

    name: str
    """Unique in the settings: `<org name>/<source type>`."""

    def stream(self, after: Cursor | None, stop: threading.Event) -> Generator[Batch | Idle]:
        """What arrives behind `after` (None: from now on), until `stop` is set.

        Called on a thread that Leakline keeps for this source. It ends in three ways: it returns soon (within seconds)
        after `stop` was set, whatever it waits for; it is closed at a `yield`; or it raises, `SourceError` also when the
        other side ended the connection. Then it is called again after a pause, with the last cursor that was committed.
        Without `stop` it does not return.

        It yields `Idle` whenever nothing more has arrived, and at least every 30 seconds while nothing does: by this the
        loop sees that it is alive, and knows the moment to commit. Batches commit in the order in which they were
        yielded, and all of them before anything is asked for behind an `Idle`. Until then the loop may hold several,
        so that a stream of single events does not cost a transaction each: `recall` may not know them yet, and what is
        in flight when the process ends comes again from the other side.

        Nothing is fetched ahead while the loop does not ask: a full spool holds the other side back.
        """
        ...


class Push(Protocol):
    """Hands in batches of several event types, or one, and returns after their commit, which is one for all.

    May be called by several threads at once; they wait for each other and for batches of the org's other sources, and
    what waits together may commit together.
    """

    def __call__(self, *batches: Batch) -> int:
        """The rows committed.

        Raises PushError when nothing of the batches was: NoRoom, Shutdown, or PushError itself after a fault of ours, which
        is counted and told already. Its sender is to send it again, after `retry_after` seconds where that is said. A batch
        that comes again after several faults is halved until the rows are found that cause them, as for any source.
        """
        ...


@runtime_checkable
class PushedSource(Protocol):
    """A source to which others send: webhooks."""

    name: str
    """Unique in the settings: `<org name>/<source type>`."""

    def serve(self, push: Push, stop: threading.Event) -> None:
        """Take what is sent, until `stop` is set; then take nothing new, answer what is in hand, and return.

        Called on a thread that Leakline keeps for this source; it may answer its senders on threads of its own, which have
        ended when it returns. Raises `SourceError` when it cannot listen (a port in use, a certificate that is not
        there), and is called again after a pause.

        A sender is answered with success only after `push` returned. PushError is answered, in HTTP's words: 429 for
        NoRoom, 503 for the others, with Retry-After where a time is named. The sender keeps what was not taken and sends it
        again: nobody else does. No other exception of `push` is to be caught.

        A sender that did not hear the answer sends again what was committed. The source tells such a copy by the sender's
        own id for it: the id is remembered with the batch (`Batch.remember`) and looked up with `recall` before the push;
        a copy is answered with success. Of two copies that arrive at once, the second waits for the first.
        """
        ...


@runtime_checkable
class HasFeeds(Protocol):
    """A source that takes from several places at once, one of which may fail while the others go on."""

    def feeds(self) -> Sequence[FeedStatus]:
        """How each of them is, while the source runs; may be called by any thread."""
        ...


@runtime_checkable
class FetchesAgain(Protocol):
    """A source that can read an input once more, for rows that were lost after they had been taken."""

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        """For each of `wanted` (`Int64`, record numbers, ascending) a batch with those of these rows that are there, under
        the ids they had the first time if they are the same. Nothing of what is remembered changes. May be called
        while the source is read, by another thread.

        Raises Gone when the input is not there any more, and what `read` raises; once `stop` is set, TransportError.
        """
        ...
