"""Ids of rows that the vendor has named: the same wherever and however often a happening is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from agent.normalize.row_identity import Occurrences, identify

_PERSON = b"leakline.named"
_BYTES = 16


def identify_named(names: pl.Series, org: str, event: str) -> pl.Series:
    """The `event.id` (`String`, 32 hexadecimal digits) of each of `names` (`String`, null where a row has no name, which
    stays null): BLAKE2b-128 over the organisation's id, the event and the name.

    `event`: its one name, whether it was streamed or stored (`LoginEvent`).
    """
    begin = hashlib.blake2b(f"{org}\x1f{event}\x1f".encode(), digest_size=_BYTES, person=_PERSON)
    return pl.Series("event.id", [_id(begin, name) for name in names.to_list()], dtype=pl.String)


def _id(begin: hashlib.blake2b, name: str | None) -> str | None:
    if name is None:
        return None
    hasher = begin.copy()
    hasher.update(name.encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def identify_events(frame: pl.DataFrame, org: str, event: str, name: str = "EventIdentifier") -> pl.Series:
    """The `event.id` (`String`) of every row of a raw frame: by the column `name`, and where a row has none by its cells."""
    if name not in frame.columns:
        return identify(frame, org, event)
    ids = identify_named(frame[name], org, event)
    return ids.zip_with(ids.is_not_null(), identify(frame, org, event)) if ids.null_count() else ids


def identify_rows(frame: pl.DataFrame, org: str, event: str, names: Sequence[str]) -> pl.Series:
    """The `event.id` (`String`) of every row of a raw frame: by the columns `names` with a `/` between, and where there are
    none, or a row has an empty one, by its cells. Rows that are equal in every cell are told apart by counting them, so that
    a frame has all of them or none.
    """
    ids = pl.Series("event.id", [None], dtype=pl.String).new_from_index(0, frame.height)
    if names and set(names) <= set(frame.columns):
        named = frame.select(pl.concat_str(list(names), separator="/").alias("")).to_series()
        ids = identify_named(named, org, event)
    if ids.null_count():
        by_cells, _ = Occurrences().number(identify(frame, org, event))
        ids = ids.zip_with(ids.is_not_null(), by_cells)
    return ids
