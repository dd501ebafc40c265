"""From a daemon's parts to the loops behind the spool: one for each destination, and what keeps the spool within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.assembly.daemon_parts import DaemonParts
from agent.assembly.outdated_problems import end_outdated
from agent.config.settings import Settings
from agent.pipeline.forward import Forward
from agent.pipeline.repair import Repair
from agent.pipeline.shared_lines import SharedLines
from agent.pipeline.spool_trim import Trim
from agent.source import FetchesAgain
from agent.store.queue.backlog_limit import BacklogLimit
from agent.store.queue.removed_destinations import drop_removed


@dataclass(frozen=True, slots=True)
class DeliveryLoops:
    """What follows the spool; nothing runs yet."""

    forwards: Sequence[Forward]
    trim: Trim
    repair: Repair


def build_delivery_loops(
    parts: DaemonParts, settings: Settings, *, now: Callable[[], datetime], stop: threading.Event
) -> DeliveryLoops:
    """The loops of all destinations, and the limit of the backlog as the back-pressure of `parts.ingest`.

    What waits for destinations that the settings no longer name is dropped or reported here: before the first trimming,
    which would remove it in silence.
    """
    lines = SharedLines(keep=2 if len(parts.destinations) > 1 else 0)
    forwards = [
        Forward(destination, parts.stores, lines, now=now, stop=stop, settings=delivery)
        for destination, delivery in zip(parts.destinations, settings.destinations, strict=True)
    ]
    drop_removed(parts.stores, [(forward.name, lane) for forward in forwards for lane in forward.lanes])
    sources = [source for sources in parts.sources.values() for _, source in sources]
    names = [destination.name for destination in parts.destinations]
    end_outdated(parts.open_problems, [source.name for source in sources], names)
    trim = Trim(parts.spool, forwards)
    _limit_backlog(parts, forwards, settings.state.spool_limit_mb << 20, trim)
    again = {source.name: source for source in sources if isinstance(source, FetchesAgain)}
    return DeliveryLoops(forwards, trim, Repair(parts.stores, parts.ingest.shaped, again, now=now, stop=stop))


def _limit_backlog(parts: DaemonParts, forwards: Sequence[Forward], limit: int, trim: Trim) -> None:
    """Bound what waits, to `limit` bytes for all destinations together."""
    stores = parts.stores
    quotas = [forward.quota(limit, alone=len(forwards) == 1) for forward in forwards]
    for name in set(stores.parked.destinations()) - {forward.name for forward in forwards}:
        message = f"rows are set aside for {name}, which the settings do not name any more"
        fix = f"add the destination {name} again: they are sent then"
        stores.problems.report("batches-set-aside", name, message, fix=fix)
    parts.ingest.backpressure = BacklogLimit(stores.spool, stores.parked, limit, quotas, trim.trim).enforce
