"""`leakline normalize`: event log files at rest to normalised lines; no org, no state, no rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl
from rich.console import Console

from agent.columns import record_id
from agent.columns.string_buffer import body
from agent.enrichment.enricher import Enricher, EnrichSettings
from agent.errors import LeaklineError, SourceError
from agent.formats import FORMATS
from agent.model import Batch
from agent.normalize.identity import Occurrences, identify
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.piece import Piece

if TYPE_CHECKING:
    from agent.config.settings import Settings


def normalize(
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
    enricher = Enricher(settings.enrich if settings else EnrichSettings())
    for error in (*errors, *enricher.problems):
        err.print(str(error), style="red", markup=False, soft_wrap=True)
    normalizer = Normalizer(mappings, keep_original=settings.normalize.keep_original if settings else False)
    rejected = 0
    for path in files:
        for batch in batches(path, event_type):
            shaped = normalizer.shape(enricher.enrich(normalizer.prepare(batch)), batch, now())
            if shaped.height:
                out.write(body(FORMATS[format_name](shaped) + "\n"))
            for one in batch.rejections:
                err.print(f"{one.input}: row {one.row}: {one.reason}", style="red", markup=False, soft_wrap=True)
            rejected += len(batch.rejections)
    return rejected


def batches(path: Path, event_type: str | None = None) -> Iterator[Batch]:
    """A log file's rows as batches with event ids, as the daemon would make them of the same file."""
    occurrences = Occurrences()
    try:
        for piece in read_log_file(path):
            kind = event_type or _said(piece.frame, "EVENT_TYPE")
            if kind is None and piece.frame.height:
                raise LeaklineError(
                    f"{path} has no EVENT_TYPE column",
                    hint="log files have one; `leakline normalize` takes the type by --event-type",
                )
            yield _batch(path, kind or "", piece, occurrences)
    except OSError as error:
        raise LeaklineError(f"{path} cannot be read ({error.strerror or error})", hint="name a log file") from error
    except SourceError as error:
        reason = error.args[0].removeprefix(f"{path}: ")  # what to do about it is told to who fetches files
        hint = "`leakline normalize` takes event log files as Salesforce writes them (CSV, gzipped or not)"
        raise LeaklineError(f"{path} is not a log file ({reason})", hint=hint) from error


def _batch(path: Path, event_type: str, piece: Piece, occurrences: Occurrences) -> Batch:
    org = record_id.to_long(pl.Series([_said(piece.frame, "ORGANIZATION_ID") or ""]))[0] or ""
    ids, _ = occurrences.number(identify(piece.frame, org, event_type))
    frame = piece.frame.with_columns(ids.alias("event.id"))
    return Batch(
        org,
        "event_log_file",
        event_type,
        frame,
        rejections=piece.rejections(org, "event_log_file", event_type, str(path)),
        input=str(path),
    )


def _said(frame: pl.DataFrame, column: str) -> str | None:
    """The first value of a column that one file has the same everywhere."""
    if column not in frame.columns:
        return None
    values = frame[column].drop_nulls()
    return str(values[0]) if len(values) else None
