"""Our own API calls of the last 24 hours, by hour, source and purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil
from statistics import median_low
from typing import Any

import orjson

from agent.sources.salesforce.budget.usage import Usage

HOUR = 3600.0
DAY_HOURS = 24
MOST_CALLERS = 500
"""In an hour: an org has a dozen sources, and one for each object that the settings name. The rest count as `OTHER`."""
OTHER = ("", "live")
GROWTH_OVER = 6
"""Hours over which it is looked how the calls of everybody else grow."""

CallerKey = tuple[str, str]
"""A source's name and a purpose."""


class CallLedger:
    """Not safe for threads: `ApiBudgetBook` has the lock. Hours are counted from 1970; `now` is in seconds from there.

    An hour counts until it is over for 24 hours, so that the sum is rather too large than too small.
    """

    def __init__(
        self, hours: Mapping[int, Mapping[CallerKey, int]] | None = None, foreign: Mapping[int, int] | None = None
    ) -> None:
        self._hours = {hour: Counter(calls) for hour, calls in (hours or {}).items()}
        self._foreign = dict(foreign or {})
        """Hour to the calls of 24 hours that were not ours, as they were when the org last said so in that hour."""

    def add(self, caller: CallerKey, now: float) -> None:
        self._settle(now)
        calls = self._hours.setdefault(int(now // HOUR), Counter())
        calls[caller if caller in calls or len(calls) < MOST_CALLERS else OTHER] += 1

    def total(self, now: float, purpose: str = "") -> int:
        """Of the last 24 hours. `purpose`: of this alone."""
        return sum(self._by_hour(now, purpose).values())

    def by_caller(self, now: float) -> Counter[CallerKey]:
        """The same for each."""
        self._settle(now)
        return sum(self._hours.values(), Counter[CallerKey]())

    def leaving(self, now: float, purpose: str = "") -> list[int]:
        """For 0 to 24 hours ahead, how many of the last day's calls do not count any more by then."""
        gone = [0] * (DAY_HOURS + 1)
        for hour, count in self._by_hour(now, purpose).items():
            # Its last call leaves when the hour is over for a day. That of this hour would be at the 25th: it is put to the 24th,
            # behind which nothing is foreseen.
            first = min(ceil(hour + 1 + DAY_HOURS - now / HOUR), DAY_HOURS)
            for ahead in range(max(0, first), DAY_HOURS + 1):
                gone[ahead] += count
        return gone

    def hourly(self, callers: Iterable[CallerKey], now: float) -> float:
        """What these use in an hour as a rule: the lower median of whole hours, which a burst after an outage does not move; 0
        before a whole hour is known.
        """
        self._settle(now)
        wanted, this = list(callers), int(now // HOUR)
        if not self._hours or (first := min(self._hours)) >= this - 1:
            return 0.0
        whole = [self._hours.get(hour, Counter()) for hour in range(first + 1, this)]  # the first began in its middle
        return float(median_low([sum(calls[caller] for caller in wanted) for calls in whole]))

    def note(self, usage: Usage, now: float) -> None:
        """What the org counts."""
        self._foreign[int(now // HOUR)] = max(0, usage.used - self.total(now))

    def growth(self, now: float) -> float:
        """By how many calls an hour the daily use of everybody else grows. What they do each day at the same time adds
        nothing to it; 0 where it becomes less.
        """
        self._settle(now)
        last = int(now // HOUR) - 1  # whole hours are compared with each other: ours of the hour in hand count in part
        first = min((hour for hour in self._foreign if hour >= last - GROWTH_OVER), default=last)
        if first >= last or last not in self._foreign:
            return 0.0
        return max(0.0, (self._foreign[last] - self._foreign[first]) / (last - first))

    def encode(self, usage: Usage) -> bytes:
        """JSON, with what the org said last."""
        hours = {
            str(hour): [[source, purpose, count] for (source, purpose), count in sorted(calls.items())]
            for hour, calls in sorted(self._hours.items())
        }
        foreign = {str(hour): count for hour, count in sorted(self._foreign.items())}
        return orjson.dumps({"used": usage.used, "limit": usage.limit, "hours": hours, "foreign": foreign})

    def _by_hour(self, now: float, purpose: str) -> dict[int, int]:
        self._settle(now)
        return {
            hour: sum(count for caller, count in calls.items() if purpose in ("", caller[1]))
            for hour, calls in self._hours.items()
        }

    def _settle(self, now: float) -> None:
        """Forget what is older than a day. Hours that are still to come were noted by a clock that was set back since: they
        count as calls of this hour, for nobody knows better.
        """
        this = int(now // HOUR)
        self._foreign = {hour: count for hour, count in self._foreign.items() if this - DAY_HOURS <= hour <= this}
        if all(this - DAY_HOURS <= hour <= this for hour in self._hours):
            return
        settled: dict[int, Counter[CallerKey]] = {}
        for hour, calls in self._hours.items():
            if hour >= this - DAY_HOURS:
                settled.setdefault(min(hour, this), Counter()).update(calls)
        self._hours = settled


def decode(data: bytes) -> tuple[CallLedger, Usage]:
    """What `CallLedger.encode` made. Raises ValueError for anything else."""
    try:
        document: dict[str, Any] = orjson.loads(data)
        hours = {
            int(hour): {(str(source), str(purpose)): int(count) for source, purpose, count in calls}
            for hour, calls in document["hours"].items()
        }
        foreign = {int(hour): int(count) for hour, count in document["foreign"].items()}
        return CallLedger(hours, foreign), Usage(int(document["used"]), int(document["limit"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a ledger of API calls: {error!r}") from error
