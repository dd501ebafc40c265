"""From a log file to the file destination: both loops as the daemon runs them; in a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.assembly.node import build_node
from agent.hunt.log_files import batches
from agent.model import Batch, Cursor
from agent.pipeline.forward import Forward
from agent.pipeline.shared_lines import SharedLines
from tests.bench.bench_settings import settings_for


class LocalFile:
    """The log file as a source; a batch's cursor is its number."""

    name = "bench/event_log_file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, after: Cursor | None) -> Generator[Batch]:
        for number, batch in enumerate(batches(self._path)):
            yield replace(batch, cursor=Cursor(str(number)))


def main(log_file: Path, folder: Path) -> dict[str, float]:
    """`rows`, `seconds`, `core_seconds` of the whole way, and `peak_mb` of this process."""
    stop = threading.Event()
    node = build_node(settings_for(folder), now=lambda: datetime.now(UTC), stop=stop)
    forward = Forward(
        node.destinations[0], [node.stores["bench"]], SharedLines(most=0), problems=node.own_problems, now=lambda: datetime.now(UTC), stop=stop,
    )  # fmt: skip
    thread = threading.Thread(target=forward.run)
    began, cores = time.perf_counter(), time.process_time()
    thread.start()
    rows = node.shards["bench"].ingest.read(LocalFile(log_file))
    while forward.pending("events"):
        time.sleep(0.005)
    seconds, core_seconds = time.perf_counter() - began, time.process_time() - cores
    stop.set()
    thread.join()
    node.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": seconds, "core_seconds": core_seconds, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
