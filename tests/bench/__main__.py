"""`make bench`: the whole way, each stage, and a plain loop over the same rows, all in the same run, several times."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from agent.cli.memory_tuning import ALLOCATOR
from tests.bench import plain_loop, sigma
from tests.bench.workload import write_log_file


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log_file = Path(folder) / "RestApi.csv"
        size = write_log_file(log_file, given.rows)
        print(f"{given.rows:,} RestApi rows of 30 columns, {size / given.rows:.0f} B each; {os.cpu_count()} cores")
        runs = [_run(log_file, Path(folder) / str(number)) for number in range(given.runs)]
        _tell(runs, given.rows)
        print("\nSigma rules over NDJSON, whole commands")
        for line in sigma.run(Path(folder), given.runs):
            print(f"  {line}", flush=True)


def _run(log_file: Path, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    whole = _apart("tests.bench.whole_way", log_file, folder)
    written = sum(path.stat().st_size for path in (folder / "out").glob("events*"))
    return {
        "whole": whole,
        "bytes": written / whole["rows"],
        "stages": _apart("tests.bench.stages", log_file, folder),
        "plain": plain_loop.run(log_file, folder / "plain"),
    }


def _apart(module: str, *arguments: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **ALLOCATOR})
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _tell(runs: list[dict[str, Any]], rows: int) -> None:
    speeds = [rows / run["whole"]["seconds"] for run in runs]
    plain = [run["plain"] for run in runs]
    print("\nlog file to file destination: mapping, ids, enrichment, 100 rules, spool with fsync")
    print(f"  events/s       {_three(speeds, '{:,.0f}')}   ({runs[0]['bytes']:.0f} B of ECS each)")
    print(f"  core-µs a row  {_three([run['whole']['core_seconds'] / rows * 1e6 for run in runs], '{:.1f}')}")
    print(f"  peak memory    {_three([run['whole']['peak_mb'] for run in runs], '{:.0f}')} MB")
    print("a plain csv + dict + json loop: no ids, no enrichment, no rules, no spool")
    print(f"  events/s       {_three(plain, '{:,.0f}')}")
    print(f"  ratio          {_three([a / b for a, b in zip(speeds, plain, strict=True)], '{:.2f}')}")
    print("\ncore-µs a row for each stage, one thread, one after another")
    for name in runs[0]["stages"]:
        print(f"  {name:26} {_three([run['stages'][name] for run in runs], '{:.2f}')}")
    print(f"  {'all':26} {_three([sum(run['stages'].values()) for run in runs], '{:.2f}')}")


def _three(values: list[float], form: str) -> str:
    """Smallest, median and largest."""
    chosen = (min(values), statistics.median(values), max(values))
    return "  ".join(form.format(value) for value in chosen)


if __name__ == "__main__":
    main()
