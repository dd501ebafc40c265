"""The truth of real-time events: which there were, so that a judge can count lost, doubled and altered ones.

The file is NDJSON. An event has a line when it is published, and one when it can first be seen in the object that stores it
by somebody who asks; the logical events are the distinct `identifier`s. An event that nobody could see has none.

Columns: `id` (hidden, of the log-file row or of the planted event), `event` (its one name), `channel`, `stored` (null where
it has none), `identifier` (EventIdentifier), `time` (ISO 8601), `scenario` (or null), `sha256`, `published_at` (ISO 8601,
null in the line of a stored event), `replay_id` (hexadecimal, likewise).

`sha256` is over the cells of the fields that the event has in the stream and in its object, if it is in both
(`EventKind.common_fields`), as `content_digest` makes it: the same for both forms of an event.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import orjson
import polars as pl

from agent.simulator.event_stream.cell_text import cell_text, content_digest
from agent.simulator.event_stream.happenings import RealTimeRow

SCHEMA: dict[str, pl.DataType] = {
    name: pl.String()
    for name in (
        "id", "event", "channel", "stored", "identifier", "time", "scenario", "sha256", "published_at", "replay_id",
    )
}  # fmt: skip


class StreamTruth:
    """Writes the lines. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(b"")
        self._lock = threading.Lock()
        self._seen: set[str] = set()

    def published(self, rows: Iterable[tuple[RealTimeRow, bytes]], at: int) -> None:
        """Events that were put on the bus, each with its replay id. `at`: the org's clock, milliseconds since 1970."""
        moment = cell_text(at, "time")
        self._write(_line(row) | {"published_at": moment, "replay_id": replay.hex()} for row, replay in rows)

    def stored(self, rows: Iterable[RealTimeRow]) -> None:
        """Events that a query could see; those it could see before have their line."""
        with self._lock:
            fresh = [row for row in rows if row.identifier not in self._seen]
            self._seen.update(row.identifier for row in fresh)
        self._write(_line(row) for row in fresh)

    def _write(self, lines: Iterable[dict[str, object]]) -> None:
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        if text:
            with self._lock, self.path.open("ab") as file:
                file.write(text)


def _line(row: RealTimeRow) -> dict[str, object]:
    kind = row.kind
    return {
        "id": row.id, "event": kind.name, "channel": kind.channel, "stored": kind.stored, "identifier": row.identifier,
        "time": cell_text(row.time, "time"), "scenario": row.scenario,
        "sha256": content_digest(row.values, kind.common_fields, kind.fields), "published_at": None, "replay_id": None,
    }  # fmt: skip


def read_stream_truth(path: Path) -> pl.DataFrame:
    """All lines, with the columns of `SCHEMA`."""
    return pl.read_ndjson(path, schema=SCHEMA) if path.stat().st_size else pl.DataFrame(schema=SCHEMA)
