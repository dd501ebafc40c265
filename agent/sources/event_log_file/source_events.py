"""What the log-file source tells of itself, as events of Leakline's own.

Actions: `log-gap` (a listed file cannot be read any more), `log-truncated` (a file of which only a part arrived, or
that is shorter than listed, was taken as it is), `log-held` (a day's file that does not fit the hours it covers),
`hourly-files-missing`, `hourly-files-found`.
"""

from __future__ import annotations

from datetime import datetime

from agent.model import Batch
from agent.own_event import own_event
from agent.sources.event_log_file.listed_file import ListedFile


def gap(org: str, listed: ListedFile, reason: str, now: datetime) -> Batch:
    """Rules can alert on it: `leakline.gap_hours` is how much of the org's log is missing."""
    message = f"{_name(listed)} cannot be read: {reason}. Its events are missing"
    return _event(org, "log-gap", message, now, listed, {"leakline.gap_hours": listed.hours})


def truncated(org: str, listed: ListedFile, defect: str, now: datetime) -> Batch:
    """A file that is not whole was taken, for more of it is not to be had."""
    message = f"{_name(listed)} was read although {defect}; events may be missing"
    return _event(org, "log-truncated", message, now, listed, {})


def held(org: str, listed: ListedFile, share: float, now: datetime) -> Batch:
    """The check on the assumption that hourly and daily files agree cell for cell."""
    message = (
        f"{_name(listed)} was not read: only {share:.0%} of the rows of the hourly files are in it again. "
        "Sending it would duplicate events"
    )
    return _event(org, "log-held", message, now, listed, {"leakline.known_share": round(share, 4)})


def hourly_files_missing(org: str, reason: str, now: datetime) -> Batch:
    message = (
        f"hourly log files are not available ({reason}): reading daily ones, which come about 45 hours after the day "
        "starts. Hourly files need Event Monitoring, and the user must see the field EventLogFile.Interval"
    )
    return own_event(org, "hourly-files-missing", message, now, failure=True)


def hourly_files_found(org: str, now: datetime) -> Batch:
    return own_event(org, "hourly-files-found", "hourly log files are available again and are read from now on", now)


def _event(
    org: str, action: str, message: str, now: datetime, listed: ListedFile, extra: dict[str, str | int | float | bool]
) -> Batch:
    fields: dict[str, str | int | float | bool] = {
        "salesforce.event_log_file.id": listed.id,
        "salesforce.event_log_file.event_type": listed.event_type,
        "salesforce.event_log_file.log_date": listed.log_date.isoformat(),
        "salesforce.event_log_file.interval": listed.kind,
        **extra,
    }
    return own_event(org, action, message, now, failure=True, fields=fields)


def _name(listed: ListedFile) -> str:
    return f"the {listed.kind.lower()} log file {listed.event_type} of {listed.log_date:%Y-%m-%d %H:%M} ({listed.id})"
