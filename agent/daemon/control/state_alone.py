"""The stores of all shards, for commands that find no daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from agent.config.settings import Settings
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.shards import open_shards
from agent.store.queue.status import Shards


@contextmanager
def opened_shards(settings: Settings, now: Callable[[], datetime]) -> Iterator[Shards]:
    """Open while inside: those that something is stored of, whether the settings still name the org or not. Raises
    StateError, when a daemon holds the state for instance, and StateDamaged.
    """
    with closing(StateDirectory(settings.state.directory)) as state:
        yield open_shards(state, (), now)
