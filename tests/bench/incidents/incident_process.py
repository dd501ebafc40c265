"""Two shards in this process that take the same traffic in turns, batch by batch; `run_in` runs it."""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.bench_process import ensure_allocator, resident
from tests.bench.incidents.alerting_rows import ONE_IN, AlertingRows
from tests.bench.incidents.answering_shard import AnsweringShard

POOL = 20_000
FILLED_AT_ONCE = 500
NEW = 2
"""One in so many alerts is of a user nobody has seen."""
UNSEEN = 1_000_000
"""Numbers of such users begin here."""
FEW = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.incidents.incident_process", description=__doc__)
    parser.add_argument("folder", type=Path, help="an empty one")
    parser.add_argument("inputs", type=Path, help="a folder of `write_inputs`")
    parser.add_argument("--size", type=int, required=True, help="rows of a batch")
    parser.add_argument("--batches", type=int, required=True, help="of a round")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--users", type=int, default=500, help="of whom alerts are")
    parser.add_argument("--open", type=int, help="incidents that one of two shards has; both answer then")
    parser.add_argument("--shipped", action="store_true", help="with the shipped rules as well")
    given = parser.parse_args()
    ensure_allocator()
    rows = AlertingRows.of(given.folder, POOL)

    def shard(name: str, *, answers: bool = True) -> AnsweringShard:
        return AnsweringShard(
            given.folder / name, given.inputs, lambda: rows.now, answers=answers, shipped=given.shipped
        )

    if given.open is None:
        print(json.dumps(_beside_none(given, rows, shard("before", answers=False), shard("now"))))
    else:
        print(json.dumps(_beside_few(given, rows, shard("before"), shard("now"))))


def _beside_none(
    given: argparse.Namespace, rows: AlertingRows, before: AnsweringShard, now: AnsweringShard
) -> dict[str, object]:
    """Without incidents and trail, and with them."""
    rng = random.Random(11)

    def traffic(_shard: AnsweringShard) -> list[int]:
        return [rng.randrange(given.users) for _ in range(-(-given.size // ONE_IN))]

    return _rounds(given, rows, before, now, traffic)


def _beside_few(
    given: argparse.Namespace, rows: AlertingRows, before: AnsweringShard, now: AnsweringShard
) -> dict[str, object]:
    """With `FEW` open incidents, and with many: half of the alerts are of users that have one, half of others."""
    rng = random.Random(11)
    unseen = iter(range(UNSEEN, 10 * UNSEEN))
    for shard, users in ((before, FEW), (now, given.open)):
        for first in range(0, users, FILLED_AT_ONCE):
            shard.take(rows.alerts(range(first, min(users, first + FILLED_AT_ONCE))))
            shard.file()

    def traffic(shard: AnsweringShard) -> list[int]:
        seen = FEW if shard is before else given.open
        count = -(-given.size // ONE_IN)
        return [next(unseen) if number % NEW else rng.randrange(seen) for number in range(count)]

    found = _rounds(given, rows, before, now, traffic)
    _give_back()
    full = resident()
    now.forget()
    _give_back()
    return found | {"kept_mb": full - resident()}


def _rounds(
    given: argparse.Namespace,
    rows: AlertingRows,
    before: AnsweringShard,
    now: AnsweringShard,
    traffic: Callable[[AnsweringShard], Sequence[int]],
) -> dict[str, object]:
    """Core-µs a row of each round, for both; and what each has in the end."""
    shards = {"before": before, "now": now}
    found: dict[str, list[float]] = {name: [] for name in shards}
    for shard in shards.values():  # what is made once is made now
        shard.take(rows.batch(given.size, traffic(shard)))
    for _ in range(given.rounds):
        began = {name: shard.spent for name, shard in shards.items()}
        for number in range(given.batches):
            for shard in (before, now) if number % 2 else (now, before):
                shard.take(rows.batch(given.size, traffic(shard)))
        for name, shard in shards.items():
            shard.file()
            found[name].append((shard.spent - began[name]) / (given.batches * given.size) * 1e6)
    ends = {
        name: {"incidents": shard.incidents, "records": shard.records, "told": shard.told}
        for name, shard in shards.items()
    }
    for shard in shards.values():
        shard.close()
    return {"core_us": found, "ends": ends}


def _give_back() -> None:
    """Memory that nobody uses goes back to the system, so that what is resident is in use."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    main()
