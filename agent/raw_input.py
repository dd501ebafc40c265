"""Any NDJSON as it stands, read ahead while the rules are tried on what was read before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import polars as pl
from isal import igzip
from isal.igzip_lib import IsalError

from agent.detection.rule import LogSource
from agent.detection.tree import Node, fields, leaves, presence
from agent.errors import LeaklineError
from agent.ndjson import Reader

ANY = LogSource()

Piece = TypeVar("Piece")

Bad = Sequence[tuple[int, str]]
"""Line number and reason."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Consecutive events of one log source, ready for rules."""

    source: LogSource
    frame: pl.DataFrame
    lines: pl.Series
    """Where each row stands in its file (`Int64`, from 1)."""
    bad: Bad = ()


def reader(conditions: Collection[Node], more: Collection[str] = ()) -> Reader:
    """Reads what these conditions look at, and `more` fields."""
    return Reader(
        {*more, *(name for condition in conditions for name in fields(condition))},
        presence=frozenset().union(*map(presence, conditions)),
        whole_event=any(leaf.field is None for condition in conditions for leaf in leaves(condition)),
    )


def read_raw(path: Path, reader: Reader) -> Iterator[Examined]:
    """Any NDJSON, names and values as they stand."""
    with opened(path) as stream:
        for lines in ahead(reader.read(stream)):
            yield Examined(ANY, lines.frame, lines.numbers, lines.bad)


def single(column: pl.Series) -> pl.Series:
    """The value of each row that has just one, null elsewhere: what other rows have makes no difference."""
    if not isinstance(column.dtype, pl.List):
        return column
    return pl.select(pl.when(column.list.len() == 1).then(column.list.first())).to_series().alias(column.name)


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, each made in a thread while the one before it is used; an error is raised at its place."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        coming = thread.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = thread.submit(next, pieces, None)
            yield piece


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file's plain bytes, unpacked if it is gzipped. Raises LeaklineError where it cannot be read."""
    try:
        with path.open("rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"
        with igzip.open(path, "rb") if gzipped else path.open("rb") as stream:  # type: ignore[no-untyped-call]
            yield cast("BinaryIO", stream)
    except (OSError, EOFError, IsalError) as error:  # type: ignore[misc]
        raise LeaklineError(f"{path} cannot be read ({error})") from error
