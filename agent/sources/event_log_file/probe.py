"""What stands between this installation and an org's log files, each with what to do: for `leakline check`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.errors import Forbidden, LeaklineError, SourceError
from agent.model import Finding
from agent.sources.event_log_file.event_types import FREE
from agent.sources.event_log_file.interval import no_interval_field
from agent.sources.event_log_file.listed_file import IntervalKind, is_event_type
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import Missing
from agent.sources.salesforce.session import Session
from agent.wording.number import counted

LOOK_BACK = timedelta(days=3)

_PERMISSION = "give the integration user the permissions API Enabled and View Event Log Files"


def probe(session: Session, *, now: Callable[[], datetime], wanted: Sequence[str] = ()) -> Iterator[Finding]:
    """Sign in, then look at the API allowance, the log files, their interval and the licence; stops at what bars the rest.

    `wanted`: event types that the settings name, which the org must know.
    """
    subject = f"org {session.settings.name}"
    try:
        org_id = session.org_id
    except LeaklineError as error:
        yield Finding(subject, False, f"cannot sign in: {error.args[0]}", error.hint or "check url, tls and proxy")
        return
    yield Finding(subject, True, f"signed in at {session.settings.url} to org {org_id}")
    yield _allowance(session, subject)
    try:
        yield from _log_files(session, f"{subject}, log files", now() - LOOK_BACK, wanted)
    except SourceError as error:
        yield Finding(f"{subject}, log files", False, str(error.args[0]), error.hint)


def _allowance(session: Session, subject: str) -> Finding:
    subject = f"{subject}, API calls"
    try:
        calls = session.limits()["DailyApiRequests"]
        left, most = int(calls["Remaining"]), int(calls["Max"])
    except Forbidden as error:
        return Finding(subject, False, str(error.args[0]), error.hint, warning=not _bars_the_api(error))
    except (SourceError, KeyError, TypeError, ValueError, OverflowError) as error:
        return Finding(subject, False, f"the API allowance is not known ({error})", "try again later", warning=True)
    message = f"{left:,} of {most:,} API calls of the day are left"
    if most - left >= most * session.settings.api_budget.share:
        share = session.settings.api_budget.share
        return Finding(subject, False, message, f"reading pauses at {share:.0%}: wait, or raise api_budget.share")
    return Finding(subject, True, message)


def _bars_the_api(error: Forbidden) -> bool:
    return "API_DISABLED" in str(error) or "API_CURRENTLY_DISABLED" in str(error)


def _log_files(session: Session, subject: str, since: datetime, wanted: Sequence[str]) -> Iterator[Finding]:
    try:
        fields = session.fields("EventLogFile")
    except (Missing, Forbidden) as error:
        yield Finding(
            subject, False, f"EventLogFile cannot be read: {error.args[0]}", getattr(error, "hint", "") or _PERMISSION
        )
        return
    yield from _unknown_types(subject, fields.get("EventType", {}), wanted)
    has_interval = "Interval" in fields
    daily = _event_types(session, "Daily" if has_interval else None, since)
    hourly = _event_types(session, "Hourly", since) if has_interval else set()
    if not daily | hourly:
        fix = f"{_PERMISSION}; if it has them, the org wrote no log file in three days: sign in to the org and check again tomorrow"
        yield Finding(subject, False, "no log file is visible", fix)
        return
    yield _licence(subject, daily | hourly)
    yield _hourly(subject, has_interval, bool(hourly))


def _unknown_types(subject: str, field: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[Finding]:
    """What the org's own list of event types says of those that the settings name; nothing where it shows none."""
    entries = field.get("picklistValues")
    values = [entry.get("value") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    names = [value for value in values if is_event_type(value)]
    known = {name.lower() for name in names}
    for name in wanted if known else ():
        if name.lower() not in known:
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.7)
            fix = f"write {' or '.join(near)} in `event_types`" if near else "check the spelling in `event_types`"
            yield Finding(subject, False, f"the org has no event type {name!r}: nothing is read for it", fix)


def _event_types(session: Session, kind: IntervalKind | None, since: datetime) -> set[str]:
    condition = f"Interval = '{kind}' AND " if kind else ""
    query = f"SELECT EventType FROM EventLogFile WHERE {condition}CreatedDate >= {soql_literal.time(since)}"  # noqa: S608
    try:
        named = (record.get("EventType") for record in session.query(query))
        return {event_type for event_type in named if is_event_type(event_type)}
    except SourceError as error:
        if no_interval_field(error):
            return set()
        raise


def _licence(subject: str, seen: set[str]) -> Finding:
    if seen <= FREE:
        message = f"only event types that need no licence were found ({', '.join(sorted(seen))}), daily and for one day"
        fix = "reports, files and API calls need Salesforce Shield or the Event Monitoring add-on, switched on in Setup"
        return Finding(subject, False, message, fix, warning=True)
    return Finding(
        subject, True, f"{counted(len(seen), 'event type')} in the last three days, Event Monitoring is licensed"
    )


def _hourly(subject: str, has_interval: bool, seen: bool) -> Finding:
    if seen:
        return Finding(subject, True, "hourly files were found: events arrive 3 to 6 hours after they happen")
    reason = "the org wrote no hourly file in three days" if has_interval else "EventLogFile has no field Interval"
    fix = "hourly files need Event Monitoring; daily ones are read instead, about 45 hours after the start of the day"
    return Finding(subject, False, f"no hourly files: {reason}", fix, warning=True)
