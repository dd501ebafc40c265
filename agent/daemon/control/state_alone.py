"""The stores of all shards, for commands that find no daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from agent.config.settings import Settings
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.state_stores import open_stores
from agent.store.queue.status import Shards


@contextmanager
def opened_shards(settings: Settings, now: Callable[[], datetime]) -> Iterator[Shards]:
    """Open while inside: those that something is stored of, whether the settings still name the org or not. Raises
    StateError, when a daemon holds the state for instance, and StateDamaged.
    """
    state = StateDirectory(settings.state.directory)
    try:
        yield {name: open_stores(state.shard(name), now) for name in state.shards()}
    finally:
        state.close()
