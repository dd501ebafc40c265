"""Columns worked out once per distinct value of a key, and cached from batch to batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from agent.columns.distinct import coded, spread
from agent.columns.small import SMALL
from agent.columns.text.joined_text import head, joined

Work = Callable[[Sequence[str]], Mapping[str, tuple[Any, ...]]]
"""Distinct keys to their rows, one value for each column; a key without a row is asked for again next time."""

_MOST_PIECES = 16
"""Of which the table is made: what is learnt is put behind it, and rows are picked from many pieces at a higher cost."""


class LookupCache:
    """`work` for keys, with the answers kept in a table of at most `limit` rows and `characters` of their keys, of which a
    batch picks rows.
    """

    def __init__(
        self,
        schema: Mapping[str, pl.DataType],
        work: Work,
        *,
        limit: int = 20_000,
        characters: int = 4_000_000,
        longest: int | None = None,
    ) -> None:
        """`schema`: the columns of an answer, in the order of the values that `work` gives. `longest`: characters of a text
        that are looked at; what follows is cut before anything is cached of it, for cells may hold megabytes.
        """
        self._work = work
        self._limit = limit
        self._most_characters = characters
        self._characters = 0
        self._longest = longest
        self._schema = dict(schema)
        # None while it is empty: every org has a dozen of these, and many orgs are idle.
        self._table: pl.DataFrame | None = None
        self._places: dict[str, int] = {}

    def columns(self, keys: pl.Series, only: Sequence[str] | None = None) -> dict[str, pl.Series]:
        """By name, row for row beside `keys` (`String`), those columns that have a value in some row.

        `only`: names of the columns that are wanted, unless all are.
        """
        names = [name for name in self._schema if only is None or name in only]
        if not names or keys.null_count() == keys.len():
            return {}
        if keys.len() <= SMALL:
            return self._found(self._cut(keys), names)
        values, places = coded(keys)
        return {name: spread(column, places) for name, column in self._found(self._cut(values), names).items()}

    def joined_columns(self, parts: Sequence[pl.Series | None], separator: str) -> dict[str, pl.Series]:
        """As `columns`, of the keys that are the texts of each row, each cut, with `separator` between them (see `joined`)."""
        names = list(self._schema)
        said = [part for part in parts if part is not None and part.null_count() < part.len()]
        if len(said) != 1 or said[0].len() <= SMALL:
            keys = joined([None if part is None else self._cut(part) for part in parts], separator)
            if keys.len() <= SMALL:
                return self._found(keys, names)
            values, places = coded(keys)
        else:
            # Then there are as many keys as it has texts, and joining costs more than all else.
            texts, places = coded(said[0].fill_null("") if said[0].null_count() else said[0])
            values = joined([self._cut(texts) if part is said[0] else None for part in parts], separator)
        return {name: spread(column, places) for name, column in self._found(values, names).items()}

    def _cut(self, texts: pl.Series) -> pl.Series:
        return texts if self._longest is None else head(texts, self._longest)

    def _found(self, keys: pl.Series, names: Sequence[str]) -> dict[str, pl.Series]:
        """Of these names the columns that have a value for one of the keys."""
        places = self._places_of(keys)
        if self._table is None or places.null_count() == places.len():
            return {}
        known = self._table if len(names) == self._table.width else self._table[names]
        return {column.name: column for column in known[places].iter_columns() if column.null_count() < column.len()}

    def forget(self) -> None:
        """Ask anew for every key."""
        self._table = None
        self._places = {}
        self._characters = 0

    def _places_of(self, keys: pl.Series) -> pl.Series:
        """`UInt32`: where in the table the answer for each key is; null for none."""
        texts = keys.to_list()
        places = [self._places.get(text) for text in texts]
        if None in places:
            self._learn([text for text in dict.fromkeys(texts) if text is not None])
            places = [self._places.get(text) for text in texts]
        return pl.Series(places, dtype=pl.UInt32)

    def _learn(self, keys: Sequence[str]) -> None:
        """`keys`: distinct; those that are not known are looked up."""
        unknown = [key for key in keys if key not in self._places]
        if (
            len(self._places) + len(unknown) > self._limit
            or self._characters + sum(map(len, unknown)) > self._most_characters
        ):
            self.forget()
            unknown = list(keys)
        found = self._work(unknown) if unknown else {}
        if not found:
            return
        new = pl.DataFrame(list(found.values()), schema=self._schema, orient="row")
        self._table = new if self._table is None else self._table.vstack(new)
        if self._table.n_chunks() > _MOST_PIECES:
            self._table = self._table.rechunk()
        self._characters += sum(map(len, found))
        self._places |= {key: place for place, key in enumerate(found, start=len(self._places))}
