"""From a golden log file to ECS documents, nested row by row: an encoder that shares nothing with the product's.

`python -m tests.golden.documents` writes every `<EventType>.ndjson` anew from its `<EventType>.csv`, and those of real-time
events from `real_time/<Event>.rows.ndjson`: raw cells as the sources hand them over, under EventType the channel or object
that they come from; those of objects from `objects/<service>/<Object>.rows.ndjson`. Read the difference before you commit it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

FOLDER = Path(__file__).parent
SERVICE = "event_log_file"
REAL_TIME_SERVICE = "real_time_event_monitoring"
REAL_TIME = FOLDER / "real_time"
OBJECTS = FOLDER / "objects"
ROWS = ".rows.ndjson"
ORG = "00DKz00000GoldnMAC"
CREATED = datetime(2026, 3, 2, 11, 4, 30, tzinfo=UTC)
SEEN = datetime(2026, 3, 2, 11, 10, tzinfo=UTC)


def golden_batch(event_type: str) -> Batch:
    raw = pl.read_csv(FOLDER / f"{event_type}.csv", infer_schema=False)
    frame = raw.with_columns(pl.all().replace("", None))
    ids = pl.Series("event.id", [f"{row:032x}" for row in range(1, frame.height + 1)])
    return Batch(ORG, SERVICE, event_type, frame.with_columns(ids), created=CREATED)


def real_time_events() -> list[str]:
    """The events that have golden rows, by their one name."""
    return sorted(path.name.removesuffix(ROWS) for path in REAL_TIME.glob(f"*{ROWS}"))


def real_time_batches(event: str) -> list[Batch]:
    """The golden rows of an event: a batch of each channel or object, in the order of the file."""
    lines = (REAL_TIME / f"{event}{ROWS}").read_text(encoding="utf-8").splitlines()
    rows = [{"event.id": f"{number:032x}", **json.loads(line)} for number, line in enumerate(lines, 1)]
    spellings = dict.fromkeys(row["EventType"] for row in rows)
    return [_batch_of(spelling, [row for row in rows if row["EventType"] == spelling]) for spelling in spellings]


def objects() -> list[str]:
    """The objects that have golden rows, by name."""
    return sorted(_object_files())


def object_batch(name: str) -> Batch:
    """The golden rows of an object."""
    path = _object_files()[name]
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [{"event.id": f"{number:032x}", **json.loads(line)} for number, line in enumerate(lines, 1)]
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(pl.Null).cast(pl.String))
    return Batch(ORG, path.parent.name, name, frame, created=CREATED)


def golden_path(event_type: str) -> Path:
    """Where the documents of a type of log file, a real-time event or an object are kept."""
    if event_type in _object_files():
        return _object_files()[event_type].with_name(f"{event_type}.ndjson")
    return (REAL_TIME if event_type in real_time_events() else FOLDER) / f"{event_type}.ndjson"


def _object_files() -> dict[str, Path]:
    return {path.name.removesuffix(ROWS): path for path in OBJECTS.glob(f"*/*{ROWS}")}


def _batch_of(spelling: str, rows: list[dict[str, str]]) -> Batch:
    frame = pl.DataFrame(rows, infer_schema_length=None).drop("EventType")
    return Batch(ORG, REAL_TIME_SERVICE, spelling, frame, created=CREATED)


def golden_batches(event_type: str) -> list[Batch]:
    """Of a type of log file, of a real-time event by its one name, or of an object."""
    if event_type in objects():
        return [object_batch(event_type)]
    return real_time_batches(event_type) if event_type in real_time_events() else [golden_batch(event_type)]


def golden_documents(normalizer: Normalizer, event_type: str) -> list[dict[str, Any]]:
    return [document for batch in golden_batches(event_type) for document in documents(normalizer, batch)]


def documents(normalizer: Normalizer, batch: Batch) -> list[dict[str, Any]]:
    shaped = normalizer.shape(normalizer.prepare(batch), batch, SEEN)
    return [_nested(row) for row in shaped.to_dicts()]


def to_lines(docs: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(doc, ensure_ascii=False, sort_keys=True) + "\n" for doc in docs)


def shipped_normalizer() -> Normalizer:
    mappings, errors = load_mappings([shipped("mappings")])
    assert not errors, [str(error) for error in errors]
    return Normalizer(mappings)


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    doc: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        *objects, leaf = name.split(".")
        place = doc
        for part in objects:
            place = place.setdefault(part, {})
        place[leaf] = value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if isinstance(value, datetime) else value
    return doc


def main() -> None:
    normalizer = shipped_normalizer()
    for path in sorted(FOLDER.glob("*.csv")):
        lines = to_lines(documents(normalizer, golden_batch(path.stem)))
        path.with_suffix(".ndjson").write_text(lines, encoding="utf-8")
    for event in (*real_time_events(), *objects()):
        golden_path(event).write_text(to_lines(golden_documents(normalizer, event)), encoding="utf-8")


if __name__ == "__main__":
    main()
