"""The fields of few rows as lists of texts: what `group_text.text_of` says in columns, at about 1 µs a cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import orjson
import polars as pl

from agent.columns.text.group_text import LONGEST

Texts = Sequence[str | None]


class FieldTexts(dict[str, Texts]):
    """The texts of a frame's columns by name, each read when it is first asked for: None where a field is empty, absent or
    no single value.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        super().__init__()
        self._frame = frame

    def __missing__(self, name: str) -> Texts:
        self[name] = texts = _texts(self._frame, name)
        return texts

    def first(self, fields: Sequence[str]) -> Texts:
        """Of each row the text of the first of these fields that has one."""
        rows = zip(*(self[name] for name in fields), strict=True)
        return [next((text for text in row if text is not None), None) for row in rows]

    def joined(self, fields: Sequence[str]) -> Texts:
        """Of each row the texts of these fields as one, None if one has none.

        Of several it is a JSON object by their place, as Polars writes a struct.
        """
        if len(fields) == 1:
            return self[fields[0]]
        rows = list(zip(*(self[name] for name in fields), strict=True))
        if all(text is None or (text.isascii() and text.isprintable()) for row in rows for text in row):
            places = [str(place) for place in range(len(fields))]
            return [None if None in row else orjson.dumps(dict(zip(places, row, strict=True))).decode() for row in rows]
        # Polars and orjson write other characters in ways of their own, and texts that are stored must stay the same.
        whole = [None not in row for row in rows]
        members = zip(*compress(rows, whole), strict=True)
        columns = [pl.Series(str(place), column, dtype=pl.String) for place, column in enumerate(members)]
        written = iter(pl.DataFrame(columns).to_struct("").struct.json_encode().to_list() if columns else ())
        return [next(written) if is_whole else None for is_whole in whole]


def _texts(frame: pl.DataFrame, name: str) -> Texts:
    if name not in frame.columns:
        return [None] * frame.height
    column = frame.get_column(name)
    if column.dtype.is_nested():
        return [None] * frame.height
    texts = column.to_list() if column.dtype == pl.String else column.cast(pl.String).to_list()
    return [text[:LONGEST] if text else None for text in texts]
