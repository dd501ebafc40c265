"""Archived events as rules see events of today: mapped and enriched again, with what was known when they were written.

An archive of an older version lacks fields that rules of today ask for, and its lists were other ones. What is archived
counts more than what is worked out now, for names, apps and places are as the org and the databases of then had them;
but lists of today, where settings name them, are asked anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce

import polars as pl

from agent.columns.known_columns import or_else
from agent.columns.timestamp import TIME
from agent.enrichment.enricher import APPLICATION, Enricher
from agent.enrichment.geo_record import GEO_COLUMNS
from agent.enrichment.user import COLUMNS, TARGET_COLUMNS
from agent.model import Batch
from agent.normalize.cell_fields import TIME_FIELD
from agent.normalize.computed.guest import GUEST
from agent.normalize.event_time import read_time
from agent.normalize.shape import Normalizer

FRESH = ("event.dataset", GUEST)
"""Here the archived word counts only where there is no other: older versions named families and guests in other ways."""

_COUNTRY = "source.geo.country_iso_code"
"""A login names its country itself, so that it alone does not show that a database was asked."""
_TEXTS = (APPLICATION, "user.id", "source.ip", "source.address")
_TYPES: Mapping[str, pl.DataType] = {**COLUMNS, **TARGET_COLUMNS, **GEO_COLUMNS, **dict.fromkeys(_TEXTS, pl.String())}


class ArchivedEvents:
    """Prepares archived events of one service and event type at a time."""

    def __init__(self, normalizer: Normalizer, enricher: Enricher, anew: Collection[str] = ()) -> None:
        """`anew`: columns of which nothing archived counts (`list_columns`)."""
        self._normalizer = normalizer
        self._enricher = enricher
        self._anew = frozenset(anew)

    def prepare(self, shaped: pl.DataFrame, service: str, event_type: str) -> pl.DataFrame:
        """The vendor's columns and the computed ones beside them, row for row."""
        raw = self._normalizer.unshape(shaped)
        header = self._normalizer.mappings.get(service, event_type).header
        blank = [pl.lit(None, pl.String).alias(name) for name in header if name not in raw.columns]
        archived = {name: column for name, column in _archived(shaped) if name not in raw.columns}
        archived = {name: column for name, column in archived.items() if name not in self._anew}
        fresh = self._normalizer.prepare(Batch("", service, event_type, raw.with_columns(blank)))
        known = {name: column for name, column in archived.items() if name not in FRESH}
        enriched = self._enricher.enrich(fresh.with_columns(_filled(fresh, known)))
        return enriched.with_columns(_filled(enriched, archived))


def _archived(shaped: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """The computed columns of archived documents (`shaped`), in the types that they have before they are written."""
    for column in shaped.iter_columns():
        name, wanted = column.name, _TYPES.get(column.name)
        if name.startswith("salesforce.") and wanted is None:
            continue  # a vendor's cell
        if name == TIME_FIELD and column.dtype != TIME:
            yield name, read_time(column.cast(pl.String), None).alias(name)
        elif (typed := _as(column, wanted)) is not None:
            yield name, typed


def _filled(frame: pl.DataFrame, archived: Mapping[str, pl.Series]) -> Iterator[pl.Series]:
    """The archived columns, filled where they are null from those of the frame."""
    of_then = [archived[name].is_not_null() for name in GEO_COLUMNS if name in archived and name != _COUNTRY]
    placed = reduce(lambda known, there: known | there, of_then) if of_then else None
    for name, column in archived.items():
        there = frame.get_column(name, default=None)
        typed = column if there is None else _as(column, there.dtype)
        if there is None or typed is None:
            yield column if typed is not None else there
        elif name in FRESH or (name in GEO_COLUMNS and placed is None):
            yield or_else(there, typed).alias(name)
        elif name in GEO_COLUMNS and placed is not None:  # a city of then goes with no country of today
            yield typed.zip_with(placed, or_else(there, typed)).alias(name)
        else:
            yield or_else(typed, there).alias(name)
    if placed is not None:
        for name in GEO_COLUMNS.keys() - archived.keys():
            if name in frame.columns:
                yield frame[name].zip_with(~placed, pl.Series([None], dtype=frame[name].dtype)).alias(name)


def _as(column: pl.Series, wanted: pl.DataType | None) -> pl.Series | None:
    """In another type; None if it has no reading in that."""
    if wanted is None or column.dtype == wanted:
        return column
    try:
        return column.cast(wanted, strict=False)
    except pl.exceptions.PolarsError:
        return None
