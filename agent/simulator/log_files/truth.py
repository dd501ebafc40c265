"""The truth: which event stands in which row of which file, so that a judge can count lost, doubled and altered ones.

The truth file is NDJSON with one line for each row of each file. An event that stands in several files (a late
increment that repeats it, the daily file) has several lines with the same `id`; the logical events are the distinct
ids. The id is in no log file; a row is recognised by its content.

Columns: `id`, `event_type`, `file` (the record's 18-character id), `version` (counts a record's replacements from 1),
`interval` (Hourly, Daily), `log_date` (ISO 8601), `sequence`, `row` (from 1, after the header), `scenario` (or null),
`sha256`, `occurrence` (from 1, among rows of this file with the same `sha256`), `request_id`, `timestamp_derived`
(both as in the file, empty text where the cell is empty).

`sha256` is the SHA-256 (hexadecimal, of the UTF-8 text) of the row's non-empty cells as `NAME=value`, sorted by name,
with U+001F between them: the same for a row that is told under another header with further empty columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import polars as pl

SEPARATOR = "\x1f"

SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "event_type": pl.String(),
    "file": pl.String(),
    "version": pl.Int64(),
    "interval": pl.String(),
    "log_date": pl.String(),
    "sequence": pl.Int64(),
    "row": pl.Int64(),
    "scenario": pl.String(),
    "sha256": pl.String(),
    "occurrence": pl.Int64(),
    "request_id": pl.String(),
    "timestamp_derived": pl.String(),
}


def content_hash(frame: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """`sha256` of each row over the columns `names`; cells may be empty text or null."""
    pairs = [
        pl.when(pl.col(name) != "").then(pl.concat_str(pl.lit(f"{name}="), pl.col(name))) for name in sorted(names)
    ]
    text = frame.select(pl.concat_str(pairs, separator=SEPARATOR, ignore_nulls=True)).to_series()
    hashes = [sha256((row or "").encode("utf-8", "surrogatepass")).hexdigest() for row in text]
    return pl.Series("sha256", hashes, dtype=pl.String)


def write_truth(path: Path, rows: pl.DataFrame) -> None:
    """Append lines for the rows of a file; `rows` has the columns of `SCHEMA`."""
    with path.open("ab") as file:
        rows.select(*SCHEMA).write_ndjson(file)


def read_truth(path: Path, files: Iterable[tuple[str, int]] | None = None) -> pl.DataFrame:
    """The truth as a frame with the columns of `SCHEMA`; with `files`, of these (record id, version) only."""
    truth = pl.read_ndjson(path, schema=SCHEMA)
    if files is None:
        return truth
    wanted = pl.DataFrame(list(files), schema={"file": pl.String, "version": pl.Int64}, orient="row")
    return truth.join(wanted, on=["file", "version"], how="semi", maintain_order="left")


def events(truth: pl.DataFrame) -> pl.DataFrame:
    """The logical events: the columns of `SCHEMA` for the first place each stands in, and `places`, their number."""
    return truth.group_by("id", maintain_order=True).agg(pl.all().first(), places=pl.len())
