"""`leakline normalize`: event log files at rest to normalised lines; no org, no state, no rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl
from rich.console import Console

from agent.columns.file_bytes import pieces
from agent.columns.string_buffer import body
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from agent.formats import FORMATS
from agent.hunt.log_files import batches
from agent.hunt.parallel import ahead
from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

if TYPE_CHECKING:
    from agent.config.settings import Settings


def write_normalized(
    files: Sequence[Path],
    event_type: str | None,
    format_name: str,
    out: BinaryIO,
    err: Console,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    settings: Settings | None = None,
) -> int:
    """Write a line for each row to `out`, and one for each malformed record to `err`; returns how many were malformed.

    `event_type`: instead of what each file's EVENT_TYPE column says. `settings`: mappings, lists and address databases of
    an installation. Rows are enriched as the daemon does it, but for what an org would have to be asked for. Raises
    LeaklineError for a file that cannot be read at all.
    """
    own = settings.normalize.mappings if settings else []
    mappings, errors = load_mappings([shipped("mappings"), *own])
    data = EnrichmentData(settings.enrich if settings else EnrichSettings())
    enricher = Enricher(data)
    for error in (*errors, *data.problems):
        err.print(str(error), style="red", markup=False, soft_wrap=True)
    normalizer = Normalizer(mappings, keep_original=settings.normalize.keep_original if settings else False)
    encode = FORMATS[format_name]

    def shaped(batch: Batch) -> tuple[Batch, pl.DataFrame]:
        return batch, normalizer.shape(enricher.enrich(normalizer.prepare(batch)), batch, now())

    def encoded(batch_and_rows: tuple[Batch, pl.DataFrame]) -> tuple[Batch, memoryview]:
        batch, rows = batch_and_rows
        return batch, body(encode(rows) + "\n") if rows.height else memoryview(b"")

    rejected = 0
    for path in files:
        # Three stages that take about as long as each other: read and identified here, shaped, and encoded. Each is one
        # thread, for look-ups are not made for several, so that both cores are busy with at most six batches in memory.
        for batch, lines in ahead(ahead(batches(path, event_type), shaped, 1), encoded, 1):
            out.writelines(pieces(lines))
            for rejection in batch.rejections:
                err.print(
                    f"{rejection.input}: row {rejection.row}: {rejection.reason}",
                    style="red",
                    markup=False,
                    soft_wrap=True,
                )
            rejected += len(batch.rejections)
    return rejected
