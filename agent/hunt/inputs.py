"""Files at rest as the rules want to see them: log files, NDJSON of vendor rows, archived output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.columns import record_id
from agent.detection.sigma.log_source import LogSource
from agent.errors import LeaklineError
from agent.hunt.archive import flat
from agent.hunt.archived_events import ArchivedEvents
from agent.hunt.line_numbers import LogFileLines
from agent.hunt.log_files import batches
from agent.hunt.ndjson import object_of
from agent.hunt.raw import ANY, EventChunk, opened, pieces
from agent.model import Batch
from agent.normalize.row_identity import Occurrences, identify
from agent.normalize.unshape import service_of

OWN, OWN_DATASET = LogSource("leakline", "agent"), "leakline.agent"

_SERVICES = {"EVENT_TYPE": "event_log_file", "EventType": "real_time_event_monitoring"}
_KEYS = ("EVENT_TYPE", "EventType", "event.dataset", "event.provider", "leakline.service")
_LOADED_ROWS = 20_000

Prepare = Callable[[Batch], pl.DataFrame]


class HuntInputs:
    """Opens files of any of the kinds; what kind a file is, its first byte tells."""

    def __init__(self, archive: ArchivedEvents, prepare: Prepare) -> None:
        """`archive`, `prepare`: archived events, and a batch of rows, to the columns that rules see."""
        self._archive = archive
        self._prepare = prepare

    def read(self, path: Path) -> Iterator[EventChunk]:
        """Raises LeaklineError for a file that cannot be read (on)."""
        if path.exists() and not path.is_file():
            hint = "write its output to a file first, or hunt with --raw"
            raise LeaklineError(f"{path} is not a file that can be read twice", hint=hint)
        first = _first_byte(path)
        if first == b"[":
            raise LeaklineError(f"{path} is one JSON array", hint="write one object a line (NDJSON): jq -c '.[]'")
        if first != b"{":
            yield from self._log_file(path)
            return
        occurrences = Occurrences()
        for data, number in pieces(path):
            yield from self._documents(data, number, occurrences)

    def _log_file(self, path: Path) -> Iterator[EventChunk]:
        lines = LogFileLines()
        for batch in batches(path):
            good, bad = lines.place(batch)
            frame = self._prepare(batch) if batch.frame.height else batch.frame
            yield EventChunk(LogSource("salesforce", batch.source), frame, good, bad)

    def _documents(self, data: bytes, number: int, occurrences: Occurrences) -> Iterator[EventChunk]:
        bad: list[tuple[int, str]] = []
        documents = _parsed(data, number, bad)
        while loaded := list(islice(documents, _LOADED_ROWS)):
            loaded.sort(key=_kind)
            for kind, group in groupby(loaded, _kind):
                yield self._chunk(dict(zip(_KEYS, kind, strict=True)), list(group), occurrences)
        if bad:
            yield EventChunk(ANY, pl.DataFrame(), pl.Series([], dtype=pl.Int64), bad)

    def _chunk(
        self, kind: dict[str, str], numbered: list[tuple[int, dict[str, Any]]], occurrences: Occurrences
    ) -> EventChunk:
        lines = pl.Series([line for line, _ in numbered], dtype=pl.Int64)
        documents = [document for _, document in numbered]
        dataset, provider = kind["event.dataset"], kind["event.provider"]
        service = service_of(kind["leakline.service"], dataset)
        if service:
            archived = self._archive.prepare(_typed(documents), service, provider)
            return EventChunk(LogSource("salesforce", service), archived, lines)
        if dataset == OWN_DATASET:
            return EventChunk(OWN, _typed(documents), lines)
        if provider == "leakline":  # an alert, or another word of the agent that is no event of anyone's
            return EventChunk(ANY, pl.DataFrame(), lines.clear())
        for column, service in _SERVICES.items():
            if kind[column]:
                return EventChunk(
                    LogSource("salesforce", service), self._raw(documents, kind[column], service, occurrences), lines
                )
        reason = "does not belong to a known log source; use --raw to try all rules on it"
        return EventChunk(ANY, pl.DataFrame(), lines.clear(), [(line, reason) for line in lines])

    def _raw(
        self, documents: list[dict[str, Any]], event_type: str, service: str, occurrences: Occurrences
    ) -> pl.DataFrame:
        """Vendor rows: their cells are text, as they are in a log file."""
        cells = [{name: _cell(value) for name, value in document.items()} for document in documents]
        names = dict.fromkeys(name for row in cells for name in row)
        frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String()))
        org = record_id.to_long(pl.Series([_first(frame, "ORGANIZATION_ID")]))[0] or ""
        if "event.id" not in frame.columns:
            ids, _ = occurrences.number(identify(frame, org, event_type))
            frame = frame.with_columns(ids.alias("event.id"))
        return self._prepare(Batch(org, service, event_type, frame))


def _first_byte(path: Path) -> bytes:
    with opened(path) as stream:
        return stream.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def _parsed(data: bytes, number: int, bad: list[tuple[int, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and flat document of each line; what is none goes to `bad`."""
    for line_number, line in enumerate(data.split(b"\n"), number):
        if not line.strip():
            continue
        try:
            yield line_number, flat(object_of(line))
        except ValueError as error:
            bad.append((line_number, f"is not a JSON object ({error})"))
        except RecursionError:
            bad.append((line_number, "has objects nested too deeply"))


def _kind(numbered: tuple[int, dict[str, Any]]) -> tuple[str, ...]:
    document = numbered[1]
    return tuple(str(document.get(key) or "") for key in _KEYS)


def _typed(documents: list[dict[str, Any]]) -> pl.DataFrame:
    """Columns by dotted names, of the types that the values have."""
    return pl.DataFrame(documents, infer_schema_length=None, strict=False)


def _cell(value: object) -> str | None:
    """A JSON value as text; null where it is null or empty."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _first(frame: pl.DataFrame, column: str) -> str:
    """The first value of a column that is not null; empty if there is none."""
    values = frame[column].drop_nulls().to_list() if column in frame.columns else []
    return str(values[0]) if values else ""
