"""Every version of every record since the org began, made day by day when somebody asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Protocol

from agent.simulator.world.sessions import DAY, day_of, midnight
from agent.simulator.world.stage import RecordVersion

_MOST_KEPT = 60_000
"""Versions, of about 2 KB each."""

_Key = tuple[int, date | None]
"""The maker, and the day that it made; None: what was there before."""

Lag = Callable[[RecordVersion], int]
"""How many milliseconds after its time a version can first be seen."""


class RecordMaker(Protocol):
    """Makes the records of a few objects; the same day always has the same ones."""

    entities: tuple[str, ...]

    def before(self, begin: int) -> Iterable[RecordVersion]:
        """What there is already when the org begins (ms); versions of an earlier time count from then on."""
        ...

    def on(self, day: date) -> Iterable[RecordVersion]:
        """The versions whose time is on this UTC day."""
        ...


class RecordHistory:
    """Safe for threads. Times are milliseconds since 1970."""

    def __init__(self, makers: Sequence[RecordMaker], begin: int, planted: Iterable[RecordVersion]) -> None:
        self._makers = {entity: maker for maker in makers for entity in maker.entities}
        self._begin = begin
        self._planted: dict[str, list[RecordVersion]] = {}
        self._days: OrderedDict[_Key, dict[str, list[RecordVersion]]] = OrderedDict()
        self._lock = threading.RLock()
        self.plant(planted)

    def plant(self, versions: Iterable[RecordVersion]) -> None:
        """Further versions, which a scenario leaves."""
        with self._lock:
            for version in versions:
                self._planted.setdefault(version.entity, []).append(version)

    def forget(self, since: int) -> None:
        """Days from then on are made again when somebody asks: what they are made of has changed."""
        with self._lock:
            for key in [key for key in self._days if key[1] is not None and midnight(key[1]) + DAY > since]:
                del self._days[key]

    def versions(self, entity: str, low: int, high: int) -> list[RecordVersion]:
        """Those with `low <= time <= high` in order of time and id; what was there before the org is at its beginning."""
        low = max(low, self._begin)
        with self._lock:
            # What was there comes first, so that what happens to it in the first millisecond follows.
            parts = [self._of_day(entity, None)] if low <= self._begin <= high else []
            parts += [self._of_day(entity, day) for day in _days(low, high)]
            parts.append(self._planted.get(entity, []))
            found = [version for version in chain.from_iterable(parts) if low <= self._since(version) <= high]
        return sorted(found, key=lambda version: (self._since(version), version.id))

    def seen(self, entity: str, now: int, lag: Lag, since: int = 0) -> list[RecordVersion]:
        """The newest version of each record that can be seen now, deleted ones too, in the order in which records came.

        `since`: records of which nothing has changed since then are not there any more.
        """
        newest: dict[str, RecordVersion] = {}
        for version in self.versions(entity, since, now):
            if version.time + lag(version) <= now:
                newest[version.id] = _followed(newest.get(version.id), version)
        return list(newest.values())

    def _since(self, version: RecordVersion) -> int:
        return max(version.time, self._begin)

    def _of_day(self, entity: str, day: date | None) -> list[RecordVersion]:
        """The versions of one object on a day; None: of the time before the org began."""
        maker = self._makers.get(entity)
        if maker is None:
            return []
        key = (id(maker), day)
        if key in self._days:
            self._days.move_to_end(key)
        else:
            made: dict[str, list[RecordVersion]] = {name: [] for name in maker.entities}
            for version in maker.before(self._begin) if day is None else maker.on(day):
                if day is None or version.time >= self._begin:
                    made[version.entity].append(version)
            self._days[key] = made
            self._drop()
        return self._days[key][entity]

    def _drop(self) -> None:
        """Days that were not asked for the longest; they can be made again."""
        size = sum(sum(map(len, made.values())) for made in self._days.values())
        while len(self._days) > 1 and size > _MOST_KEPT:
            _, made = self._days.popitem(last=False)
            size -= sum(map(len, made.values()))


def _followed(before: RecordVersion | None, version: RecordVersion) -> RecordVersion:
    """The version; a deleted record is shown with what it said last."""
    if version.values is not None or before is None:
        return version
    values = {**(before.values or {}), "IsDeleted": True}
    return RecordVersion(version.entity, version.id, version.time, values, version.scenario, version.row)


def _days(low: int, high: int) -> Iterator[date]:
    """The UTC days that a window of milliseconds touches, both ends in it."""
    for moment in range(low - low % DAY, high + 1, DAY):
        yield day_of(moment)
