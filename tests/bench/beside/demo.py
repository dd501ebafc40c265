"""`python -m tests.bench.beside.demo`: core-seconds of `leakline demo` in this tree and before, all its processes together.

Both with the rules of the tree of before. Some minutes a run and tree: `--rows 20000 --runs 1` is a short one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bench.beside import in_tree, turns


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside.demo", description=__doc__)
    parser.add_argument("--beside", help=f"the tree of before; {turns.BEFORE} unless given")
    parser.add_argument("--rows", type=int, default=120_000, help="about how many the day has; the demo's own")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args(arguments)
    before = turns.checkout(given.beside)
    found = turns.in_turns(before, given.runs, partial(_measure, before / "rules", given.rows))
    print(f"leakline demo, about {given.rows:,} rows; median (range) of {given.runs} runs; {os.cpu_count()} cores")
    print(f"  core-seconds  {turns.ratio(found, 'core_seconds').line()}")
    print(f"  seconds       {turns.ratio(found, 'seconds').line()}")
    for side in found:
        print(f"  exit status {side}: {', '.join(str(figures['status']) for figures in found[side])}")


def _measure(rules: Path, rows: int, tree: Path, run: int) -> turns.Figures:
    """`core_seconds` of the process and of all it waited for, and its `status`: 1 where a leak was not found."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, in_tree.__file__, str(tree), "tests.bench.beside.demo_process", folder, str(rules), str(rows)]  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(tree)}, cwd=tree)  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode not in (0, 1):
        raise subprocess.CalledProcessError(process.returncode, command)
    return {"core_seconds": used.ru_utime + used.ru_stime, "seconds": seconds, "status": process.returncode}


if __name__ == "__main__":
    main()
