"""A frame's columns and what is added to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import polars as pl

from agent.columns.array_fields import STRINGS
from agent.columns.distinct import filled


class KnownColumns:
    """`all`: by name, with what was added; `added`: only that."""

    def __init__(self, frame: pl.DataFrame) -> None:
        """`frame`: a prepared one."""
        self.height = frame.height
        self.all = {column.name: column for column in frame.iter_columns()}
        self.added: dict[str, pl.Series] = {}

    def first(self, *names: str) -> pl.Series | None:
        """The columns of these names (`String`), each filling what those before it lack; None if there is none."""
        found = [self.all[name] for name in names if name in self.all and self.all[name].dtype == pl.String]
        return reduce(or_else, found) if found else None

    def every(self, *names: str) -> list[pl.Series]:
        """The columns of these names that hold text or lists of it, each by itself."""
        return [self.all[name] for name in names if name in self.all and self.all[name].dtype in (pl.String, STRINGS)]

    def add(self, columns: Mapping[str, pl.Series], overrule: Mapping[str, object] | None = None) -> None:
        """Add columns; one that is there is filled where it is null, or overruled if named so."""
        for name, column in columns.items():
            there = self.all.get(name)
            if there is not None and there.dtype == column.dtype:
                column = or_else(column, there) if overrule and name in overrule else or_else(there, column)
            self.all[name] = self.added[name] = column.alias(name)


def or_else(column: pl.Series, fallback: pl.Series) -> pl.Series:
    """The column, and the fallback where it is null. Both of one type and length."""
    return column.zip_with(filled(column), fallback) if column.null_count() else column
