"""Log files as the org lists them: the SOQL that asks, and one record of its answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeGuard

from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.id_form import is_record_id

IntervalKind = Literal["Hourly", "Daily"]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""There was no API before."""
LARGEST = 1 << 50
"""Bytes of a log file: more than any disk has, less than a float tells apart."""
HOURLY_LAG = timedelta(hours=8)
"""An hour's file is there 3 to 6 hours after its hour (Salesforce's word); with the hour itself, and one to settle and to be
listed."""
DAILY_LAG = timedelta(hours=48)
"""A day's file was seen 44 and 45 hours after the begin of its day; with 3 to settle and to be listed."""
SECOND = timedelta(seconds=1)
"""The precision of times in SOQL: a record may lie so far outside what was asked for."""


class OddRecord(Exception):
    """A listed record that cannot be read. `name`: its id, where that can be read; `reason`: what is odd, without its cells."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"EventLogFile {name}: {reason}")
        self.name = name
        self.reason = reason
        self.since = EARLIEST
        """From when on it can have been created."""

    def without_frames(self, since: datetime) -> OddRecord:
        """The same, to be kept: one that was raised holds all that its frames knew, the record and its list included, until
        the interpreter looks for garbage, which it seldom does: 290 MB for 75,000 of them.
        """
        kept = OddRecord(self.name, self.reason)
        kept.since = since
        return kept


@dataclass(frozen=True, slots=True, order=True)
class ListedFile:
    """A log file that can be downloaded. Ordered as they are read: by creation, then id."""

    created: datetime
    id: str
    event_type: str
    kind: IntervalKind
    log_date: datetime
    """Start of the hour or of the day (UTC) that it covers."""
    length: int
    """Bytes, as listed."""
    sequence: int = 0

    @property
    def version(self) -> str:
        """What tells this file from a later one under the same id; sorts by creation."""
        return f"{self.created:%Y%m%dT%H%M%SZ}/{self.id}/{self.length}"

    def text(self, seen: datetime | None = None, *, late: bool = False) -> str:
        """All of it, for `of_text`; when it was first seen, for `seen_in`, and whether its rows are late, for `late_in`."""
        facts = {"created": self.created.isoformat(), "log_date": self.log_date.isoformat()}
        reading = ({"seen": seen.isoformat()} if seen else {}) | ({"late": True} if late else {})
        return json.dumps({**asdict(self), **facts, **reading})

    @classmethod
    def of_text(cls, text: str) -> ListedFile:
        facts = json.loads(text)
        facts.pop("seen", None)
        facts.pop("late", None)
        times = {name: datetime.fromisoformat(facts[name]) for name in ("created", "log_date")}
        return cls(**{**facts, **times})

    @staticmethod
    def seen_in(text: str) -> datetime | None:
        """When the file was first seen, if the text says so."""
        seen = json.loads(text).get("seen")
        return datetime.fromisoformat(seen) if seen else None

    @staticmethod
    def late_in(text: str) -> bool:
        """Whether the text says that the rows taken from the file are late."""
        return json.loads(text).get("late") is True

    @property
    def hours(self) -> int:
        return 24 if self.kind == "Daily" else 1

    @property
    def usual_lag(self) -> timedelta:
        """How old its rows are at most when it comes in good time."""
        return DAILY_LAG if self.kind == "Daily" else HOURLY_LAG

    @property
    def day_prefix(self) -> str:
        """Under which taken ids of this type and day are remembered."""
        return f"taken/{self.event_type}/{self.log_date:%Y%m%d}/"

    @property
    def taken_prefix(self) -> str:
        """Under which the ids taken from this very file are remembered, numbered by piece."""
        return f"{self.day_prefix}{'day' if self.kind == 'Daily' else f'{self.log_date:%H}'}/{self.version}/"

    def is_reissue_of(self, taken_key: str) -> bool:
        """Whether rows that are remembered under this key came with an earlier version of this file.

        There is one daily file of a day; an hour has several files, told apart by their ids.
        """
        before = f"{self.day_prefix}{'day' if self.kind == 'Daily' else f'{self.log_date:%H}'}/"
        if not taken_key.startswith(before) or taken_key.startswith(self.taken_prefix):
            return False
        return self.kind == "Daily" or taken_key.removeprefix(before).split("/")[1] == self.id

    def overlapping_prefixes(self) -> Sequence[str]:
        """Under which lie ids of rows that this file may hold as well."""
        if self.kind == "Daily":
            return (self.day_prefix,)
        return f"{self.day_prefix}{self.log_date:%H}/", f"{self.day_prefix}day/"


def listing(
    kinds: Sequence[IntervalKind],
    event_types: Sequence[str] | None,
    since: datetime,
    until: datetime,
    *,
    interval: bool,
) -> str:
    """The query for files created from `since` to `until` (both included).

    It always names Interval where the org has that field: without it only daily files come back, and a condition on
    Id would bring both kinds (elastic/integrations 20931). `event_types` None means all.
    """
    fields = "Id, EventType, LogDate, CreatedDate, LogFileLength" + (", Interval, Sequence" if interval else "")
    conditions = [f"CreatedDate >= {soql_literal.time(since)}", f"CreatedDate <= {soql_literal.time(until)}"]
    if interval:
        named = " OR ".join(f"Interval = '{kind}'" for kind in kinds)
        conditions.insert(0, f"({named})" if len(kinds) > 1 else named)
    if event_types is not None:
        conditions.append(f"EventType IN ({','.join(map(soql_literal.text, event_types))})")
    return f"SELECT {fields} FROM EventLogFile WHERE {' AND '.join(conditions)} ORDER BY CreatedDate ASC, Id ASC"  # noqa: S608


def listing_about(
    kinds: Sequence[IntervalKind], event_types: Sequence[str] | None, start: datetime, end: datetime, *, interval: bool
) -> str:
    """The query for files about hours or days that began from `start` up to `end`, whenever they were created."""
    query = listing(kinds, event_types, EARLIEST, end, interval=interval)
    created = f"CreatedDate >= {soql_literal.time(EARLIEST)} AND CreatedDate <= {soql_literal.time(end)}"
    about = f"LogDate >= {soql_literal.time(start)} AND LogDate < {soql_literal.time(end)}"
    return query.replace(created, about)


def oldest_file(*, interval: bool) -> str:
    """The query for the LogDate of the oldest file, of both kinds where the org has the field Interval."""
    where = " WHERE (Interval = 'Hourly' OR Interval = 'Daily')" if interval else ""
    return f"SELECT LogDate FROM EventLogFile{where} ORDER BY LogDate ASC LIMIT 1"  # noqa: S608


def listed_file(record: Mapping[str, Any], since: datetime, until: datetime) -> ListedFile:
    """One record of the answer for files created from `since` to `until`.

    Raises OddRecord for one that cannot be what it says. Everything in it becomes part of keys, paths and sums of time:
    its forms are checked here, once.
    """
    try:
        created, log_date = moment(record.get("CreatedDate")), moment(record.get("LogDate"))
        if not since - SECOND <= created <= until + SECOND:  # beyond, it would carry the high water away
            raise ValueError("its CreatedDate is not within the time that was asked for")
        if (
            not EARLIEST <= log_date <= until + timedelta(days=2)
        ):  # what is remembered of its rows is forgotten by it (TAKEN_FOR)
            raise ValueError("its LogDate is not a time before now")
        return ListedFile(
            id=_checked(record, "Id", is_record_id),
            event_type=_checked(record, "EventType", is_event_type),
            kind=_kind(record.get("Interval")),
            log_date=log_date,
            created=created,
            length=_whole(record, "LogFileLength"),
            sequence=_whole(record, "Sequence"),
        )
    except ValueError as error:
        raise OddRecord(record_name(record), str(error)) from error


def record_name(record: Mapping[str, Any]) -> str:
    """What tells an odd record from others: its id, or a digest of all of it."""
    id_ = record.get("Id")
    if is_record_id(id_):
        return str(id_)
    return "without-id-" + hashlib.blake2b(repr(sorted(record.items())).encode(), digest_size=6).hexdigest()


def is_event_type(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", value) is not None


def moment(text: object) -> datetime:
    """Salesforce's `2026-07-01T13:04:00.000+0000`, as an aware datetime. Raises ValueError for anything else."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9T:.+Z-]{1,40}", text):
        raise ValueError("a date is missing or is not a text such as 2026-07-01T13:04:00.000+0000")
    try:
        value = datetime.fromisoformat(text)
        if value.tzinfo is None:
            raise ValueError("a date has no zone")
        return value.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a date cannot be read ({error})") from error


def _checked(record: Mapping[str, Any], name: str, fits: Callable[[object], bool]) -> str:
    if not fits(record.get(name)):
        raise ValueError(f"its {name} is missing or has another form")
    return str(record[name])


def _kind(value: object) -> IntervalKind:
    if value not in ("Hourly", "Daily", None):
        raise ValueError("its Interval is neither Hourly nor Daily")
    return "Hourly" if value == "Hourly" else "Daily"


def _whole(record: Mapping[str, Any], name: str) -> int:
    """Salesforce writes whole numbers as floats (`2692.0`); nothing counts as 0."""
    value = record.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        raise ValueError(f"its {name} is not a number from 0 to {LARGEST}")
    return int(value)
