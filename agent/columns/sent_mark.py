"""A mark in the place of `event.ingested`, which each attempt to send a document replaces by its own time.

A line is encoded once and may wait for hours. The mark is of the time's length, so that nothing else about a line changes,
and of a control character that JSON never holds as it is, so that no text of an event is taken for it.
"""

from __future__ import annotations

import polars as pl

from agent.columns.small import SMALL

MARK = "\x1a" * len("2026-01-02T03:04:05.678Z")

_OBJECT = '"event":{'
"""Quotation marks inside of texts are escaped in JSON, so these characters are the object itself."""
_MARKED_OBJECT = f'{_OBJECT}"ingested":"{MARK}",'
_LEAST = '"truncated":["*"]'


def marked(documents: pl.Series) -> pl.Series:
    """ECS documents (`String`, one a row) with the mark as `event.ingested`.

    One without `event` stays as it is, and so does one of which all but the least was left out for want of room.
    """
    if len(documents) <= SMALL:
        return pl.Series(documents.name, [_marked(document) for document in documents.to_list()], dtype=pl.String)
    with_mark = documents.str.replace(_OBJECT, _MARKED_OBJECT, literal=True)
    least = documents.str.contains(_LEAST, literal=True)
    return with_mark.zip_with(~least, documents) if least.any() else with_mark


def unmarked(documents: pl.Series) -> pl.Series:
    """The documents as `marked` got them."""
    return documents.str.replace(f'"ingested":"{MARK}",', "", literal=True)


def _marked(document: str) -> str:
    """As `marked`, of one document."""
    return document if _LEAST in document else document.replace(_OBJECT, _MARKED_OBJECT, 1)
