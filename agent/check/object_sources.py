"""Sources that an org cannot give, wholly or in part: which, why, what to do, which rules that silences, and what a day costs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.check.daily_calls import OrgSize, examine_cost
from agent.check.object_access import ObjectAccess, WantedObject, examine_object, wanted_objects
from agent.check.real_time_feeds import BYTES_OF_ROW
from agent.check.silenced_rules import SilencedRules, silenced_in_words, silenced_rules
from agent.config.settings import Org, Settings
from agent.errors import SourceError
from agent.model import Finding
from agent.sources.objects.settings import (
    AnyObjectSettings,
    EventLogObjectSettings,
    LoginHistorySettings,
    ObjectSettings,
    ProvisioningSettings,
    SessionsSettings,
    SetupAuditTrailSettings,
)
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.session import Session
from agent.status.silence import ADVICE, SilenceKind
from agent.store.silence.evidence import silence_of_refusal
from agent.wording.number import counted

OF_OBJECTS = (
    *(SetupAuditTrailSettings, LoginHistorySettings, EventLogObjectSettings),
    *(ProvisioningSettings, SessionsSettings, ObjectSettings),
)
NEEDS_LICENCE = "they need Event Monitoring (Salesforce Shield or the add-on)"
FILES_OF_A_DAY = "SELECT LogFileLength FROM EventLogFile WHERE {}CreatedDate >= {}"
NEVER_EMPTY = "LoginHistory"
"""Our own sign-in is in it."""


def examine_objects(
    settings: Settings, org: Org, session: Session, now: Callable[[], datetime], streamed: Collection[str] = ()
) -> Iterator[Finding]:
    """A finding for each source of objects that is read, and for each thing that it lacks; then the cost of all sources.

    `streamed`: names of events that come by the stream.
    """
    sources = [source for source in org.sources if isinstance(source, OF_OBJECTS)]
    subject = f"org {org.name}, objects"
    try:
        names: Collection[str] = session.objects()
    except SourceError as error:
        message = f"what the org has is not known: {error.args[0]}"
        yield Finding(subject, False, message, error.hint or "try again later", warning=True)
        return
    silenced = silenced_rules(settings, org) if sources else None
    size = OrgSize(names, {}, streamed)
    for source in sources:
        try:
            found = [examine_object(session, wanted, names, now()) for wanted in wanted_objects(source, names)]
        except SourceError as error:
            yield Finding(f"org {org.name}, {source.type}", False, str(error.args[0]), error.hint or "try again later")
            continue
        if silenced is not None:
            yield from _of_source(org, source, found, silenced)
        readable = {access.wanted.name: access.rows or 0 for access in found if not access.refusal}
        before = size.wanted.get(source.type, {})  # of type `object` there may be several
        rows = sum(access.rows or 0 for access in found if access.wanted.time)
        size = replace(size, wanted={**size.wanted, source.type: {**before, **readable}}, rows=size.rows + rows)
    files = _files(session, now()) if any(source.type == "event_log_file" for source in org.sources) else []
    rows = size.rows + int(sum(files) / BYTES_OF_ROW)
    yield examine_cost(org, replace(size, files=len(files), rows=rows, allowed=session.usage.limit))


def _of_source(
    org: Org, source: AnyObjectSettings, found: Sequence[ObjectAccess], silenced: SilencedRules
) -> Iterator[Finding]:
    subject = f"org {org.name}, {source.type}"
    kind = source.type
    refused = [access for access in found if access.refusal]
    read = [access for access in found if not access.refusal]
    if not read:
        rules = silenced.without_source(kind)
        yield _unable(subject, source, refused, silenced_in_words(rules))
        return
    for access in refused:
        rules = silenced.without_objects(kind, [access.wanted.name])
        yield _refused(subject, access, silenced_in_words(rules), warning=True)
    for access in read:
        if access.hidden:
            rules = silenced.without_fields(kind, access.hidden)
            message = f"{access.wanted.name} is read without {', '.join(access.hidden)}; {silenced_in_words(rules)}"
            fix = f"{ADVICE[SilenceKind.FIELD_HIDDEN]}, or accept it: rows come without"
            yield Finding(subject, False, message, fix, warning=True)
        if access.rows == 0 and access.wanted.name == NEVER_EMPTY:
            message = f"{NEVER_EMPTY} shows this user no login of the last day, not even our own; {silenced_in_words(silenced.without_source(kind))}"
            yield Finding(subject, False, message, f"give the user the permission {access.wanted.need}")
    yield Finding(subject, True, _told(read))


def _unable(subject: str, source: AnyObjectSettings, refused: Sequence[ObjectAccess], silent: str) -> Finding:
    """Nothing of the source can be read."""
    if isinstance(source, EventLogObjectSettings) and not any(access.wanted.name for access in refused):
        message = f"the org has no event log object that this user can see: {NEEDS_LICENCE}; {silent}"
        fix = "license it and give the user View Event Log Object Data, or remove the source"
        return Finding(subject, False, message, fix)
    first = _refused(subject, refused[0], silent)
    rest = [access.wanted.name for access in refused[1:]]
    if not rest:
        return first
    names = ", ".join([refused[0].wanted.name, *rest])
    message = f"none of {names} can be read: {refused[0].refusal}; {silent}"
    return replace(first, message=message)


def _refused(subject: str, access: ObjectAccess, silent: str, *, warning: bool = False) -> Finding:
    """`warning`: the rest of the source is read."""
    wanted: WantedObject = access.wanted
    if silence_of_refusal(access.refusal, spoke=False) is SilenceKind.FIELD_HIDDEN:
        fix = ADVICE[SilenceKind.FIELD_HIDDEN]
    else:
        fix = (
            f"give the user the permission {wanted.need}; an org without the licence for {wanted.name} does not have it"
        )
    fix += "; the rest of the source is read" if warning else ""
    message = f"{wanted.name} cannot be read: {access.refusal}; {silent}"
    return Finding(subject, False, message, fix, warning=warning)


def _told(read: Sequence[ObjectAccess]) -> str:
    """What is read, and how much it is."""
    if len(read) > 5:
        rows = sum(access.rows or 0 for access in read)
        return f"{counted(len(read), 'object')} can be read; {rows:,} rows in the last day"
    return "; ".join(_access_told(access) for access in read)


def _access_told(access: ObjectAccess) -> str:
    name = access.wanted.name
    if access.rows is None:
        return f"{name} can be read"
    if not access.wanted.time:
        return f"{name} can be compared, {counted(access.rows, 'record')}"
    return f"{name} can be read, {counted(access.rows, 'row')} in the last day"


def _files(session: Session, now: datetime) -> list[float]:
    """Sizes in bytes of the log files of the last day; none where the org does not say."""
    since = soql_literal.time(now - timedelta(days=1))
    for interval in ("Interval = 'Hourly' AND ", ""):  # some orgs do not have the field
        try:
            sizes = [file.get("LogFileLength") for file in session.query(FILES_OF_A_DAY.format(interval, since))]
        except SourceError:
            continue
        if sizes:
            return [float(size) for size in sizes if isinstance(size, int | float)]
    return []
