"""Log files as the org lists them: the SOQL that asks, and one record of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from agent.errors import TransportError
from agent.sources import soql

Kind = Literal["Hourly", "Daily"]


@dataclass(frozen=True, slots=True, order=True)
class ListedFile:
    """A log file that can be downloaded. Ordered as they are read: by creation, then id."""

    created: datetime
    id: str
    event_type: str
    kind: Kind
    log_date: datetime
    """Start of the hour or of the day (UTC) that it covers."""
    length: int
    """Bytes, as listed."""
    sequence: int = 0

    @property
    def version(self) -> str:
        """What tells this file from a later one under the same id; sorts by creation."""
        return f"{self.created:%Y%m%dT%H%M%SZ}/{self.id}/{self.length}"

    def text(self) -> str:
        """All of it, for `of_text`."""
        facts = {"created": self.created.isoformat(), "log_date": self.log_date.isoformat()}
        return json.dumps({**asdict(self), **facts})

    @classmethod
    def of_text(cls, text: str) -> ListedFile:
        facts = json.loads(text)
        times = {name: datetime.fromisoformat(facts[name]) for name in ("created", "log_date")}
        return cls(**{**facts, **times})

    @property
    def hours(self) -> int:
        return 24 if self.kind == "Daily" else 1

    @property
    def day_prefix(self) -> str:
        """Under which taken ids of this type and day are remembered."""
        return f"taken/{self.event_type}/{self.log_date:%Y%m%d}/"

    @property
    def taken_prefix(self) -> str:
        """Under which the ids taken from this very file are remembered, numbered by piece."""
        return f"{self.day_prefix}{'day' if self.kind == 'Daily' else f'{self.log_date:%H}'}/{self.version}/"

    def overlapping_prefixes(self) -> Sequence[str]:
        """Under which lie ids of rows that this file may hold as well."""
        if self.kind == "Daily":
            return (self.day_prefix,)
        return f"{self.day_prefix}{self.log_date:%H}/", f"{self.day_prefix}day/"


def listing(
    kinds: Sequence[Kind], event_types: Sequence[str] | None, since: datetime, until: datetime, *, interval: bool
) -> str:
    """The query for files created from `since` to `until` (both included).

    It always names Interval where the org has that field: without it only daily files come back, and a condition on
    Id would bring both kinds (elastic/integrations 20931). `event_types` None means all.
    """
    fields = "Id, EventType, LogDate, CreatedDate, LogFileLength" + (", Interval, Sequence" if interval else "")
    conditions = [f"CreatedDate >= {soql.time(since)}", f"CreatedDate <= {soql.time(until)}"]
    if interval:
        named = " OR ".join(f"Interval = '{kind}'" for kind in kinds)
        conditions.insert(0, f"({named})" if len(kinds) > 1 else named)
    if event_types is not None:
        conditions.append(f"EventType IN ({','.join(map(soql.text, event_types))})")
    return f"SELECT {fields} FROM EventLogFile WHERE {' AND '.join(conditions)} ORDER BY CreatedDate ASC, Id ASC"  # noqa: S608


def listed_file(record: Mapping[str, Any]) -> ListedFile:
    """One record of the answer. Raises TransportError for one that lacks what it must have."""
    try:
        return ListedFile(
            id=str(record["Id"]),
            event_type=str(record["EventType"]),
            kind="Hourly" if record.get("Interval") == "Hourly" else "Daily",
            log_date=moment(record["LogDate"]),
            created=moment(record["CreatedDate"]),
            length=int(float(record["LogFileLength"] or 0)),
            sequence=int(record.get("Sequence") or 0),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TransportError(
            f"EventLogFile {record.get('Id')}: listed without {error}", hint="try again later"
        ) from error


def moment(text: str) -> datetime:
    """Salesforce's `2026-07-01T13:04:00.000+0000`, as an aware datetime."""
    return datetime.fromisoformat(text).astimezone(UTC)
