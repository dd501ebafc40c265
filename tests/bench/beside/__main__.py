"""`python -m tests.bench.beside [CHECKOUT]`: the whole way in this tree and in another checkout of Leakline, in turns.

From a log file to file destinations; about two minutes for five runs. These machines are noisy: read the ratio.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bench.bench_settings import write_inputs
from tests.bench.beside import turns
from tests.bench.workload import write_log_file


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    parser.add_argument("checkout", nargs="?", help=f"another tree; {turns.BEFORE} unless given")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=5, help="of each tree, alternating")
    parser.add_argument("--destinations", type=int, default=1)
    given = parser.parse_args(arguments)
    before = turns.checkout(given.checkout)
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        log_file = Path(folder) / "RestApi.csv"
        write_log_file(log_file, given.rows)
        found = turns.in_turns(before, given.runs, partial(_measure, Path(folder), log_file, given.destinations))
    print(
        f"{given.rows:,} rows to {given.destinations} file destination(s); median (range) of {given.runs} runs of each tree; {os.cpu_count()} cores"
    )
    print(f"  core-µs a row   {turns.ratio(found, 'core_us').line()}")
    print(f"  events/s        {turns.ratio(found, 'events_a_second').line(',.0f')}")
    print(f"  peak memory MB  {turns.ratio(found, 'peak_mb').line(',.0f')}")


def _measure(folder: Path, log_file: Path, destinations: int, tree: Path, run: int) -> turns.Figures:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        return turns.run_in(tree, "tests.bench.whole_way", log_file, folder, place, destinations)


if __name__ == "__main__":
    main()
