"""The events of a rule's samples as detection sees them: vendor cells with what mapping and enrichment make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import polars as pl

from agent.columns.vendor_name import is_vendor_name
from agent.detection.sigma.log_source import ALIASES, TYPE_COLUMNS, LogSource
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped


def prepared(frame: pl.DataFrame, source: LogSource) -> pl.DataFrame:
    """The frame with computed columns, by the shipped mappings and an installation without lists or databases.

    Columns of ours are what a sample says that enrichment knows; they stay. Other log sources than Salesforce's are
    not mapped.
    """
    if source.product != "salesforce" or not frame.height:
        return frame
    named = [name for name in TYPE_COLUMNS if name in frame.columns]
    if not named:
        return _prepared(frame, source, "")
    parts = frame.with_row_index("\x00row").partition_by(named, maintain_order=True)
    whole = [_of_one_type(part.drop("\x00row"), source, named).with_columns(part["\x00row"]) for part in parts]
    return pl.concat(whole, how="diagonal_relaxed").sort("\x00row").drop("\x00row")


def _of_one_type(frame: pl.DataFrame, source: LogSource, named: Sequence[str]) -> pl.DataFrame:
    """Rows of which all have the same type, in the same one of these columns."""
    column = next((name for name in named if frame[name][0] is not None), named[0])
    if source.service in ALIASES:
        source = replace(source, service=TYPE_COLUMNS[column])
        frame = frame.drop(name for name in named if name != column)
    return _prepared(frame, source, str(frame[column][0] or ""))


def _prepared(frame: pl.DataFrame, source: LogSource, event_type: str) -> pl.DataFrame:
    """A raw frame of one event type, with what samples say in dotted columns, to a prepared one."""
    said = [name for name in frame.columns if not is_vendor_name(name)]
    vendor = frame.drop([name for name in said if name != "event.id"]).with_columns(pl.col(pl.Null).cast(pl.String))
    batch = Batch("", source.service or "event_log_file", event_type, vendor)
    enriched = _enricher().enrich(_with(_normalizer().prepare(batch), frame.select(said)))
    return _with(enriched, frame.select(said))


def _with(frame: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """What a sample says, row by row, counts more than what was worked out."""
    columns = []
    for column in said.iter_columns():
        there = frame.get_column(column.name, default=None)
        same = there is not None and there.dtype == column.dtype
        columns.append(column.zip_with(column.is_not_null(), there) if same and there is not None else column)
    return frame.with_columns(columns)


@cache
def _normalizer() -> Normalizer:
    mappings, errors = load_mappings([shipped("mappings")])
    if errors:
        raise errors[0]
    return Normalizer(mappings)


@cache
def _enricher() -> Enricher:
    return Enricher(EnrichmentData(EnrichSettings()))
