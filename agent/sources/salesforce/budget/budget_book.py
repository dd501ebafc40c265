"""The budget of one org: what was used, what is foreseen, and whose turn it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from agent import metrics
from agent.sources.salesforce.budget.call_ledger import DAY_HOURS, HOUR, CallLedger, decode
from agent.sources.salesforce.budget.caller import ApiCaller, Rank
from agent.sources.salesforce.budget.forecast import Forecast, forecast, tighter
from agent.sources.salesforce.budget.hold import ApiHold
from agent.sources.salesforce.budget.settings import ApiBudget
from agent.sources.salesforce.budget.turn_pace import TurnPace
from agent.sources.salesforce.budget.usage import Usage, usage_of
from agent.status.api_budget import ApiBudgetStatus

KEPT_FOR_HIGHER: Mapping[Rank, float] = {Rank.HIGH: 0.0, Rank.NORMAL: 0.03, Rank.LOW: 0.06, Rank.BACKFILL: 0.1}
"""The share of the budget that each rank leaves untouched: what is foreseen may be too little."""
PLENTY = 0.5
"""While so much of the budget is left over, whatever is foreseen, nobody is slowed down: after an outage there is much to read."""
STALE = 900.0
"""Seconds after which the org is asked for its count before anybody is held back for it."""


class ApiBudgetBook:
    """Safe for threads."""

    def __init__(self, org: str, settings: ApiBudget, now: Callable[[], datetime]) -> None:
        """`org`: its name in the settings."""
        self.usage = Usage(0, 0)
        self._org = org
        self._settings = settings
        self._now = now
        self._lock = threading.Lock()
        self._ledger = CallLedger()
        self._turns: dict[str, TurnPace] = {}
        """By the source's name, those that have turns."""
        self._callers: dict[ApiCaller, None] = {}
        self._noted: float | None = None
        """When the org last said what is used, or was asked."""
        self._is_stored = True

    # What happens

    def register(self, caller: ApiCaller) -> None:
        """It is going to ask. Who has turns is known from here on by the name of its source."""
        with self._lock:
            self._callers[caller] = None
            if caller.every:
                self._turns.setdefault(caller.source, TurnPace(caller))

    def count(self, caller: ApiCaller) -> None:
        """A call leaves."""
        metrics.API_CALLS.labels(self._org, caller.source, caller.purpose).inc()
        with self._lock:
            self._ledger.add((caller.source, caller.purpose), self._seconds())
            self._is_stored = False
            if caller.purpose == "live" and (turns := self._turns.get(caller.source)):
                turns.spend()

    def note(self, headers: Mapping[str, str]) -> None:
        """An answer came."""
        usage = usage_of(headers)
        if usage is None:
            return
        with self._lock:
            self.usage, self._noted = usage, self._seconds()
            self._ledger.note(usage, self._noted)
        metrics.API_CALLS_USED.labels(self._org).set(usage.used)
        metrics.API_CALLS_ALLOWED.labels(self._org).set(usage.limit)
        metrics.API_CALLS_BUDGET.labels(self._org).set(int(usage.limit * self._settings.share))

    # What may happen

    @property
    def is_share_used(self) -> bool:
        """Whether by the org's last word nobody may ask; a newer one may say otherwise."""
        used, limit = self.usage
        return limit > 0 and used >= limit * self._settings.share

    @property
    def exhausted(self) -> str:
        """Why nobody may ask now, whoever they are; empty while they may."""
        with self._lock:
            (used, limit), own = self.usage, self._ledger.total(self._seconds())
        share, own_share = self._settings.share, self._settings.own_share
        if self.is_share_used:
            return f"{used} of {limit} API calls of the day are used, more than {share:.0%}"
        if limit and own_share is not None and own >= limit * own_share:
            return f"{own} of {limit} API calls of the day are used by Leakline itself, more than {own_share:.0%}"
        return ""

    def ask_for_news(self) -> bool:
        """Whether the org said so long ago what is used that it should be asked; who hears so asks."""
        with self._lock:
            now = self._seconds()
            if self._noted is not None and 0 <= now - self._noted < STALE:
                return False
            self._noted = now  # who asks in vain does not ask again at once
            return True

    def turn(self, source: str) -> ApiHold | None:
        """None: it has its turn now, and may end what it begins. `source`: registered, or it always has."""
        with self._lock:
            turns = self._turns.get(source)
            return self._live(turns, self._seconds()) if turns is not None else None

    def backfill_turn(self) -> ApiHold | None:
        """Whether a call may be made for a backfill now: as long as backfills have used less than their share of what the
        sources are going to leave, today's backfill included.
        """
        with self._lock:
            now = self._seconds()
            if not self.usage.limit:
                return None
            left, made = self._forecast(Rank.BACKFILL, now), self._ledger.total(now, "backfill")
            if self._backfill_room(left, made) > 0:
                return None
            leaving = self._ledger.leaving(now, "backfill")
            room = next((hours for hours, gone in enumerate(leaving) if gone), 1)
            return self._hold(Rank.BACKFILL, now, now, max(left.hours_until_room, room, 1) * HOUR)

    def backfill_room(self) -> int:
        """How many calls a backfill may make from now on, as `backfill_turn` counts them; 0 while the allowance is not known."""
        with self._lock:
            now = self._seconds()
            room = self._backfill_room(self._forecast(Rank.BACKFILL, now), self._ledger.total(now, "backfill"))
            return max(0, int(room)) if self.usage.limit else 0

    # What is shown and kept

    def status(self) -> ApiBudgetStatus:
        """Of the last 24 hours."""
        with self._lock:
            limit, calls = self.usage.limit, self._ledger.by_caller(self._seconds())
        purposes, sources = dict[str, int](), dict[str, int]()
        for (source, purpose), count in sorted(calls.items()):
            purposes[purpose] = purposes.get(purpose, 0) + count
            sources[source] = sources.get(source, 0) + count
        own_share = self._settings.own_share
        return ApiBudgetStatus(
            budget=int(limit * self._settings.share),
            own_budget=int(limit * own_share) if own_share is not None else None,
            own=calls.total(),
            purposes=purposes,
            sources=sources,
        )

    def restore(self, data: bytes) -> None:
        """What an earlier process kept, before anything is counted. Raises ValueError for what it did not."""
        ledger, usage = decode(data)
        with self._lock:
            self._ledger, self.usage = ledger, usage

    def kept(self) -> bytes | None:
        """What is to be kept for the next process; None where nothing was counted since it was asked for last."""
        with self._lock:
            if self._is_stored:
                return None
            self._is_stored = True
            return self._ledger.encode(self.usage)

    # Within; `now` in seconds since 1970

    def _live(self, turns: TurnPace, now: float) -> ApiHold | None:
        rank, limit = turns.caller.rank, self.usage.limit
        if rank is Rank.HIGH or not limit:
            turns.give(freely=True)
            return None
        left = self._forecast(rank, now)
        if left.least >= PLENTY * limit * self._settings.most_share:
            turns.fill(left.pace, now)
            turns.give(freely=True)
            return None
        beside = sum(pace.demand for pace in self._turns.values() if pace.caller.rank is rank)
        pace = left.pace * turns.demand / beside
        turns.fill(pace, now)
        wait = left.hours_until_room * HOUR if left.slack[0] < 1 else turns.wait(pace)
        if wait <= 0:
            turns.give(freely=False)
            return None
        if turns.held_since is None:
            turns.held_since = now
        return self._hold(rank, turns.held_since, now, wait)

    def _forecast(self, rank: Rank, now: float) -> Forecast:
        """What is left for this rank once those above it have what they need."""
        needed = self._needed(rank, now)
        leaving, kept = self._ledger.leaving(now), 1 - KEPT_FOR_HIGHER[rank]
        used, limit = self.usage
        found = forecast(limit * self._settings.share * kept, used, leaving, needed + self._ledger.growth(now))
        if self._settings.own_share is None:
            return found
        own = self._ledger.total(now)
        return tighter(found, forecast(limit * self._settings.own_share * kept, own, leaving, needed))

    def _backfill_room(self, left: Forecast, made: int) -> float:
        """Calls from now on, where backfills have `made` so many of the last 24 hours."""
        return self._settings.backfill_share * (max(0.0, left.least) + made) - made

    def _needed(self, rank: Rank, now: float) -> float:
        """Calls an hour of those above: as usual, and at least one a turn while nothing is known of them."""
        above = [(caller.source, caller.purpose) for caller in self._callers if caller.rank < rank]
        turns = [turns.caller for turns in self._turns.values() if turns.caller.rank < rank]
        return max(self._ledger.hourly(above, now), sum(HOUR / caller.every.total_seconds() for caller in turns))

    def _hold(self, rank: Rank, since: float, now: float, wait: float) -> ApiHold:
        used, limit = self.usage
        reason = (
            f"{used:,} of the {int(limit * self._settings.share):,} API calls that api_budget leaves to a day are used, and "
            f"sources of higher priority need about {int(DAY_HOURS * self._needed(rank, now)):,} a day"
        )
        return ApiHold(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(now + wait, UTC), reason)

    def _seconds(self) -> float:
        return self._now().timestamp()
