"""Encoded lines of the newest batches, so that destinations side by side share one encoding."""

from __future__ import annotations

import threading
from typing import Protocol

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.model import Format
from agent.store.batch_file import BatchFile


class HasFile(Protocol):
    @property
    def file(self) -> BatchFile: ...


class SharedLines:
    """Safe for threads."""

    def __init__(self, keep: int = 2) -> None:
        """`keep`: batches whose lines stay; 0 where there is nobody to share with."""
        self._lines: dict[tuple[str, Format], pl.Series] = {}
        self._keep = keep
        self._lock = threading.Lock()

    def of(self, batch: HasFile, rows: FrameParts, encode: Format) -> pl.Series:
        """The lines of `rows`, the whole of the batch."""
        key = (batch.file.checksum, encode)
        with self._lock:
            lines = self._lines.get(key)
        if lines is None:
            lines = rows.text(encode)
            with self._lock:
                self._lines[key] = lines
                while len(self._lines) > self._keep:
                    del self._lines[next(iter(self._lines))]
        return lines
