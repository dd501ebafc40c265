"""Work done ahead by threads: the order stays, the cores are busy."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

THREADS = min(4, os.cpu_count() or 1)
"""Polars leaves the interpreter's lock alone while it works, and more threads would mostly wait for it."""


def ahead(pieces: Iterator[Piece], work: Callable[[Piece], Result], threads_at_work: int = THREADS) -> Iterator[Result]:
    """`work` of each piece, in their order; an error, of a piece or of getting it, is raised at its place.

    `threads_at_work`: 1 where `work` is not safe for threads; it is then another stage beside the one that gets pieces.
    As many pieces as there are threads, and one more, are in memory beside the result that is looked at. Nothing new is begun once results are no longer asked for, an interrupt from the keyboard included.
    """
    threads = ThreadPoolExecutor(threads_at_work, thread_name_prefix="ahead")
    try:
        coming: deque[Future[Result]] = deque()
        while True:
            try:
                piece = next(pieces, None)
            except Exception:
                yield from (future.result() for future in coming)
                raise
            if piece is None:
                break
            coming.append(threads.submit(work, piece))
            if len(coming) > threads_at_work:
                yield coming.popleft().result()
        yield from (future.result() for future in coming)
    finally:
        threads.shutdown(cancel_futures=True)
