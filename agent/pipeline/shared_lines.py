"""Encoded lines of the newest batches: a batch is encoded once, however many destinations with one format send it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Protocol

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.formats import SIBLINGS
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
            # Looked up before our own are announced: two who made lines from each other's would wait for ever.
            siblings = self._siblings(key) if coming is None else None
            future = coming or self._coming.setdefault(key, Future())
        if coming is None:
            self._encode(key, rows, future, siblings)
        return future.result()

    def _siblings(self, key: Key) -> Future[pl.Series] | None:
        """Lines of the batch that those of the key can be made from, there or coming; with the lock held."""
        checksum, encode = key
        if encode not in SIBLINGS:
            return None
        sibling = checksum, SIBLINGS[encode][0]
        if sibling not in self._lines:
            return self._coming.get(sibling)
        there: Future[pl.Series] = Future()
        there.set_result(self._lines[sibling][0])
        return there

    def _encode(
        self, key: Key, rows: FrameParts, future: Future[pl.Series], siblings: Future[pl.Series] | None
    ) -> None:
        """Into the future, whatever happens: others wait for it."""
        encode = key[1]
        try:
            lines = rows.text(encode) if siblings is None else SIBLINGS[encode][1](siblings.result())
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            with self._lock:
                del self._coming[key]
            future.set_exception(error)
            return
        with self._lock:
            del self._coming[key]
            if siblings is None:  # else they are quickly made again, and would take the room of another batch
                self._keep(key, lines)
        future.set_result(lines)

    def _keep(self, key: Key, lines: pl.Series) -> None:
        size = int(lines.estimated_size())
        self._lines[key] = lines, size
        self._bytes += size
        while len(self._lines) > 1 and (self._bytes > self._most or len(self._lines) > MOST_BATCHES):
            _, (_, gone) = self._lines.popitem(last=False)
            self._bytes -= gone
