"""How commands reach incidents: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from agent.assembly.trail_record import recorder
from agent.config.settings import Settings
from agent.daemon.control.client import ask, is_there
from agent.daemon.control.state_alone import opened_shards
from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.settings import NoticeSettings
from agent.store import keys
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall

Ask = Callable[..., Any]
"""A request by its name, with its arguments."""


@contextmanager
def incident_requests(settings: Settings, now: Callable[[], datetime]) -> Iterator[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""
    socket = settings.state.socket()
    if is_there(socket):
        yield partial(ask, socket)
        return
    with opened_shards(settings, now) as shards:
        desks = {name: desk_alone(stores, settings.notice, now) for name, stores in shards.items()}
        table = {command.name: command.run for command in IncidentRequests(lambda: desks, now).commands()}
        yield lambda name, **arguments: table[name](**arguments)


def desk_alone(stores: StateStores, settings: NoticeSettings | None, now: Callable[[], datetime]) -> IncidentDesk:
    """Of a shard that nothing else uses: who has the state open is alone."""
    book = IncidentBook(StateRecall(stores.state, keys.RESPONSE.prefix))
    return IncidentDesk(stores.state, stores.problems, book, nullcontext, recorder(stores.state), settings, now)
