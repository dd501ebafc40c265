"""Several downloads at once, handed over in order, so that reading never waits for one round trip after the other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from agent.errors import SourceError
from agent.sources.event_log_file.download import Download
from agent.sources.event_log_file.listed_file import ListedFile

Fetch = Callable[[ListedFile, threading.Event], Download]


def download_ahead(
    files: Sequence[ListedFile], fetch: Fetch, *, parallel: int, most_bytes: int
) -> Generator[tuple[ListedFile, Download | SourceError]]:
    """Each of `files` with its download, or with why there is none.

    A download's file is closed when the next one is asked for. At most `most_bytes` (as listed) lie ahead, and at
    least one file. Closing the generator ends the downloads.
    """
    ahead = _DownloadQueue(fetch, parallel, most_bytes)
    try:
        waiting = deque(files)
        while waiting or ahead.queue:
            while waiting and ahead.has_room_for(waiting[0]):
                ahead.begin(waiting.popleft())
            listed, result = ahead.next()
            try:
                yield listed, result
            finally:
                if isinstance(result, Download):
                    result.file.close()
    finally:
        ahead.close()


class _DownloadQueue:
    def __init__(self, fetch: Fetch, parallel: int, most_bytes: int) -> None:
        self.queue: deque[tuple[ListedFile, Future[Download]]] = deque()
        self._fetch = fetch
        self._most = 2 * parallel
        self._most_bytes = most_bytes
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="download")

    def has_room_for(self, listed: ListedFile) -> bool:
        held = sum(file.length for file, _ in self.queue)
        return not self.queue or (len(self.queue) < self._most and held + listed.length <= self._most_bytes)

    def begin(self, listed: ListedFile) -> None:
        self.queue.append((listed, self._pool.submit(self._fetch, listed, self._stop)))

    def next(self) -> tuple[ListedFile, Download | SourceError]:
        listed, future = self.queue.popleft()
        try:
            return listed, future.result()
        except SourceError as error:
            return listed, error

    def close(self) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for _, future in self.queue:
            if not future.cancelled() and future.exception() is None:
                future.result().file.close()
