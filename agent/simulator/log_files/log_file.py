"""One EventLogFile record, in one of its versions, and the clock by which such files are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.simulator.world.columns import Layout
from agent.simulator.world.random_columns import roll, roll_between
from agent.simulator.world.sessions import DAY, HOUR
from agent.simulator.world.simulator_settings import SimulatorSettings

SECOND, MINUTE = 1000, 60_000

RETENTION = timedelta(days=30)
FREE_RETENTION = timedelta(days=1)

NAMES_LIMIT = 1333
"""Characters that LogFileFieldNames and LogFileFieldTypes hold."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """Times in milliseconds since 1970. `visible`: when the record turns up in queries, at or after `created`."""

    id: str
    event_type: str
    interval: str
    log_date: int
    sequence: int
    created: int
    visible: int
    version: int
    path: Path
    length: int
    rows: int
    layout: Layout

    def record(self, api_version: str) -> dict[str, object]:
        """The row of the EventLogFile object."""
        names, types = ",".join(self.layout.names), ",".join(self.layout.types)
        created = rest_time(self.created)
        return {
            "Id": self.id,
            "EventType": self.event_type,
            "LogDate": rest_time(self.log_date),
            "LogFile": f"/services/data/v{api_version}/sobjects/EventLogFile/{self.id}/LogFile",
            "LogFileLength": float(self.length),
            "LogFileContentType": ".csv",
            "LogFileFieldNames": names if len(names) <= NAMES_LIMIT else None,
            "LogFileFieldTypes": types if len(types) <= NAMES_LIMIT else None,
            "Interval": self.interval,
            "Sequence": self.sequence,
            "ApiVersion": 66.0,
            "CreatedDate": created,
            "LastModifiedDate": created,
            "SystemModstamp": created,
            "IsDeleted": False,
        }


def rest_time(moment: int) -> str:
    """Milliseconds as REST writes a date-time: `2023-12-19T21:04:35.000+0000`."""
    whole, fraction = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:03d}+0000"


class MakingTimes:
    """When files are made: hourly ones hours later, increments up to days later, daily ones after 44 to 45 hours."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._seed = settings.seed
        self._low, self._high = (int(bound.total_seconds() * 1000) for bound in settings.delay)
        self._late_share = settings.late_share

    @property
    def at_once(self) -> bool:
        return self._high == 0

    def hourly(self, event_type: str, hour: int) -> int:
        """Types are made in a few groups, each of which has one CreatedDate to the second."""
        group = roll("group", event_type) % 5
        delay = roll_between(self._low, self._high, self._seed, "delay", hour, group)
        return hour + max(HOUR, _whole_seconds(delay))

    def increments(self, event_type: str, hour: int) -> list[int]:
        """When the late increments of an hour are made: none, one or two."""
        name = (self._seed, "increment", event_type, hour)
        if roll_between(0, 1, *name) >= self._late_share:
            return []
        made = self.hourly(event_type, hour)
        longest = 40 * SECOND if self.at_once else 30 * HOUR
        shortest = SECOND if self.at_once else HOUR
        first = made + _whole_seconds(roll_between(shortest, longest, *name, "when"))
        if roll_between(0, 1, *name, "more") >= 0.35:
            return [first]
        return [first, first + _whole_seconds(roll_between(SECOND, longest / 2, *name, "again"))]

    def repeats(self, event_type: str, hour: int) -> bool:
        """Whether the increments of an hour also repeat rows told before."""
        return roll_between(0, 1, self._seed, "repeats", event_type, hour) < 0.5

    def daily(self, event_type: str, day: int) -> list[int]:
        """When the daily file is made, and perhaps made anew. `day`: its first millisecond."""
        if self.at_once:
            return [day + DAY]
        name = (self._seed, "daily", event_type, day)
        first = day + 44 * HOUR + _whole_seconds(roll_between(0, HOUR, self._seed, "daily", day))
        if roll_between(0, 1, *name) >= 0.12:
            return [first]
        return [first, first + _whole_seconds(roll_between(4 * HOUR, 20 * HOUR, *name, "again"))]

    def visible(self, file_id: str, created: int) -> int:
        """Now and then a record turns up later than its CreatedDate says."""
        if self.at_once or roll_between(0, 1, "visible", file_id) >= 0.03:
            return created
        return created + _whole_seconds(roll_between(MINUTE, 20 * MINUTE, "lag", file_id))


def _whole_seconds(milliseconds: float) -> int:
    return int(milliseconds) // SECOND * SECOND
