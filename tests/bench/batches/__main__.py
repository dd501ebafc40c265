"""`make bench-batches`: core-ms a batch, from parsed rows to accepted by the file destination, in this tree and before.

Batches of 1, 10, 100 and 1,000 rows, in turns of the two trees: alone (the next one comes when the one before is delivered), and
together (the source has 64 at once, of which this tree commits up to sixteen with one transaction; efdda46 commits each by
itself). All event types in shuffled order, rows from the simulated org; the whole rule pack of the tree of before in both
trees, with every list and the address database of the demo; each type once before anything is measured. About twenty
minutes for three runs; `--size 10 --runs 1` is a part of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from agent.simulator.log_files.traffic import EVENT_TYPES
from tests.bench.batches.rows import write_rows
from tests.bench.beside import turns

SIZES = (1, 10, 100, 1_000)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batches", description=__doc__)
    parser.add_argument("--beside", help=f"the tree of before; {turns.BEFORE} unless given")
    parser.add_argument("--size", type=int, action="append", help=f"rows of a batch; {SIZES} unless given")
    parser.add_argument("--batches", type=int, default=220, help="measured in a run, of each size")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--event-type", action="append", choices=EVENT_TYPES, metavar="TYPE", help="all unless given")
    given = parser.parse_args(arguments)
    before = turns.checkout(given.beside)
    print(f"core-ms a batch, median (range) of {given.runs} runs; {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder) / "rows", max(*(given.size or SIZES), 1_000), given.event_type or EVENT_TYPES)
        for size in given.size or SIZES:
            for together in (False, True):
                measure = partial(_measure, Path(folder), before / "rules", size, given.batches, together)
                found = turns.in_turns(before, given.runs, measure)
                _tell(size, together, found)


def _measure(folder: Path, rules: Path, size: int, batches: int, together: bool, tree: Path, run: int) -> turns.Figures:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        options = ["--rules", rules, "--size", size, "--batches", batches, *(["--together"] if together else [])]
        return turns.run_in(tree, "tests.bench.batches.batch_process", folder / "rows", place, *options)


def _tell(size: int, together: bool, found: dict[str, list[turns.Figures]]) -> None:
    last = found["now"][-1]
    way = f"together, {last['batches_a_commit']:.1f} a commit" if together else "alone"
    print(f"{size:>6,} rows  {way:22}  {turns.ratio(found, 'core_ms').line()}")
    print(f"{'':13}{turns.alerts(found)}", flush=True)


if __name__ == "__main__":
    main()
