"""A row's name: the same for the same row, whichever file brings it. And which rows of a file were seen before.

An event id is 32 hexadecimal digits of BLAKE2b-128 over the organisation's id, the event type and the row's
`NAME=value` pairs sorted by name, empty cells left out. So a row keeps its id when a log file is issued again in
another order, or with columns added that are empty. Rows that are equal in every cell are told apart by counting
them within their file. The hash is a cryptographic one because attackers choose user agents and URIs.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress

import polars as pl
import pyarrow as pa

from agent.columns.id_set import IdSet
from agent.columns.small import SMALL
from agent.columns.string_buffer import StringBuffer, count_of

SEPARATOR = "\x1f"
ESCAPE = "\x1b"
"""A value's own separators and escapes are written as ESC 1 and ESC 0, so that no two rows give the same text."""

_PERSON = b"leakline.event"
_BYTES = 16
_WORD = 63
"""Columns whose emptiness is told in one integer: `UInt64` has 64 bits, and a sum of 63 cannot overflow `Int64`."""


def identify(frame: pl.DataFrame, org: str, event_type: str) -> pl.Series:
    """The `event.id` (`String`) of every row of a raw frame (all `String`, empty cells null), each counted as the first."""
    columns = sorted(name for name in frame.columns if name != "event.id" and frame[name].null_count() < frame.height)
    if frame.height <= SMALL:
        rows = zip(*(frame[name].to_list() for name in columns), strict=True) if columns else [()] * frame.height
        return _identify_few(columns, rows, org, event_type)
    values = _values(frame.select(columns)) if columns else _nothing(frame.height)
    partial = [name for name in columns if frame[name].null_count()]
    always = frozenset(columns) - set(partial)
    begin = _Hashers(org, event_type, always, partial)
    return _hexadecimal(_digests(values, begin, _patterns(frame, partial)))


def _identify_few(columns: Sequence[str], rows: Iterable[Sequence[str | None]], org: str, event_type: str) -> pl.Series:
    """As `identify`, row by row: `rows` have a cell for each of the `columns`, which are sorted."""
    hashers = {}
    ids = []
    for row in rows:
        cells = [cell for cell in row if cell is not None]
        text = SEPARATOR.join(cells)
        if ESCAPE in text or text.count(SEPARATOR) >= max(len(cells), 1):
            text = SEPARATOR.join(map(_escaped, cells))
        filled = tuple([cell is not None for cell in row])
        if filled not in hashers:
            hashers[filled] = _hasher(org, event_type, compress(columns, filled))
        hasher = hashers[filled]()
        hasher.update(text.encode())
        ids.append(hasher.hexdigest())
    return pl.Series("event.id", ids, dtype=pl.String)


def _hasher(org: str, event_type: str, names: Iterable[str]) -> Callable[[], hashlib.blake2b]:
    """Makes hashers that have taken in everything but the values. `names`: the columns that are filled, sorted."""
    text = "".join(_escaped(part) + SEPARATOR for part in (org, event_type, *names))
    return hashlib.blake2b(text.encode(), digest_size=_BYTES, person=_PERSON).copy


def _values(frame: pl.DataFrame) -> StringBuffer:
    """Each row's values between separators."""
    joined = StringBuffer.of(_joined(frame, pl.all()))
    # Of a row with n values n - 1 separators are ours; any more stand in a value.
    written = sum(frame.height - column.null_count() for column in frame) - frame.height
    if count_of(ESCAPE, joined.data) == 0 and count_of(SEPARATOR, joined.data) == written:
        return joined
    escaped = pl.all().str.replace_all(ESCAPE, ESCAPE + "0", literal=True)
    return StringBuffer.of(_joined(frame, escaped.str.replace_all(SEPARATOR, ESCAPE + "1", literal=True)))


def _nothing(rows: int) -> StringBuffer:
    return StringBuffer.of(pl.Series([""], dtype=pl.String).new_from_index(0, rows))


def _joined(frame: pl.DataFrame, values: pl.Expr) -> pl.Series:
    """Each row's values (`String` columns) with separators between them, nulls left out."""
    return frame.select(pl.concat_str(values, separator=SEPARATOR, ignore_nulls=True).alias("")).to_series()


def _patterns(frame: pl.DataFrame, partial: Sequence[str]) -> list[int]:
    """For each row, bit i is set if the i-th partly empty column is empty."""
    words = [
        frame.select(
            pl.sum_horizontal(
                pl.col(name).is_null().cast(pl.UInt64) * 2**bit
                for bit, name in enumerate(partial[start : start + _WORD])
            ).alias("")
        )
        .to_series()
        .to_list()
        for start in range(0, len(partial), _WORD)
    ]
    if len(words) <= 1:
        return words[0] if words else [0] * frame.height
    return [sum(word << (_WORD * place) for place, word in enumerate(row)) for row in zip(*words, strict=True)]


class _Hashers(dict[int, Callable[[], "hashlib.blake2b"]]):
    """Hashers that have taken in everything but the values, one for each pattern of empty cells."""

    def __init__(self, org: str, event_type: str, always: frozenset[str], partial: Sequence[str]) -> None:
        super().__init__()
        self._of = (org, event_type)
        self._always = always
        self._partial = partial

    def __missing__(self, pattern: int) -> Callable[[], hashlib.blake2b]:
        names = self._always | {name for bit, name in enumerate(self._partial) if not pattern >> bit & 1}
        copy = self[pattern] = _hasher(*self._of, sorted(names))
        return copy


def _escaped(text: str) -> str:
    return text.replace(ESCAPE, ESCAPE + "0").replace(SEPARATOR, ESCAPE + "1")


def _digests(values: StringBuffer, begin: _Hashers, patterns: Sequence[int]) -> list[bytes]:
    data, offsets = values.data, values.offsets.tolist()
    digests = []
    for pattern, start, end in zip(patterns, offsets, offsets[1:], strict=False):
        hasher = begin[pattern]()
        hasher.update(data[start:end])
        digests.append(hasher.digest())
    return digests


def _hexadecimal(digests: Sequence[bytes]) -> pl.Series:
    """`String`, through one Arrow buffer instead of a Python string for each row."""
    text = pa.py_buffer(b"".join(digests).hex().encode())
    step = 2 * _BYTES
    offsets = pa.py_buffer(array("q", range(0, step * (len(digests) + 1), step)))
    lines = pa.Array.from_buffers(pa.large_string(), len(digests), [None, offsets, text])
    return pl.Series("event.id", lines, dtype=pl.String)


def nth(event_id: str, number: int) -> str:
    """The id of the row that is equal in every cell to `number` earlier rows of its file."""
    if number == 0:
        return event_id
    return hashlib.blake2b(f"{event_id}{number}".encode(), digest_size=_BYTES, person=_PERSON).hexdigest()


class EarlierIds(IdSet):
    """Ids of rows that went on their way earlier: `mask` tells which rows of a file issued again are among them."""


class Occurrences:
    """Numbers the equal rows of one file over its batches, in the order in which they stand."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        """`pieces`: those that `number` gave for the batches before, when reading goes on in mid-file."""
        self._seen = IdSet(pieces)

    def number(self, ids: pl.Series) -> tuple[pl.Series, bytes]:
        """From the ids of `identify`, those of the next batch: (ids told apart, the batch's piece).

        The piece serves `EarlierIds` as well, for it holds the ids that are given back.
        """
        numbered = ids
        # Only rows that are equal to an earlier one, in this batch or before, need a number; most batches have none.
        again = self._seen.mask(ids) | _repeated(ids)
        if again.any():
            numbered = ids.clone().scatter(again.arg_true(), self._numbered(ids.filter(again).to_list()))
        return numbered, self._seen.add(numbered)

    def _numbered(self, ids: list[str]) -> list[str]:
        """Each id with the number of equal rows before it, in this batch and in those before."""
        after = self._counts(list(dict.fromkeys(ids)))
        numbered = []
        for event_id in ids:
            numbered.append(nth(event_id, after[event_id]))
            after[event_id] += 1
        return numbered

    def _counts(self, ids: list[str]) -> dict[str, int]:
        """How many rows of the earlier batches each id stands for.

        The set knows ids and no counts. Numbers have no gaps, so the first unused one is found by doubling the number
        until one is unused and by halving from there: 2 log2(n) look-ups, and a file with 100,000 equal rows takes 34.
        `low`: all numbers below are used; `high`: this one is unused.
        """
        low = dict.fromkeys(ids, 0)
        high: dict[str, int] = {}
        while undecided := [event_id for event_id in ids if event_id not in high or low[event_id] < high[event_id]]:
            tried = {
                event_id: (low[event_id] + high[event_id]) // 2 if event_id in high else 2 * low[event_id]
                for event_id in undecided
            }
            names = pl.Series([nth(event_id, number) for event_id, number in tried.items()], dtype=pl.String)
            for (event_id, number), is_used in zip(tried.items(), self._seen.mask(names), strict=True):
                if is_used:
                    low[event_id] = number + 1
                else:
                    high[event_id] = number
        return low


def _repeated(ids: pl.Series) -> pl.Series:
    """`Boolean`: which ids are there more than once."""
    if len(ids) > SMALL:
        return ids.is_duplicated()
    counts = Counter(ids.to_list())
    return pl.Series([counts[event_id] > 1 for event_id in ids.to_list()], dtype=pl.Boolean)
