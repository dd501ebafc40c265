"""From a log file to file destinations, all loops as the daemon runs them; in a process of its own, in either tree.

`whole_way LOG_FILE INPUTS FOLDER DESTINATIONS`; `INPUTS` is a folder of `bench_settings.write_inputs`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.model import Batch, Cursor
from tests.bench.bench_process import ensure_allocator, highest
from tests.bench.bench_settings import document_for
from tests.bench.beside import agent_names


class LocalFile:
    """The log file as a source; a batch's cursor is its number."""

    name = "bench/event_log_file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, after: Cursor | None) -> Generator[Batch]:
        for number, batch in enumerate(agent_names.batches_of(self._path)):
            yield replace(batch, cursor=Cursor(str(number)))


def main(log_file: Path, inputs: Path, folder: Path, destinations: int) -> dict[str, float]:
    """`rows`, `seconds`, `core_seconds` of the whole way, and `peak_mb` of this process."""
    stop = threading.Event()
    way = agent_names.Way(document_for(folder, inputs, destinations), now=lambda: datetime.now(UTC), stop=stop)
    threads = [threading.Thread(target=forward.run) for forward in way.forwards]
    began, cores = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    rows = way.ingest.read(LocalFile(log_file))
    while any(forward.pending("events") for forward in way.forwards):
        time.sleep(0.005)
    seconds, core_seconds = time.perf_counter() - began, time.process_time() - cores
    stop.set()
    for thread in threads:
        thread.join()
    way.close()
    return {
        "rows": rows,
        "seconds": seconds,
        "core_seconds": core_seconds,
        "core_us": core_seconds / rows * 1e6,
        "events_a_second": rows / seconds,
        "peak_mb": highest(),
    }


if __name__ == "__main__":
    ensure_allocator()
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))))
