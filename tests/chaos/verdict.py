"""What became of the canaries and incidents of a run, judged by what the receivers noted."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.chaos.proportion import lower_bound
from tests.chaos.receiving.received import Received

IN_TIME = 60.0
"""Seconds from a canary's time to its receipt."""
AVAILABLE = 0.999
"""What is promised of canaries."""


@dataclass(frozen=True, slots=True)
class CanaryVerdict:
    """`planned` = `in_time` + `late` + `lost`."""

    planned: int
    in_time: int
    late: int
    lost: int
    again: int
    """Receipts beyond the first of an id: allowed."""
    two_ids: int
    """Times and channels for which canaries of several ids came: not allowed."""
    delays: Sequence[float]
    """Seconds to the first receipt, of those that came, in ascending order."""

    @property
    def availability(self) -> float:
        return self.in_time / self.planned

    @property
    def bound(self) -> float:
        """From below, at 95 %."""
        return lower_bound(self.in_time, self.planned)

    @property
    def is_kept(self) -> bool:
        return self.availability >= AVAILABLE and self.two_ids == 0


def planned_times(begin: float, end: float, every: float) -> list[float]:
    """The times of all canaries from `begin` to `end`, which are whole multiples of `every` seconds since 1970."""
    return [number * every for number in range(math.ceil(begin / every), math.floor(end / every) + 1)]


def canary_verdict(received: Sequence[Received], planned: Sequence[float]) -> CanaryVerdict:
    """Of canaries over all channels; each counts from its planned time to where it came first."""
    canaries = [message for message in received if message.kind == "canary"]
    first: dict[float, float] = {}
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for message in canaries:
        due = datetime.fromisoformat(message.due).timestamp()
        first[due] = min(message.at, first.get(due, math.inf))
        ids[message.due, message.channel].add(message.id)
    delays = sorted(first[due] - due for due in planned if due in first)
    in_time = sum(delay <= IN_TIME for delay in delays)
    times = Counter(message.id for message in canaries)
    return CanaryVerdict(
        len(planned),
        in_time,
        len(delays) - in_time,
        len(planned) - len(delays),
        sum(times.values()) - len(times),
        sum(len(found) > 1 for found in ids.values()),
        delays,
    )


@dataclass(frozen=True, slots=True)
class IncidentVerdict:
    """Of incidents that reports opened."""

    opened: int
    in_time: int
    """Whose first tier came within a minute of the report's receipt."""
    acknowledged: int
    """By a link."""
    after: int
    """Messages of steps received more than a minute after somebody had acknowledged."""
    two_ids: int
    """Occasions and channels for which messages of several ids came."""
    slowest: float
    """Seconds from the report's receipt to the first message, of the one that took longest; infinite where one never came."""

    @property
    def is_kept(self) -> bool:
        return self.two_ids == 0 and self.after == 0 and self.in_time == self.opened


def incident_verdict(
    received: Sequence[Received],
    reported: Mapping[str, float],
    incidents: Mapping[str, str],
    acknowledged: Mapping[str, float],
) -> IncidentVerdict:
    """`reported`: when each report was answered; `incidents`: the incident of each report, by its name; `acknowledged`: when."""
    calls = [message for message in received if message.kind == "escalation"]
    first: dict[str, float] = {}
    ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for message in calls:
        first[message.incident] = min(message.at, first.get(message.incident, math.inf))
        if message.due:  # mail does not say it
            ids[message.channel, message.incident, str(message.tier), message.due].add(message.id)
    delays = [first.get(incidents.get(name, ""), math.inf) - at for name, at in reported.items()]
    return IncidentVerdict(
        len(reported),
        sum(delay <= IN_TIME for delay in delays),
        sum(number in acknowledged for number in first),
        sum(message.at > acknowledged.get(message.incident, math.inf) + IN_TIME for message in calls),
        sum(len(found) > 1 for found in ids.values()),
        max(delays, default=0.0),
    )


def longest_gap(heartbeats: Sequence[float], begin: float, end: float) -> float:
    """The longest that a monitor heard nothing, in seconds."""
    times = [begin, *(time for time in sorted(heartbeats) if begin < time < end), end]
    return max(later - earlier for earlier, later in itertools.pairwise(times))


def gaps(heartbeats: Sequence[float], begin: float, end: float, longer: float) -> int:
    """How often it heard nothing for longer than that."""
    times = [begin, *(time for time in sorted(heartbeats) if begin < time < end), end]
    return sum(later - earlier > longer for earlier, later in itertools.pairwise(times))
