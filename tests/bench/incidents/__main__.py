"""`make bench-incidents`: core-µs a row with incidents and their trail, beside the same shard without; and ten thousand open
incidents beside ten.

RestApi rows of which one in a hundred alerts by itself, from log files of 100, 1,000 and 10,000 rows to a file destination.
Both shards are in one process and take a file each in turns. *Ingest* is from the log file into the spool (event ids,
prepare, match, detect, respond, record, shape, transaction, spool with fsync), with the trail's records filed. About ten
minutes; `--size 1000 --rounds 2` is a part of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.bench_settings import write_inputs
from tests.bench.beside.in_tree import HERE
from tests.bench.beside.turns import Ratio, run_in
from tests.bench.incidents.alerting_rows import ONE_IN, RULE

SIZES = (100, 1_000, 10_000)
MANY = 10_000


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.incidents", description=__doc__)
    parser.add_argument("--size", type=int, action="append", help=f"rows of a log file; {SIZES} unless given")
    parser.add_argument("--rows", type=int, default=20_000, help="of a round, at most")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--open", type=int, default=MANY, help="incidents that are many")
    parser.add_argument(
        "--without-shipped", action="store_true", help="leave out what is measured with the shipped rules"
    )
    given = parser.parse_args(arguments)
    print(f"core-µs a row, median (range) of {given.rounds} rounds; one row in {ONE_IN} alerts; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        bench = IncidentBench(Path(folder), given.rounds, given.rows)
        for size in given.size or SIZES:
            bench.tell("100 rules, without incidents and with them", size)
        if not given.without_shipped:
            bench.tell("with the shipped rules as well", 1_000, "--shipped")
        bench.tell(
            f"ten users who had an alert, and {given.open:,}; no incidents", 1_000, "--open", given.open, "--unanswered"
        )
        found = bench.tell(f"ten open incidents, and {given.open:,}", 1_000, "--open", given.open)
        print(f"{'':8}{found['kept_mb']:.1f} MB of memory are kept once all of them were looked for")


class IncidentBench:
    """Runs the process, and prints what it found."""

    def __init__(self, folder: Path, rounds: int, rows: int) -> None:
        self._folder = folder
        self._rounds = rounds
        self._rows = rows
        write_inputs(folder)
        (folder / "rules" / "alerting.yml").write_text(RULE)

    def tell(self, title: str, size: int, *options: object) -> Mapping[str, Any]:
        """`size`: rows of a log file."""
        files = max(2, min(100, self._rows // size))
        with tempfile.TemporaryDirectory(dir=self._folder) as place:
            given = ("--size", size, "--files", files, "--rounds", self._rounds, *options)
            found = run_in(HERE, "tests.bench.incidents.incident_process", place, self._folder, *given)
        print(f"{size:>7,} rows a file: {title}")
        for name, stages in (("ingest", ["ingest"]), ("with delivery", ["ingest", "delivery"])):
            sides = [
                [sum(spent[stage] for stage in stages) for spent in found["core_us"][side]]
                for side in ("before", "now")
            ]
            print(f"{'':8}{name:14} {Ratio(*sides).line()}")
        for side, ends in found["ends"].items():
            print(
                f"{'':8}{side:14} {ends['told']:,} alerts and events of incidents, {ends['incidents']:,} incidents, "
                f"{ends['records']:,} records of the trail",
                flush=True,
            )
        return found


if __name__ == "__main__":
    main()
