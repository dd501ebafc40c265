"""Any NDJSON as it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import polars as pl
from isal import igzip
from isal.igzip_lib import IsalError

from agent.detection.condition.tree import Node, fields, leaves, presence
from agent.detection.sigma.log_source import LogSource
from agent.errors import LeaklineError
from agent.hunt.line_chunks import LineTooLong, chunks, count
from agent.hunt.ndjson import NdjsonReader
from agent.sources.event_log_file.csv_file import GZIP

ANY = LogSource()

Bad = Sequence[tuple[int, str]]
"""Line number and reason."""


@dataclass(frozen=True, slots=True)
class EventChunk:
    """Consecutive events of one log source, ready for rules."""

    source: LogSource
    frame: pl.DataFrame
    lines: pl.Series
    """Where each row stands in its file (`Int64`, from 1)."""
    bad: Bad = ()


def reader(conditions: Collection[Node], further: Collection[str] = ()) -> NdjsonReader:
    """Reads what these conditions look at, and `further` fields."""
    return NdjsonReader(
        {*further, *(name for condition in conditions for name in fields(condition))},
        presence=frozenset().union(*map(presence, conditions)),
        whole_event=any(leaf.field is None for condition in conditions for leaf in leaves(condition)),
    )


def pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    """Some consecutive lines at a time, and the number of the first.

    Raises LeaklineError for a file that cannot be read (on), after the lines before that place.
    """
    number = 1
    with opened(path) as stream:
        try:
            for data in chunks(stream):
                yield data, number
                number += count(data, b"\n")
        except LineTooLong as error:
            raise LeaklineError(f"{path}:{number}: {error}", hint="is this NDJSON?") from error


def read_raw(piece: tuple[bytes, int], reader: NdjsonReader) -> EventChunk:
    """Names and values as they stand."""
    lines = reader.read(*piece)
    return EventChunk(ANY, lines.frame, lines.numbers, lines.bad)


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """A file's plain bytes, unpacked if it is gzipped. Raises LeaklineError where it cannot be read."""
    try:
        with path.open("rb") as file:  # once, for a pipe gives its bytes only once
            if file.peek(2)[:2] == GZIP:
                with igzip.open(file, "rb") as stream:  # type: ignore[no-untyped-call]
                    yield cast("BufferedIOBase", stream)
            else:
                yield file
    except (OSError, EOFError, IsalError) as error:  # type: ignore[misc]
        raise LeaklineError(f"{path} cannot be read ({error})") from error
