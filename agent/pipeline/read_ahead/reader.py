"""A polled source that is read ahead: while a batch is prepared and committed, the next ones are downloaded, parsed and hashed;
large ones are prepared as well.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator

from agent.model import Batch
from agent.pipeline.read_ahead.batch_group import MOST_BATCHES, fits, is_large
from agent.pipeline.read_ahead.pending_memory import PendingMemory

MOST_BYTES = 4 << 20
"""Estimated bytes of batches that wait: about one of 4 MB, beside the one that the reader has in hand. More brings nothing, for
reading and committing a large batch take alike; memory grows by what waits.
"""


class ReadAhead:
    """One pass over a source. The generator is asked in a thread of its own from the second batch on: a pass that brings
    nothing starts none.
    """

    def __init__(
        self,
        batches: Generator[Batch],
        memory: PendingMemory,
        name: str = "read ahead",
        prepare: Callable[[Batch], Batch] = lambda batch: batch,
    ) -> None:
        """`memory`: what the source recalls, which learns of each batch before the next one is asked for; `prepare`: what
        is done with a large batch in the thread that reads, which raises nothing. Small ones are handed out as they are, so
        that many wait when a group is made.
        """
        self._batches = batches
        self._memory = memory
        self._prepare = prepare
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._waiting: deque[tuple[Batch, int]] = deque()
        """Batches with their bytes."""
        self._changed = threading.Condition()
        self._is_over = False
        self._is_closed = False
        self._error: BaseException | None = None

    @property
    def thread(self) -> int | None:
        """The number of the thread that reads; None while the caller of `next_group` does."""
        return self._thread.ident

    def next_group(self) -> list[Batch]:
        """What is there now and may commit together, at least one batch, for which it waits; none at the end of the pass.

        What the source raises is raised here, once all batches before it were handed out.
        """
        if self._thread.ident is None:
            return self._first()
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            group: list[Batch] = []
            while self._waiting and fits(group, self._waiting[0][0]):
                group.append(self._waiting.popleft()[0])
            self._changed.notify_all()
        if not group and self._error is not None:
            raise self._error
        return group

    def end(self) -> None:
        """Nothing more is wanted: the generator is closed where it stands next, which nobody waits for here."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Close the generator, which waits for what it waits for; what was not committed is forgotten."""
        self.end()
        if self._thread.ident is None:
            self._batches.close()
        else:
            self._thread.join()
        self._memory.clear()

    def _first(self) -> list[Batch]:
        for batch in self._batches:
            self._memory.add(batch.remember)
            self._thread.start()
            return [batch]
        return []

    def _read(self) -> None:
        try:
            for batch in self._batches:
                self._memory.add(batch.remember)
                if self._is_closed or not self._hand_over(self._prepare(batch) if is_large(batch) else batch):
                    break
            self._batches.close()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
            self._error = error
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _hand_over(self, batch: Batch) -> bool:
        """Wait until there is room for the batch; false when none is wanted any more."""
        size = _bytes_of(batch)
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room_for(size))
            if self._is_closed:
                return False
            self._waiting.append((batch, size))
            self._changed.notify_all()
            return True

    def _has_room_for(self, size: int) -> bool:
        held = sum(bytes_held for _, bytes_held in self._waiting)
        return not self._waiting or (len(self._waiting) < MOST_BATCHES and held + size <= MOST_BYTES)


def _bytes_of(batch: Batch) -> int:
    """Estimated. A batch of malformed records, or of rows that were taken before, has all of its bytes beside its frame."""
    rejected = sum(len(rejection.raw) for rejection in batch.rejections)
    remembered = sum(len(value) for value in batch.remember.values() if value)
    frame = batch.early.prepared if batch.early else batch.frame  # prepared, it has the columns of before as well
    return int(frame.estimated_size()) + rejected + remembered
