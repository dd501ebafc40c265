"""How commands reach notices: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from agent.config.settings import Settings
from agent.daemon.control.client import ask, is_there
from agent.daemon.control.state_alone import opened_shards
from agent.daemon.incidents.incident_access import Ask, desk_alone
from agent.daemon.notices.notice_requests import NoticeRequests


@contextmanager
def notice_requests(settings: Settings, now: Callable[[], datetime]) -> Iterator[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""
    socket = settings.state.socket()
    if is_there(socket):
        yield partial(ask, socket)
        return
    with opened_shards(settings, now) as shards:
        desks = {name: desk_alone(stores, settings.notice, now) for name, stores in shards.items()}
        table = {command.name: command.run for command in NoticeRequests(lambda: desks, now).commands()}
        yield lambda name, **arguments: table[name](**arguments)
