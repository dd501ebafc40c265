"""`python -m tests.bench.normalize`: `leakline normalize` of a large log file beside a plain loop over the same file in the same run.

Whole commands, from a file to a file. About two minutes for three runs of 440 MB; `--beside` measures the tree of before as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import plain_loop
from tests.bench.beside import in_tree, turns
from tests.bench.workload import write_log_file

BYTES_A_ROW = 454


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.normalize", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=440)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--beside", nargs="?", const="", help=turns.BESIDE)
    given = parser.parse_args(arguments)
    trees = {"now": in_tree.HERE}
    if given.beside is not None:
        trees["before"] = turns.checkout(given.beside)
    rows = given.megabytes * 1_000_000 // BYTES_A_ROW
    speeds: dict[str, list[float]] = {name: [] for name in (*trees, "plain")}
    costs: dict[str, list[float]] = {name: [] for name in trees}
    with tempfile.TemporaryDirectory() as folder:
        log_file, out = Path(folder) / "RestApi.csv", Path(folder) / "out"
        size = write_log_file(log_file, rows)
        for _ in range(given.runs):
            speeds["plain"].append(plain_loop.run(log_file, out))
            for name, tree in trees.items():
                seconds, core_seconds = _normalize(tree, log_file, out)
                speeds[name].append(rows / seconds)
                costs[name].append(core_seconds / rows * 1e6)
    print(
        f"leakline normalize of {rows:,} rows, {size / 1e6:.0f} MB; median (range) of {given.runs} runs; {os.cpu_count()} cores"
    )
    print(f"  plain loop rows/s     {turns.median_and_range(speeds['plain'], ',.0f')}")
    for name in trees:
        ratios = [speed / loop for speed, loop in zip(speeds[name], speeds["plain"], strict=True)]
        print(f"  {name:6} rows/s         {turns.median_and_range(speeds[name], ',.0f')}")
        print(f"         times the loop {turns.median_and_range(ratios, '.2f')}")
        print(f"         core-µs a row  {turns.median_and_range(costs[name], '.1f')}", flush=True)


def _normalize(tree: Path, log_file: Path, out: Path) -> tuple[float, float]:
    """Seconds, and core-seconds of the process."""
    command = [sys.executable, "-m", "agent", "normalize", str(log_file)]
    with out.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)})
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
