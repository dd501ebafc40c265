"""How commands reach incidents: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from agent.assembly.notice.floors import working_notice
from agent.assembly.trail_record import recorder
from agent.config.settings import Settings
from agent.daemon.control.gate import Gate
from agent.daemon.control.requests_made import Ask, requests_made
from agent.daemon.incidents.incident_finder import Desks
from agent.daemon.incidents.incident_requests import JUDGING, IncidentRequests
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.settings import NoticeSettings
from agent.store import keys
from agent.store.queue.state_stores import StateStores
from agent.store.queue.status import Shards
from agent.store.state import StateRecall


def incident_requests(settings: Settings, now: Callable[[], datetime]) -> AbstractContextManager[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""
    return requests_made(
        settings,
        now,
        lambda shards, in_force: IncidentRequests(
            desks_alone(shards, working_notice(in_force), now),
            now,
            needs_second=lambda: in_force.permissions is not None,
            judges=lambda name: Gate(lambda: in_force.permissions).still_may(name, JUDGING),
        ).commands(),
    )


def desks_alone(shards: Shards, settings: NoticeSettings | None, now: Callable[[], datetime]) -> Desks:
    """Of all shards, as `desk_alone`."""
    desks = {name: desk_alone(stores, settings, now) for name, stores in shards.items()}
    return lambda: desks


def desk_alone(stores: StateStores, settings: NoticeSettings | None, now: Callable[[], datetime]) -> IncidentDesk:
    """Of a shard that nothing else uses: who has the state open is alone."""
    book = IncidentBook(StateRecall(stores.state, keys.RESPONSE.prefix))
    return IncidentDesk(stores.state, stores.problems, book, nullcontext, recorder(stores.state), settings, now)
