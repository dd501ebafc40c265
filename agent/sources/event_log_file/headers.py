"""Which columns an org's log files have, without fetching one: EventLogFile tells it of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.errors import SourceError
from agent.sources.event_log_file.interval import no_interval_field
from agent.sources.event_log_file.listed_file import is_event_type
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.session import Session

LONGEST = 1333
"""Characters that the field holds: of a file with longer names it says nothing, or not all."""

MOST = 2000
"""Records that are looked at, the newest first: a page of them, in which each type that is written hourly is."""

_QUERY = (
    "SELECT EventType, LogFileFieldNames FROM EventLogFile WHERE {}CreatedDate >= {} ORDER BY CreatedDate DESC LIMIT {}"
)


def headers(session: Session, since: datetime) -> dict[str, frozenset[str]]:
    """Event type to the columns of its newest file that was made since then. Raises SourceError.

    Left out is what the org does not tell for sure: types without a file, and files with more columns than the field
    has room for.
    """
    found: dict[str, frozenset[str]] = {}
    for record in _records(session, since):
        event_type, names = record.get("EventType"), record.get("LogFileFieldNames")
        if is_event_type(event_type) and event_type not in found:
            found[event_type] = _columns(names)
    return {event_type: columns for event_type, columns in found.items() if columns}


def _records(session: Session, since: datetime) -> list[Mapping[str, Any]]:
    """Without the condition on Interval an org shows daily files alone; old API versions do not have it."""
    try:
        return list(
            session.query(_QUERY.format("Interval IN ('Hourly', 'Daily') AND ", soql_literal.time(since), MOST))
        )
    except SourceError as error:
        if not no_interval_field(error):
            raise
    return list(session.query(_QUERY.format("", soql_literal.time(since), MOST)))


def _columns(names: object) -> frozenset[str]:
    if not isinstance(names, str) or len(names) >= LONGEST:
        return frozenset()
    return frozenset(name.strip().strip('"') for name in names.split(",") if name.strip())
