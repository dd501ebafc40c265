"""Real-time events of an org: what it could give and the settings do not read, and what they name and it does not stream."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.assembly.enabled_rules import enabled_rules
from agent.assembly.rule_availability import rule_availability
from agent.check.blind_rules import listed
from agent.check.silenced_rules import silenced_in_words, silenced_rules
from agent.config.settings import Org, Settings
from agent.detection.authoring.coverage import reasons
from agent.detection.sigma import cache as rule_cache
from agent.errors import LeaklineError, SourceError
from agent.model import Finding
from agent.normalize.mapping.happenings import twins_of_event
from agent.sources.real_time.catalogue import SERVICE, catalogue, event_of
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.session import Session
from agent.wording.number import counted

POLLS_A_DAY = timedelta(days=1) // timedelta(minutes=5)
"""Of `stored_events`, and of the search for channels, unless the settings say otherwise (`every`)."""
BYTES_OF_ROW = 320
"""Of a log file: the mean over the documented event types (tests/golden)."""
NOTHING_STREAMED = "no channel can be streamed"
NOTHING_STORED = "the org stores no real-time event that this user can see"
LOOK_BACK = timedelta(days=3)


def examine_real_time(
    settings: Settings,
    org: Org,
    session: Session,
    now: Callable[[], datetime],
    streamed: set[str] | None = None,
) -> Iterator[Finding]:
    """A finding for each kind of source that the org could feed, and for each event that it does not stream.

    `streamed`: what the names of the events are added to that the org streams to the settings' source.
    """
    streamed = set() if streamed is None else streamed
    subject = f"org {org.name}, real-time events"
    try:
        names = session.objects()
    except SourceError as error:
        message = f"what the org could stream is not known: {error.args[0]}"
        yield Finding(subject, False, message, error.hint or "try again later", warning=True)
        return
    types = {str(source.type) for source in org.sources}
    channels = _channels(names)
    stored = sorted(event.stored for event in catalogue().values() if event.stored in names)
    if "real_time" in types:
        yield from _with_rules(settings, org, "real_time", _streamed(subject, org, session, names, streamed))
    elif channels:
        yield _proposed_stream(subject, settings, org, session, now, channels)
    if "stored_events" not in types and stored:
        yield _proposed_store(subject, stored, channels if "real_time" in types else ())
    if "stored_events" in types and not stored:
        fix = "switch on storage in Setup > Event Manager, and give the user View Real-Time Event Monitoring Data"
        none = Finding(subject, False, NOTHING_STORED, fix)
        yield from _with_rules(settings, org, "stored_events", [none])
    if not channels and not stored and types.isdisjoint({"real_time", "stored_events"}):
        yield Finding(
            subject, True, "the org has none that this user can see: they need Salesforce Shield or Event Monitoring"
        )


def _with_rules(settings: Settings, org: Org, kind: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What says that a source gives nothing also says which rules that silences."""
    for finding in findings:
        if finding.message in (NOTHING_STREAMED, NOTHING_STORED):
            rules = silenced_rules(settings, org).without_source(kind)
            finding = replace(finding, message=f"{finding.message}; {silenced_in_words(rules)}")
        yield finding


def _channels(names: Collection[str]) -> list[str]:
    from agent.sources.real_time.discovery import candidates  # gRPC takes a while to import, and `--offline` needs none

    return candidates(names)


def _proposed_stream(
    subject: str, settings: Settings, org: Org, session: Session, now: Callable[[], datetime], channels: Collection[str]
) -> Finding:
    message = f"the org has {counted(len(channels), 'channel')} of real-time events, and the settings read none"
    woken = _woken(settings, org)
    if woken:
        message += f"; {counted(len(woken), 'rule')} would begin to watch: {listed(woken)}"
    message += f". To be expected: {_rows_in_words(session, now, channels)}, seconds after they happen"
    fix = (
        "write `- type: real_time` among the org's `sources`, and switch on streaming in Setup > Event Manager. "
        f"A stream costs no API calls; looking for channels every 5 minutes costs {POLLS_A_DAY} a day"
    )
    return Finding(subject, False, message, fix, warning=True)


def _proposed_store(subject: str, stored: Sequence[str], streamed: Collection[str]) -> Finding:
    """`streamed`: channels that are read; their objects are asked only for what a stream missed."""
    read = {event_of(channel).name for channel in streamed}
    polled = [name for name in stored if event_of(name).name not in read]
    calls, asked = POLLS_A_DAY * (1 + len(polled)), counted(len(polled), "object")
    if read:
        message = (
            f"nothing reads what the org stores of real-time events: gaps of the stream stay, and {listed(polled)}"
        )
        message = message if polled else message.removesuffix(", and ")
    else:
        message = (
            f"the org stores {counted(len(stored), 'real-time event')}, and the settings read none: {listed(stored)}"
        )
    fix = (
        "write `- type: stored_events` among the org's `sources`, and switch on storage in Setup > Event Manager. "
        f"With a poll every 5 minutes to be expected: {calls:,} API calls a day ({asked} and one look at what "
        "there is), and more only where a poll finds much"
    )
    return Finding(subject, False, message, fix, warning=True)


def _streamed(
    subject: str, org: Org, session: Session, names: Collection[str], streamed: set[str]
) -> Iterator[Finding]:
    """Asks the Pub/Sub API for each channel, as the source does."""
    from agent.sources.real_time.discovery import discover
    from agent.sources.real_time.wire.connection import PubSubConnection

    for source in (source for source in org.sources if isinstance(source, RealTimeSettings)):
        try:
            connection = PubSubConnection(source.endpoint, org.tls, org.proxy)
        except LeaklineError as error:
            yield Finding(subject, False, str(error.args[0]), error.hint)
            continue
        try:
            found = discover(session, connection, names, source.events)
        except SourceError as error:
            yield Finding(subject, False, f"{source.endpoint}: {error.args[0]}", error.hint or "see tls and proxy")
            continue
        finally:
            connection.close()
        for event, why in found.missing.items():
            yield Finding(subject, False, f"{event} is among `events` and is not streamed", why)
        for channel, why in found.refused.items():
            if event_of(channel).name not in found.missing:
                yield Finding(subject, False, f"{channel} is not streamed", why, warning=True)
        streamed |= {event_of(channel).name for channel in found.offered if channel not in found.unanswered}
        answered = len(found.offered) - len(found.unanswered)
        if found.unanswered:
            yield _unanswered(subject, source.endpoint, found.unanswered)
        if answered:
            yield Finding(subject, True, f"{counted(answered, 'channel')} can be streamed")
        elif not found.unanswered and not found.missing:
            fix = "switch on streaming in Setup > Event Manager, and give the user View Real-Time Event Monitoring Data"
            yield Finding(subject, False, NOTHING_STREAMED, fix)


def _unanswered(subject: str, endpoint: str, why: Mapping[str, str]) -> Finding:
    message = (
        f"{endpoint} does not say whether {counted(len(why), 'channel')} can be streamed: {next(iter(why.values()))}"
    )
    return Finding(subject, False, message, "check `endpoint`, tls, proxy and firewall, or try again later")


def _woken(settings: Settings, org: Org) -> list[str]:
    """Names of rules that cannot fire now and could with real-time events."""
    try:
        rules = enabled_rules(settings.rules, settings.enrich, cache=rule_cache.directory())
    except LeaklineError:
        return []  # said where the rules are examined
    given = rule_availability(settings.model_copy(update={"orgs": [org]}))
    streamed = replace(given, read=(given.read or frozenset()) | {SERVICE}, real_time_events=None)
    before, after = reasons(rules, given), reasons(rules, streamed)
    return [rule.name or rule.title for rule in rules.alerting if before[rule.id] and not after[rule.id]]


def _rows_in_words(session: Session, now: Callable[[], datetime], channels: Collection[str]) -> str:
    """How many rows a day, by the newest daily log files of the same kinds of happenings."""
    twins = {twin.event_type for channel in channels for twin in twins_of_event(event_of(channel).name)}
    since = soql_literal.time(now() - LOOK_BACK)
    query = f"SELECT EventType, LogDate, LogFileLength FROM EventLogFile WHERE CreatedDate >= {since} ORDER BY LogDate DESC LIMIT 500"  # noqa: S608
    sizes: dict[str, float] = {}
    try:
        # Without a condition on Interval an org shows daily files alone.
        for record in session.query(query):
            name, size = record.get("EventType"), record.get("LogFileLength")
            if name in twins and isinstance(size, int | float):
                sizes.setdefault(name, size)
    except SourceError:
        return "rows as log files have them"
    if not sizes:
        return "rows as log files have them"
    rows = int(sum(sizes.values()) / BYTES_OF_ROW)
    return f"about {rounded(rows):,} rows a day, by the size of yesterday's log files of these kinds"


def rounded(rows: int) -> int:
    """To two figures: the estimate is no better."""
    return round(rows, min(0, 2 - len(str(rows))))
