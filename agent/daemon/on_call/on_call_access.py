"""How commands ask about who is on call: the running daemon over its socket, or the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from agent.config.settings import Settings
from agent.daemon.control.client import ask, is_there
from agent.daemon.control.state_alone import opened_shards
from agent.daemon.incidents.incident_access import Ask, desk_alone
from agent.daemon.on_call.on_call_parts import build_roster
from agent.daemon.on_call.on_call_requests import OnCallRequests
from agent.notice.on_call.calendar_file import WITHIN
from agent.store.keys import PROCESS

ANSWER_WITHIN = WITHIN + 10
"""Seconds: a calendar file may have to be read for the answer."""


@contextmanager
def on_call_requests(settings: Settings, now: Callable[[], datetime]) -> Iterator[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""
    socket = settings.state.socket()
    if is_there(socket):
        yield partial(ask, socket, timeout=ANSWER_WITHIN)
        return
    with opened_shards(settings, now) as shards:
        stores = shards[PROCESS]
        desk = desk_alone(stores, settings.notice, now)
        # Nothing was stored in between, and the file is read at once: a command has no time for threads.
        roster = build_roster(settings.notice, desk.recall, lambda: 0, stores.problems, lambda work: work())
        table = {command.name: command.run for command in OnCallRequests(lambda: desk, roster, now).commands()}
        yield lambda name, **arguments: table[name](**arguments)
