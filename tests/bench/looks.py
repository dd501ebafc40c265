"""What it costs a destination's loop to look for work over idle orgs: `python -m tests.bench.looks [ORGS]`.

It looks after every chunk, after every commit of any org, and once a second.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.pipeline.fakes import ScriptedDestination
from tests.pipeline.shards import Shards

RUNS, TIMES = 7, 200


def main(orgs: int) -> None:
    """Print the median and the range over some runs, in core-µs a look."""
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder) / "state", *(f"org{number}" for number in range(orgs)))
        forward = shards.follow(ScriptedDestination())
        print(f"{orgs} idle orgs, 2 lanes each, core-µs (median, range)")
        print(f"look for a batch:     {_cost(forward.forward)}")
        print(f"measure what waits:   {_cost(forward.measure_waiting)}")
        shards.close()


def _cost(work: Callable[[], object]) -> str:
    runs: list[float] = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(TIMES):
            work()
        runs.append((time.process_time() - began) / TIMES * 1e6)
    return f"{statistics.median(runs):.0f} ({min(runs):.0f} to {max(runs):.0f})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
