"""Encoded lines of the newest batches: a batch is encoded once, however many destinations with one format send it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Protocol

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.model import Format
from agent.store.batch_file import BatchFile

MOST_BYTES = 24 << 20
"""Of lines that are kept: two large batches of 4 MB as ECS documents, or many small ones. With fewer, a destination that is
a batch behind its neighbour would encode everything again."""
MOST_BATCHES = 256
"""Kept at a time: a batch of one row costs more than its bytes."""

Key = tuple[str, Format]
"""A batch file's checksum, and how it is encoded."""


class HasFile(Protocol):
    @property
    def file(self) -> BatchFile: ...


class SharedLines:
    """The oldest lines go first. Safe for threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """`most`: bytes that stay, the newest batch always; 0 where there is nobody to share with."""
        self._most = most
        self._lock = threading.Lock()
        self._coming: dict[Key, Future[pl.Series]] = {}
        """What a thread encodes just now."""
        self._lines: OrderedDict[Key, tuple[pl.Series, int]] = OrderedDict()
        self._bytes = 0

    def of(self, batch: HasFile, rows: FrameParts, encode: Format) -> pl.Series:
        """The lines of `rows`, the whole of the batch. Who asks first encodes, and whoever asks meanwhile waits for that.

        Raises what `encode` raises, to all who wait; who asks later tries anew.
        """
        if not self._most:
            return rows.text(encode)
        key = batch.file.checksum, encode
        with self._lock:
            if key in self._lines:
                return self._lines[key][0]
            coming = self._coming.get(key)
            future = coming or self._coming.setdefault(key, Future())
        if coming is None:
            self._encode(key, rows, future)
        return future.result()

    def _encode(self, key: Key, rows: FrameParts, future: Future[pl.Series]) -> None:
        """Into the future, whatever happens: others wait for it."""
        try:
            lines = rows.text(key[1])
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            with self._lock:
                del self._coming[key]
            future.set_exception(error)
            return
        with self._lock:
            del self._coming[key]
            self._keep(key, lines)
        future.set_result(lines)

    def _keep(self, key: Key, lines: pl.Series) -> None:
        size = int(lines.estimated_size())
        self._lines[key] = lines, size
        self._bytes += size
        while len(self._lines) > 1 and (self._bytes > self._most or len(self._lines) > MOST_BATCHES):
            _, (_, gone) = self._lines.popitem(last=False)
            self._bytes -= gone
