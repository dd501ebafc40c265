"""The ends of commits, brought from the threads of the sources to the listener's.

Many requests are committed together, so they end together: the listener is woken once for all of them, and one look a second
says which have waited too long, in place of a timer for each.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future

LOOK_SECONDS = 1.0


class CommitAnswers:
    """Of one listener; on its thread, but for what the sources call."""

    def __init__(self) -> None:
        self._waiting = deque[tuple[float, asyncio.Future[None]]]()
        """When each has waited too long, in the order in which they came."""
        self._looks: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._ended: list[tuple[asyncio.Future[None], Future[None]]] = []
        """Written by any thread."""

    async def of(self, commit: Future[None], seconds: float) -> None:
        """Returns once it is done. Raises what it ended with, and TimeoutError about `seconds` from now, which are the same
        for all; the commit then goes on.
        """
        if commit.done():
            commit.result()
            return
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin(loop)
        answer: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop.time() + seconds, answer))
        if self._looks is None:
            self._looks = loop.call_later(LOOK_SECONDS, self._look, loop)
        commit.add_done_callback(lambda done: self._note(loop, answer, done))
        await answer

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """A listener that was opened again: nobody waits on the loop of the one before it."""
        with self._lock:
            self._loop, self._looks, self._ended = loop, None, []
        self._waiting.clear()

    def _note(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[None], done: Future[None]) -> None:
        with self._lock:
            if loop is not self._loop:
                return
            is_first = not self._ended
            self._ended.append((answer, done))
        if is_first and not loop.is_closed():
            loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        with self._lock:
            ended, self._ended = self._ended, []
        for answer, commit in ended:
            if answer.done():
                continue
            if (error := commit.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= loop.time()):
            answer = self._waiting.popleft()[1]
            if not answer.done():
                answer.set_exception(TimeoutError())
        self._looks = loop.call_later(LOOK_SECONDS, self._look, loop) if self._waiting else None
