"""Matched rows of files at rest, gathered for what can only be judged when all files are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from agent.columns.array_fields import single_value
from agent.columns.text.group_text import LONGEST
from agent.detection.sigma.log_source import LogSource
from agent.hunt.raw_time import times

ABOUT = ("organization.id", "user.name", "user.id", "source.ip")
"""What alerts tell of their rows, beside what they are grouped by."""

FILE, LINE = "\x00file", "\x00line"
ANY = LogSource()

MatchedRows = Mapping[str, pl.DataFrame]
"""Rule id to its matched rows (`located_rows`)."""


def timed_rows(
    matched: pl.DataFrame, names: Collection[str], clock: Sequence[str], lines: pl.Series, file: str
) -> pl.DataFrame:
    """As `located_rows`, without the rows that have no time."""
    return located_rows(matched, names, clock, lines, file).filter(pl.col("@timestamp").is_not_null())


def located_rows(
    matched: pl.DataFrame, names: Collection[str], clock: Sequence[str], lines: pl.Series, file: str
) -> pl.DataFrame:
    """Columns `names` and `event.id` (String), `@timestamp` (Datetime[ms, UTC]), and where each row is (`FILE` String,
    `LINE` Int64).

    `matched`: any columns; `clock`: those of them that may hold the time of an event, the best first; `lines`: the line
    of each row (Int64, from 1).
    """
    here = pl.Series([file]).new_from_index(0, matched.height)
    ids = text(matched, "event.id").fill_null(here + ":" + lines.cast(pl.String))
    texts = {name: text(matched, name) for name in names}
    return pl.DataFrame({**texts, "event.id": ids, "@timestamp": times(matched, clock), FILE: here, LINE: lines})


def with_distinct_ids(found: MatchedRows) -> MatchedRows:
    """With file and line in place of an id that events in several places have, or that is too long to be one.

    For `--raw`, where nobody knows what a field of the name `event.id` holds.
    """
    if not found:
        return found
    places = pl.concat([rows.select("event.id", FILE, LINE) for rows in found.values()]).unique()
    shared = places.filter(pl.len().over("event.id") > 1)["event.id"].unique()
    own = pl.col("event.id")
    none = own.is_in(shared.implode()) | (own.str.len_chars() > LONGEST)
    distinct = pl.when(none).then(pl.concat_str(FILE, pl.lit(":"), LINE)).otherwise(own).alias("event.id")
    return {base: rows.with_columns(distinct) for base, rows in found.items()}


def by_org(found: MatchedRows) -> Iterator[tuple[str, dict[str, pl.DataFrame]]]:
    """Each org that has rows, and its rows; those that name none are together under the empty name."""
    for org in sorted({org or "" for rows in found.values() for org in rows["organization.id"].unique()}):
        yield org, {base: rows.filter(pl.col("organization.id").fill_null("") == org) for base, rows in found.items()}


def text(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column as text, null where it is empty, absent or no single value."""
    column = single_value(frame[name]) if name in frame.columns else None
    if column is None or column.dtype.is_nested():
        return pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    words = column.cast(pl.String)
    return words.set(words == "", None)
