"""Two shards in this process that take the same kind of log files in turns, file by file; `run_in` runs it."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.bench_process import ensure_allocator
from tests.bench.incidents.alerting_rows import ONE_IN, AlertingRows
from tests.bench.incidents.answering_shard import AnsweringShard

Shards = Mapping[str, AnsweringShard]
"""`before`, which has less to do, and `now`."""

POOL = 20_000
FILLED_AT_ONCE = 500
SEEN = 2
UNSEEN = 1_000_000
"""Numbers of users whom nobody has seen begin here."""
FEW = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.incidents.incident_process", description=__doc__)
    parser.add_argument("folder", type=Path, help="an empty one")
    parser.add_argument("inputs", type=Path, help="a folder of `write_inputs`")
    parser.add_argument("--size", type=int, required=True, help="rows of a log file")
    parser.add_argument("--files", type=int, required=True, help="of a round")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--users", type=int, default=500, help="of whom alerts are")
    parser.add_argument("--open", type=int, help="users of one shard who had an alert before; both answer then")
    parser.add_argument("--unanswered", action="store_true", help="neither shard answers")
    parser.add_argument("--shipped", action="store_true", help="with the shipped rules as well")
    given = parser.parse_args()
    ensure_allocator()
    rows = AlertingRows.of(given.folder, POOL)

    measure = _beside_none if given.open is None else _beside_few

    def shard(name: str, *, answers: bool = True) -> AnsweringShard:
        folder = given.folder / name
        return AnsweringShard(folder, given.inputs, lambda: rows.now, answers=answers, shipped=given.shipped)

    shards = {
        "before": shard("before", answers=given.open is not None and not given.unanswered),
        "now": shard("now", answers=not given.unanswered),
    }
    print(json.dumps(measure(given, rows, shards)))
    for made in shards.values():
        made.close()


def _beside_none(given: argparse.Namespace, rows: AlertingRows, shards: Shards) -> Mapping[str, Any]:
    """Without incidents and trail, and with them."""
    rng = random.Random(11)

    def users(_name: str) -> list[int]:
        return [rng.randrange(given.users) for _ in range(-(-given.size // ONE_IN))]

    return _rounds(given, rows, shards, users)


def _beside_few(given: argparse.Namespace, rows: AlertingRows, shards: Shards) -> Mapping[str, Any]:
    """With `FEW` open incidents, and with many: one in `SEEN` alerts is of somebody who has one, the others of somebody new."""
    rng, unseen = random.Random(11), count(UNSEEN)
    filled = {"before": FEW, "now": given.open}
    for name, shard in shards.items():
        for first in range(0, filled[name], FILLED_AT_ONCE):
            together = range(first, min(filled[name], first + FILLED_AT_ONCE))
            shard.take(rows.alerts(given.folder / "file.csv", together))
            shard.file()

    def users(name: str) -> list[int]:
        alerts = range(-(-given.size // ONE_IN))
        return [next(unseen) if alert % SEEN else rng.randrange(filled[name]) for alert in alerts]

    return {**_rounds(given, rows, shards, users), "kept_mb": shards["now"].kept()}


def _rounds(
    given: argparse.Namespace, rows: AlertingRows, shards: Shards, users: Callable[[str], Sequence[int]]
) -> Mapping[str, Any]:
    """Core-µs a row of each round, by shard and stage; and what each has in the end. `users`: of the alerts of a file."""
    files = given.folder / "file.csv"
    for name, shard in shards.items():  # what is made once is made now
        shard.take(rows.file(files, given.size, users(name)))
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in shards}
    for _ in range(given.rounds):
        for shard in shards.values():
            shard.spent.clear()
        for number in range(given.files):
            for name, shard in list(shards.items())[:: 1 if number % 2 else -1]:
                shard.take(rows.file(files, given.size, users(name)))
        for name, shard in shards.items():
            shard.file()
            taken = given.files * given.size
            found[name].append({stage: seconds / taken * 1e6 for stage, seconds in shard.spent.items()})
    ends = {
        name: {"incidents": shard.incidents, "records": shard.records, "told": shard.told}
        for name, shard in shards.items()
    }
    return {"core_us": found, "ends": ends}


if __name__ == "__main__":
    main()
