"""`leakline run` in which one org's rows are all poison, and which notes when a tick was over.

As `python -m agent`, with `POISONED` (an org's id) and `TICKS` (a file) in the environment.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from agent.cli import memory_tuning

memory_tuning.set_up()  # before polars is imported

import polars as pl  # noqa: E402

from agent.__main__ import main  # noqa: E402
from agent.daemon import readings  # noqa: E402
from agent.model import OWN_EVENT_TYPE, Batch  # noqa: E402
from agent.normalize.shape import Normalizer  # noqa: E402
from agent.pipeline.ingest import Ingest  # noqa: E402

POISONED, TICKS = "LEAKLINE_BENCH_POISONED", "LEAKLINE_BENCH_TICKS"
TICK_EVERY = 1.0
"""Seconds, in place of a minute."""


def plant(poisoned: str, ticks: Path) -> None:
    """From now on, in this process."""
    prepare, tick = Normalizer.prepare, Ingest.tick

    def breaking(normalizer: Normalizer, batch: Batch) -> pl.DataFrame:
        if batch.org == poisoned and batch.event_type != OWN_EVENT_TYPE:
            raise ValueError("a row that nobody can read")
        return prepare(normalizer, batch)

    def noted(ingest: Ingest) -> None:
        tick(ingest)
        with ticks.open("a") as file:
            file.write(f"{id(ingest)} {time.time()}\n")

    setattr(Normalizer, "prepare", breaking)  # noqa: B010 - a method for another
    setattr(Ingest, "tick", noted)  # noqa: B010
    readings.TICK_EVERY = timedelta(seconds=TICK_EVERY)


def latest_tick_lag(ticks: Path, began: float, ended: float) -> float:
    """Seconds by which the tick that was longest in coming was late, of any shard, between two times of the clock."""
    times: dict[str, list[float]] = {}
    for line in ticks.read_text().splitlines():
        shard, at = line.split()
        times.setdefault(shard, [began]).append(max(began, float(at)))
    gaps = [later - earlier for at in times.values() for earlier, later in zip(at, [*at[1:], ended], strict=True)]
    return max(0.0, max(gaps, default=ended - began) - TICK_EVERY)


if __name__ == "__main__":
    plant(os.environ[POISONED], Path(os.environ[TICKS]))
    main()
