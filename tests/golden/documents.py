"""From a golden log file to ECS documents, nested row by row: an encoder that shares nothing with the product's.

`python -m tests.golden.documents` writes every `<EventType>.ndjson` anew from its `<EventType>.csv`. Read the
difference before you commit it.
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
ORG = "00DKz00000GoldnMAC"
CREATED = datetime(2026, 3, 2, 11, 4, 30, tzinfo=UTC)
SEEN = datetime(2026, 3, 2, 11, 10, tzinfo=UTC)


def golden_batch(event_type: str) -> Batch:
    raw = pl.read_csv(FOLDER / f"{event_type}.csv", infer_schema=False)
    frame = raw.with_columns(pl.all().replace("", None))
    ids = pl.Series("event.id", [f"{row:032x}" for row in range(1, frame.height + 1)])
    return Batch(ORG, SERVICE, event_type, frame.with_columns(ids), created=CREATED)


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


if __name__ == "__main__":
    main()
