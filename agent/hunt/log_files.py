"""Log files at rest as the batches that the daemon would make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from agent.columns import record_id
from agent.errors import LeaklineError, SourceError
from agent.model import Batch
from agent.normalize.row_identity import Occurrences, identify
from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.csv_piece import CsvPiece


def batches(path: Path, event_type: str | None = None) -> Iterator[Batch]:
    """A log file's rows as batches with event ids, as the daemon would make them of the same file."""
    occurrences = Occurrences()
    try:
        for piece in read_log_file(path):
            kind = event_type or _first_value(piece.frame, "EVENT_TYPE")
            if kind is None and piece.frame.height:
                raise LeaklineError(
                    f"{path} has no EVENT_TYPE column",
                    hint="name the type with `leakline normalize --event-type`",
                )
            yield _batch(path, kind or "", piece, occurrences)
    except OSError as error:
        raise LeaklineError(f"{path} cannot be read ({error.strerror or error})", hint="name a log file") from error
    except SourceError as error:
        reason = error.args[0].removeprefix(f"{path}: ")  # what to do about it is told to who fetches files
        hint = "name event log files as Salesforce writes them (CSV, gzipped or not)"
        raise LeaklineError(f"{path} is not a log file ({reason})", hint=hint) from error


def _batch(path: Path, event_type: str, piece: CsvPiece, occurrences: Occurrences) -> Batch:
    org = record_id.to_long(pl.Series([_first_value(piece.frame, "ORGANIZATION_ID") or ""]))[0] or ""
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


def _first_value(frame: pl.DataFrame, column: str) -> str | None:
    """The first value of a column that one file has the same everywhere."""
    if column not in frame.columns:
        return None
    values = frame[column].drop_nulls()
    return str(values[0]) if len(values) else None
