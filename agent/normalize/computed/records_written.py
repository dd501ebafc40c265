"""How many records a call deletes or changes, where no column tells it: one request may bundle a hundred deletions.

A call whose records are told elsewhere (`ROWS_PROCESSED`) counts one, because other rules add those records up. Of one
call `MOST_DELETED` or `MOST_CHANGED` count at most, so that it takes several calls to be many.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import polars as pl

from agent.columns.distinct import only_where, per_distinct
from agent.normalize.computed import api_call

MOST_DELETED = 40
"""Five calls of the most that a call takes (200 records) count 200: the number at which a person's deletions are many."""

MOST_CHANGED = 20
"""A hundred calls of the most that a call takes count 2,000."""

_A_NUMBER = r"^\s*-?[0-9]+(?:\.[0-9]*)?\s*$"
_AT_LEAST_ONE = r"^\s*[0-9]*[1-9]"
_COLLECTION = r"^(?:[^/]+/)?composite/sobjects(?:/|$)"
_IDS = r"(?i)[?&]ids=([^&#]*)"
_AN_ID = r"\b[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\b"
_LONGEST_IDS = 8_000
"""Characters of a URL in which ids are looked for; two hundred ids have half of it."""

_IGNORED = r"(?:[\s,]|#[^\n]*\n)*"
"""What GraphQL skips between a name and its arguments."""


def deletions_by_call(cells: pl.Series) -> pl.Series:
    """`Int64` of a number of rows, or of the path of a call that deletes: one, or of a collection the ids it names.

    A number of zero gives null, so that the path decides; a collection without ids counts the most.
    """
    return _by_call(cells, _ids)


def changes_by_call(cells: pl.Series) -> pl.Series:
    """`Int64` of a number of rows, or of the path of a call that changes records: one, or the most of a collection."""
    return _by_call(cells, lambda paths: pl.repeat(MOST_CHANGED, paths.len(), dtype=pl.Int64, eager=True))


def deletions_by_action(cells: pl.Series) -> pl.Series:
    """`Int64` of the actions of a Lightning request (`ACTION_MESSAGE`): how many delete a record; null for none."""
    return _matches(cells, r"(?i)(?:ACTION\$|[.])delete(?:records?)?\s*(?:[$=;]|$)", MOST_DELETED)


def changes_by_action(cells: pl.Series) -> pl.Series:
    """`Int64` of the actions of a Lightning request (`ACTION_MESSAGE`): how many change a record; null for none."""
    return _matches(cells, r"(?i)(?:ACTION\$|[.])updaterecords?\s*(?:[$=;]|$)", MOST_CHANGED)


def deletions_by_mutation(cells: pl.Series) -> pl.Series:
    """`Int64` of GraphQL documents: how many mutations of them delete a record (`AccountDelete(`); null for none."""
    return _mutations(cells, "Delete", MOST_DELETED)


def changes_by_mutation(cells: pl.Series) -> pl.Series:
    """`Int64` of GraphQL documents: how many mutations of them change a record (`AccountUpdate(`); null for none."""
    return _mutations(cells, "Update", MOST_CHANGED)


def deletions_by_page(cells: pl.Series) -> pl.Series:
    """`Int64` of the paths of classic pages: one where the page deletes the record that it names, null elsewhere."""
    return _matches(cells, r"(?i)^[^?#]*/deleteredirect\.jsp(?:[?;#]|$)", 1)


def _ids(paths: pl.Series) -> pl.Series:
    """Paths of calls that delete (`String`) to the ids that they name (`Int64`), from 1 to `MOST_DELETED`."""
    ids = _decoded(paths.str.head(_LONGEST_IDS)).str.extract(_IDS).str.count_matches(_AN_ID)
    return ids.fill_null(0).cast(pl.Int64).replace(0, MOST_DELETED).clip(upper_bound=MOST_DELETED)


def _by_call(cells: pl.Series, of_collection: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Cells (`String`) to records (`Int64`): one, what `of_collection` says of a collection, null for a number of zero."""
    counts = (~cells.str.contains(_A_NUMBER) | cells.str.contains(_AT_LEAST_ONE)).fill_null(False)
    once = only_where(pl.repeat(1, cells.len(), dtype=pl.Int64, eager=True), counts)
    if not cells.str.contains("(?i)composite|%").any():
        return once
    collection = api_call.resource(cells).str.contains(_COLLECTION).fill_null(False)
    return of_collection(cells).zip_with(collection, once) if collection.any() else once


def _mutations(cells: pl.Series, kind: str, most: int) -> pl.Series:
    """GraphQL documents (`String`) to the mutations of a kind in them (`Int64`); null for none."""

    def count(values: pl.Series) -> pl.Series:
        """`values`: `String` without nulls."""
        writes = values.str.contains(r"\bmutation\b").fill_null(False)
        return _limited(values.str.count_matches(rf"\w{kind}{_IGNORED}\(") * writes.cast(pl.UInt32), most)

    return per_distinct(cells, count)


def _matches(cells: pl.Series, pattern: str, most: int) -> pl.Series:
    """Cells (`String`) to how often the pattern is in them (`Int64`); null for none."""
    return per_distinct(cells, lambda values: _limited(_decoded(values).str.count_matches(pattern), most))


def _limited(numbers: pl.Series, most: int) -> pl.Series:
    """Counts to `Int64`, at most `most`; null for zero."""
    return numbers.cast(pl.Int64).clip(upper_bound=most).replace(0, None)


def _decoded(cells: pl.Series) -> pl.Series:
    """Percent signs decoded (`String`), once per distinct cell."""
    if not cells.str.contains("%", literal=True).any():
        return cells
    return per_distinct(cells, lambda values: pl.Series([unquote(text) for text in values], dtype=pl.String))


CONVERSIONS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "deletions_by_call": deletions_by_call,
    "deletions_by_action": deletions_by_action,
    "deletions_by_mutation": deletions_by_mutation,
    "deletions_by_page": deletions_by_page,
    "changes_by_call": changes_by_call,
    "changes_by_action": changes_by_action,
    "changes_by_mutation": changes_by_mutation,
}
