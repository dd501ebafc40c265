"""`make bench`: the whole way, to one destination and to three, each stage, and a plain loop over the same rows, all in the
same run, several times. About three minutes; the Sigma rules beside tenzir are `python -m tests.bench.sigma`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import plain_loop, sigma
from tests.bench.bench_settings import write_inputs
from tests.bench.beside.in_tree import HERE
from tests.bench.beside.turns import median_and_range, run_in
from tests.bench.workload import write_log_file

MANY = 3
"""Destinations, beside one."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-sigma", action="store_true", help="leave out the rules over NDJSON")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        log_file = Path(folder) / "RestApi.csv"
        size = write_log_file(log_file, given.rows)
        print(f"{given.rows:,} RestApi rows of 30 columns, {size / given.rows:.0f} B each; {os.cpu_count()} cores; "
              f"median (range) of {given.runs} runs")  # fmt: skip
        runs = [_run(log_file, Path(folder), Path(folder) / str(number)) for number in range(given.runs)]
        _tell(runs, given.rows)
        if not given.without_sigma:
            print("\nSigma rules over NDJSON, whole commands")
            for line in sigma.run(Path(folder), given.runs):
                print(f"  {line}", flush=True)


def _run(log_file: Path, inputs: Path, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    single, several = folder / "one", folder / "many"
    whole = run_in(HERE, "tests.bench.whole_way", log_file, inputs, single, 1)
    written = sum(path.stat().st_size for path in (single / "out").glob("events*"))
    return {
        "whole": whole,
        "many": run_in(HERE, "tests.bench.whole_way", log_file, inputs, several, MANY),
        "bytes": written / whole["rows"],
        "stages": run_in(HERE, "tests.bench.stages", log_file, inputs, folder),
        "plain": plain_loop.run(log_file, folder / "plain"),
    }


def _tell(runs: list[dict[str, Any]], rows: int) -> None:
    plain = [run["plain"] for run in runs]
    print("\nlog file to file destination: mapping, ids, enrichment, 100 rules, spool with fsync")
    print(f"  one destination              ({runs[0]['bytes']:.0f} B of ECS each)")
    _tell_whole([run["whole"] for run in runs], plain)
    print(f"  {MANY} destinations")
    _tell_whole([run["many"] for run in runs], plain)
    ratios = [run["many"]["core_us"] / run["whole"]["core_us"] for run in runs]
    print(f"    core-µs, times one's       {median_and_range(ratios, '.2f')}")
    print("a plain csv + dict + json loop: no ids, no enrichment, no rules, no spool")
    print(f"    rows/s                     {median_and_range(plain, ',.0f')}")
    print("\ncore-µs a row for each stage, one thread, one after another")
    for name in runs[0]["stages"]:
        print(f"    {name:26} {median_and_range([run['stages'][name] for run in runs], '.2f')}")
    print(f"    {'all':26} {median_and_range([sum(run['stages'].values()) for run in runs], '.2f')}", flush=True)


def _tell_whole(whole: list[dict[str, Any]], plain: list[float]) -> None:
    speeds = [run["events_a_second"] for run in whole]
    ratios = [speed / loop for speed, loop in zip(speeds, plain, strict=True)]
    print(f"    events/s                   {median_and_range(speeds, ',.0f')}")
    print(f"    times the plain loop       {median_and_range(ratios, '.2f')}")
    print(f"    core-µs a row              {median_and_range([run['core_us'] for run in whole])}")
    print(f"    peak memory                {median_and_range([run['peak_mb'] for run in whole], '.0f')} MB", flush=True)


if __name__ == "__main__":
    main()
