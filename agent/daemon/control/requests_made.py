"""Requests of a command: made of the running daemon over its socket, or, where none runs, of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from agent.config.settings import Settings
from agent.daemon.control.client import TIMEOUT, ask, is_there
from agent.daemon.control.command import ControlCommand, table_of
from agent.daemon.control.state_alone import gate_alone, in_force_alone, opened_shards
from agent.store.queue.status import Shards

Ask = Callable[..., Any]
"""A request by its name, with its arguments."""


@contextmanager
def requests_made(
    settings: Settings,
    now: Callable[[], datetime],
    alone: Callable[[Shards, Settings], Sequence[ControlCommand]],
    timeout: float = TIMEOUT,
) -> Iterator[Ask]:
    """Open while inside. `alone`: what may be asked of the stores of all shards where no daemon runs, by the settings in force; `timeout`:
    seconds for an answer of the daemon. Raises LeaklineError, StateError.
    """
    socket = settings.state.socket()
    if is_there(socket):
        yield partial(ask, socket, timeout=timeout)
        return
    with opened_shards(settings, now) as shards:
        gate, principal = gate_alone(settings, shards, now)
        table = table_of(alone(shards, in_force_alone(settings, shards)))
        yield lambda name, **arguments: gate.carried_out(table[name], arguments, principal)
