"""`python -m tests.bench.beside CHECKOUT`: the whole way in this tree and in another checkout of Leakline, in turns.

What a change costs is the ratio of two medians of one run, not two figures of two days: these machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from agent.cli.memory_tuning import ALLOCATOR
from tests.bench.workload import write_log_file

HERE = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside", description=__doc__)
    parser.add_argument("checkout", type=Path, help="another tree, such as a `git worktree` of the commit before")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=5, help="of each tree, alternating")
    given = parser.parse_args()
    trees = {"before": given.checkout.resolve(), "now": HERE}
    costs: dict[str, list[float]] = {name: [] for name in trees}
    with tempfile.TemporaryDirectory() as folder:
        log_file = Path(folder) / "RestApi.csv"
        write_log_file(log_file, given.rows)
        for number in range(given.runs):
            for name, tree in trees.items():
                costs[name].append(_core_microseconds(tree, log_file, Path(folder) / f"{name}-{number}"))
                print(f"{name:>6}  run {number + 1}: {costs[name][-1]:.2f} core-µs a row", flush=True)
    medians = {name: statistics.median(values) for name, values in costs.items()}
    print(f"median of {given.runs}: before {medians['before']:.2f}, now {medians['now']:.2f} core-µs a row, "
          f"ratio {medians['now'] / medians['before']:.3f}")  # fmt: skip


def _core_microseconds(tree: Path, log_file: Path, folder: Path) -> float:
    """Of one row, from the log file to the file destination, in a process of its own over the code of `tree`."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.whole_way", str(log_file), str(folder)]
    environment = {**os.environ, **ALLOCATOR, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=tree)
    answer = json.loads(done.stdout)
    return float(answer["core_seconds"]) / float(answer["rows"]) * 1e6


if __name__ == "__main__":
    main()
