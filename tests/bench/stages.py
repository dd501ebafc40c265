"""Core-microseconds a row for each stage, one after another in one thread; run in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported

from agent.assembly.batch_processing import build_processing
from agent.columns.string_buffer import body
from agent.config.settings import parse
from agent.formats import FORMATS
from agent.normalize.row_identity import identify
from agent.sources.event_log_file.csv_file import read_log_file
from agent.store import batch_file
from tests.bench.bench_process import ensure_allocator
from tests.bench.bench_settings import document_for


def main(log_file: Path, inputs: Path, folder: Path) -> dict[str, float]:
    """Stage to core-microseconds a row."""
    from agent.model import Batch

    steps = build_processing(parse(document_for(folder, inputs))).steps()
    spent: Counter[str] = Counter()
    rows, now = 0, datetime.now(UTC)

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        spent[name] += time.process_time() - began  # type: ignore[assignment]

    pieces = iter(read_log_file(log_file))
    while True:
        with stage("parse"):
            piece = next(pieces, None)
        if piece is None:
            break
        with stage("event id"):
            frame = piece.frame.with_columns(identify(piece.frame, "00D5f000005XrT2EAM", "RestApi").alias("event.id"))
        batch = Batch("00D5f000005XrT2EAM", "event_log_file", "RestApi", frame)
        with stage("map, enrich"):
            prepared = steps.prepare(batch)
        with stage("rules"):
            detection = steps.detect(batch, prepared, steps.match(batch, prepared), now)
            detection.commit()
        with stage("shape"):
            shaped = steps.shape(prepared, batch, now)
        with stage("spool file, without fsync"):
            encoded = batch_file.encode([shaped])
            (folder / "batch").write_bytes(encoded)
        with stage("ECS JSON"):
            lines = FORMATS["ecs"](shaped) + "\n"
        with stage("write"), (folder / "lines").open("wb") as file:
            file.write(body(lines))
        rows += piece.rows
    return {name: seconds / rows * 1e6 for name, seconds in spent.items()}


if __name__ == "__main__":
    ensure_allocator()
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))))
