"""How long a cell of a shaped frame is once written, and cells cut to a length, in whole characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

TRUNCATED = "leakline.truncated"
"""`List(String)`: the names of the fields that are not all there."""
MARK = "…"
"""The last character of a text that was cut."""
LONGEST_ID = 45
"""An IPv6 address with an IPv4 one in it has 45 characters, a rule's id 36, an event's 32, a user's 18."""

_CONTROLS = bytes([*range(0x20), 0x7F])
_ESCAPED = b'"\\=|'


def cut(frame: pl.DataFrame, length: Callable[[str, int], int], before: Sequence[str] = ()) -> pl.DataFrame:
    """The frame with texts cut to `length(name, row)`, and `leakline.truncated`, which begins with `before`."""
    names: list[list[str]] = [list(before) for _ in range(frame.height)]
    columns = []
    for column in frame.iter_columns():
        if is_text(column):
            long = {row: most for row, much in enumerate(costs(column)) if much > (most := length(column.name, row))}
            column = _shorter(column, long)
            for row in long:
                names[row].append(column.name)
        columns.append(column)
    columns.append(pl.Series(TRUNCATED, [cut_fields or None for cut_fields in names], dtype=pl.List(pl.String)))
    return pl.DataFrame(columns)


def _shorter(column: pl.Series, long: Mapping[int, int]) -> pl.Series:
    """The column with the cells at the keys of `long` cut to its values."""
    if not long:
        return column
    cells: list[Any] = column.to_list()
    is_address = column.name.endswith(".ip")
    for row, length in long.items():
        if isinstance(cells[row], list):
            cells[row] = _first_of(cells[row], length, whole=is_address)
        else:
            # Half an address is another one: it goes whole, unless it was none.
            half = is_address and len(cells[row]) <= LONGEST_ID
            cells[row] = None if half else _beginning(cells[row], length)
    return pl.Series(column.name, cells, dtype=column.dtype)


def is_text(column: pl.Series) -> bool:
    """Whether its cells can be cut: `String` or `List(String)`, but not the list of what was cut."""
    return column.dtype in (pl.String, pl.List(pl.String)) and column.name != TRUNCATED


def costs(column: pl.Series) -> list[int]:
    """Bytes of each cell of a text column, whatever the format; 3 more for each element of a list (quotes, comma)."""
    if column.dtype == pl.String:
        return [cost(cell.encode()) if cell else 0 for cell in column.to_list()]
    return [sum(cost(text.encode()) + 3 for text in cell if text) if cell else 0 for cell in column.to_list()]


def cost(text: bytes) -> int:
    """Bytes that no format goes beyond: JSON writes a control character as six, both escape some others with one more."""
    controls = len(text) - len(text.translate(None, _CONTROLS))
    escaped = len(text) - len(text.translate(None, _ESCAPED))
    return len(text) + 5 * controls + escaped


def _beginning(text: str, length: int) -> str | None:
    """As much of a text as costs `length` with the mark behind it, in whole characters; None for nothing."""
    data, room = text.encode(), length - len(MARK.encode())
    low, high = 0, min(len(data), max(0, room))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(data[:middle]) <= room else (low, middle - 1)
    kept = data[:low].decode(errors="ignore")  # what is ignored is a part of the last character
    return kept + MARK if kept else None


def _first_of(texts: Sequence[str | None], length: int, *, whole: bool) -> list[str] | None:
    """The first texts of a list; of one that is too long by itself its beginning, unless it is to stay `whole`."""
    kept: list[str] = []
    used = 0
    for text in texts:
        used += cost(text.encode()) + 3 if text else 0
        if used > length:
            break
        kept += [text] if text is not None else []
    if not kept and not whole:
        begun = next((_beginning(text, length - 3) for text in texts if text), None)
        kept = [begun] if begun else []
    return kept or None
