"""Who works on an org just now, so that its end can be waited for: nothing of it may run when it is built anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class WorkGate:
    """Open until it is closed, once. Safe for threads."""

    def __init__(self) -> None:
        self._inside: dict[int, int] = {}
        """By the thread's number, how often it is inside."""
        self._is_closed = False
        self._changed = threading.Condition()

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Whether the calling thread may work while it is inside; false once the gate is closed."""
        thread = threading.get_ident()
        with self._changed:
            may_work = not self._is_closed
            if may_work:
                self._inside[thread] = self._inside.get(thread, 0) + 1
        try:
            yield may_work
        finally:
            if may_work:
                self._leave(thread)

    def close(self) -> None:
        """Nobody comes in any more; those inside finish."""
        with self._changed:
            self._is_closed = True

    @property
    def threads(self) -> list[int]:
        """Numbers of those that are inside."""
        with self._changed:
            return list(self._inside)

    def wait_empty(self, until: float) -> bool:
        """Whether nobody is inside, which is waited for until this moment of `time.monotonic` at the latest."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside, max(0.0, until - time.monotonic()))

    def _leave(self, thread: int) -> None:
        with self._changed:
            self._inside[thread] -= 1
            if not self._inside[thread]:
                del self._inside[thread]
            self._changed.notify_all()
