"""Requests of a command: made of the running daemon over its socket, or, where none runs, of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from agent.config.settings import Settings
from agent.daemon.control.client import TIMEOUT, ask, is_there
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.state_alone import opened_shards
from agent.store.queue.status import Shards

Ask = Callable[..., Any]
"""A request by its name, with its arguments."""


@contextmanager
def requests_made(
    settings: Settings,
    now: Callable[[], datetime],
    alone: Callable[[Shards], Sequence[ControlCommand]],
    timeout: float = TIMEOUT,
) -> Iterator[Ask]:
    """Open while inside. `alone`: what may be asked of the stores of all shards where no daemon runs; `timeout`: seconds for an answer
    of the daemon. Raises LeaklineError, StateError.
    """
    socket = settings.state.socket()
    if is_there(socket):
        yield partial(ask, socket, timeout=timeout)
        return
    with opened_shards(settings, now) as shards:
        table = {command.name: command.run for command in alone(shards)}
        yield lambda name, **arguments: table[name](**arguments)
