"""The objects that keep real-time events, newest first, a little after each happened."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from agent.simulator.event_stream.event_kind import EventKind
from agent.simulator.event_stream.happenings import Happenings, RealTimeRow
from agent.simulator.event_stream.stream_truth import StreamTruth
from agent.simulator.log_files.log_file import rest_time
from agent.simulator.world.random_columns import key_of
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY

KEPT = 183 * DAY
"""Storage up to six months (Real-Time Event Monitoring, Data Storage)."""
EMPTY_ID = "000000000000000AAA"
"""What a big object's Id is (SOQL with Big Objects)."""
_MOST_CACHED = 200_000
"""Events."""

Record = dict[str, Any]


class StoredEvents:
    """Safe for threads. Times are milliseconds since 1970; `visible_until`: the time of the newest event that is stored."""

    def __init__(
        self, happenings: Happenings, truth: StreamTruth, begin: int, visible_until: Callable[[], int]
    ) -> None:
        self._happenings = happenings
        self._truth = truth
        self._begin = begin
        self._visible_until = visible_until
        self._days: OrderedDict[tuple[str, int], list[RealTimeRow]] = OrderedDict()
        self._lock = threading.Lock()

    def newest(self, kind: EventKind, low: int, high: int) -> Iterator[Record]:
        """Records with `low <= EventDate <= high`, newest first, made as they are asked for."""
        visible = self._visible_until()
        low, high = max(low, self._begin, visible - KEPT), min(high, visible)
        # A window that ends before it begins has no days; the end of the last day is the first millisecond after `high`.
        for day in range(high // DAY * DAY, low // DAY * DAY - 1, -DAY) if low <= high else ():
            rows = [row for row in reversed(self._of_day(kind, day)) if low <= row.time <= high]
            self._truth.stored(rows)
            yield from (_record(row) for row in rows)

    def all(self, kind: EventKind) -> list[Record]:
        """Everything that the object holds."""
        return list(self.newest(kind, self._begin, self._visible_until()))

    def forget(self, since: int) -> None:
        """Days from then on are made again when somebody asks: something was planted."""
        with self._lock:
            for key in [key for key in self._days if key[1] + DAY > since]:
                del self._days[key]

    def _of_day(self, kind: EventKind, day: int) -> list[RealTimeRow]:
        """The events of one kind and UTC day, which begins then, in order of time."""
        with self._lock:
            made = self._days.pop((kind.name, day), None)
            if made is None:
                made = self._happenings.between((max(day, self._begin), day + DAY), [kind.name])
            self._days[kind.name, day] = made
            while len(self._days) > 1 and sum(map(len, self._days.values())) > _MOST_CACHED:
                self._days.popitem(last=False)
            return made


def _record(row: RealTimeRow) -> Record:
    """The row of the object: every field, times as REST writes them."""
    kind, made = row.kind, dict(row.values)
    if kind.kind == "standard":
        number = key_of(kind.name, row.identifier)
        made["Id"] = long_id(short_id("ThreatEvent", number % 62**8))
        made[kind.number] = f"{kind.number[0]}AE-{number % 100_000_000:08d}"
    else:
        made["Id"] = EMPTY_ID
    stamps = dict.fromkeys(("LastModifiedDate", "SystemModstamp"), row.time)
    values = {**stamps, "LastModifiedById": made.get("CreatedById"), **made}
    return {name: _shown(values.get(name), form) for name, form in kind.stored_fields.items()}


def _shown(value: Any, form: str) -> Any:
    return rest_time(value) if form == "time" and value is not None else value
