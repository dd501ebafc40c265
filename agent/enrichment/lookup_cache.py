"""Columns worked out once per distinct value of a key, and cached from batch to batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

Work = Callable[[Sequence[str]], Mapping[str, tuple[Any, ...]]]
"""Distinct keys to their rows, one value for each column; a key without a row is asked for again next time."""

_KEY = ""


class LookupCache:
    """`work` for keys, with the answers kept in a table of at most `limit` rows and `characters` of their keys: one
    gather and one join a batch.
    """

    def __init__(
        self, schema: Mapping[str, pl.DataType], work: Work, *, limit: int = 20_000, characters: int = 4_000_000
    ) -> None:
        """`schema`: the columns of an answer, in the order of the values that `work` gives."""
        self._work = work
        self._limit = limit
        self._most_characters = characters
        self._characters = 0
        self._schema = {_KEY: pl.String(), **schema}
        # None while it is empty: every org has a dozen of these, and many orgs are idle.
        self._table: pl.DataFrame | None = None
        self._rows: dict[str, int] = {}

    def columns(self, keys: pl.Series) -> dict[str, pl.Series]:
        """By name, row for row beside `keys` (`String`), those columns that have a value in some row."""
        distinct = keys.unique().drop_nulls()
        self._learn(distinct.to_list())
        if self._table is None:
            return {}
        answers = self._table[[row for key in distinct if (row := self._rows.get(key)) is not None]]
        filled = answers.select(column for column in answers if column.null_count() < answers.height)
        if filled.width < 2:
            return {}
        beside = keys.alias(_KEY).to_frame().join(filled, on=_KEY, how="left", maintain_order="left")
        return {column.name: column for column in beside.drop(_KEY)}

    def forget(self) -> None:
        """Ask anew for every key."""
        self._table = None
        self._rows = {}
        self._characters = 0

    def _learn(self, keys: Sequence[str]) -> None:
        unknown = [key for key in keys if key not in self._rows]
        if (
            len(self._rows) + len(unknown) > self._limit
            or self._characters + sum(map(len, unknown)) > self._most_characters
        ):
            self.forget()
            unknown = list(keys)
        found = self._work(unknown) if unknown else {}
        if not found:
            return
        rows = [(key, *values) for key, values in found.items()]
        new = pl.DataFrame(rows, schema=self._schema, orient="row")
        self._table = new if self._table is None else pl.concat([self._table, new])
        self._characters += sum(map(len, found))
        self._rows |= {key: place for place, key in enumerate(found, start=len(self._rows))}
