"""The stores of all shards of a state directory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime

from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.problem_gauge import ProblemGauge
from agent.store.queue.state_stores import StateStores, open_stores
from agent.store.recent_frames import RecentFrames


def open_shards(
    directory: StateDirectory,
    orgs: Iterable[str],
    now: Callable[[], datetime],
    *,
    grown: threading.Condition | None = None,
    told: threading.Condition | None = None,
) -> dict[str, StateStores]:
    """By name: the process's, those of `orgs` (names in the settings), and those that only the state knows.

    The last are of orgs that the settings named once: what waits for destinations there is still sent. `grown`,
    `told`: see `Spool` and `Problems`. Raises StateError.
    """
    recent, gauge = RecentFrames(), ProblemGauge()
    names = dict.fromkeys((keys.PROCESS, *orgs, *directory.shards()))
    return {
        name: open_stores(directory.shard(name), now, grown=grown, told=told, recent=recent, gauge=gauge)
        for name in names
    }
