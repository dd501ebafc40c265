"""What `leakline status` says of incidents, counted from keys alone: ten thousand open incidents cost no reading of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from agent.notice.incidents.book import OPEN, UNSEEN
from agent.notice.incidents.incident import LEVELS
from agent.status.incidents import IncidentCount, IncidentsStatus
from agent.store import keys
from agent.store.state import State, StateRecall

LIVE = "live"


def incidents_status(states: Mapping[str, State]) -> IncidentsStatus:
    """Of all shards, by name; the gravest first. Raises StateError."""
    counts = Counter[tuple[str, str, str, str]]()
    waiting: list[int] = []
    for name, state in states.items():
        recall = StateRecall(state, keys.RESPONSE.prefix)
        for key in recall.keys(OPEN):
            _, origin, stage, level, _ = key.split("/")
            counts[name, origin, stage, level] += 1
        waiting += [int(key.split("/")[2]) for key in recall.keys(f"{UNSEEN}{LIVE}/")]
    found = [IncidentCount(state, level, origin, number, org) for (org, origin, state, level), number in counts.items()]
    ranks: dict[str, int] = {level: place for place, level in enumerate(LEVELS)}
    found.sort(key=lambda count: (-ranks.get(count.level, 0), count.state, count.origin, count.org))
    oldest = datetime.fromtimestamp(min(waiting) / 1000, UTC) if waiting else None
    return IncidentsStatus(found, len(waiting), oldest)
