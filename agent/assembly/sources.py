"""From an org's settings to its sources, and who stands behind the ids in their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, assert_never

import structlog

from agent.config.settings import SourceSettings
from agent.normalize.audit_trail.setup_action import is_known
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.normalize.vendor_identity import identify_events, identify_named, identify_rows
from agent.source import ContinuousSource, PolledSource, Recall
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.source import EventLogFile, EventLogFileSettings
from agent.sources.inbound.source import SERVICE, InboundReports
from agent.sources.objects.catalogue import objects_of
from agent.sources.objects.settings import (
    EventLogObjectSettings,
    LoginHistorySettings,
    ObjectSettings,
    ProvisioningSettings,
    SessionsSettings,
    SetupAuditTrailSettings,
)
from agent.sources.objects.snapshots.snapshots import Snapshots
from agent.sources.objects.source import ObjectRows
from agent.sources.objects.unknown_actions import UnknownActions
from agent.sources.real_time.catalogue import event_of
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce.budget.caller import ApiCaller, source_caller
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of, source_name
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.source import EventStorage
from agent.sources.stored_events.stream_record import StreamRecord
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State

log = structlog.get_logger()


class SourceMemory(Protocol):
    """What of the ingest loop a source needs."""

    def recall(self, source: str) -> Recall:
        """What the source of this name asked to remember."""
        ...


def build_source(
    settings: SourceSettings,
    session: Session,
    ingest: SourceMemory,
    now: Callable[[], datetime],
    downloads: Path,
    beside: Sequence[SourceSettings] = (),
) -> PolledSource | ContinuousSource:
    """One source of an org, which asks nothing yet. `beside`: all sources of the org."""
    name = name_of(session.settings.name, settings)
    session = session.acting_for(_caller(name, settings))
    match settings:
        case EventLogFileSettings():
            return EventLogFile(
                session,
                settings,
                now=now,
                recall=ingest.recall(name),
                identity=RowIdentity(identify, Occurrences, EarlierIds),
                temp_directory=downloads,
            )
        case RealTimeSettings():
            return _real_time(session, settings, ingest.recall(name), now)
        case StoredEventsSettings():
            return EventStorage(
                session,
                settings,
                now=now,
                recall=ingest.recall(name),
                naming=identify_events,
                stream=_stream_record(session.settings.name, ingest, beside),
            )
        case SetupAuditTrailSettings() | LoginHistorySettings() | EventLogObjectSettings() | ObjectSettings():
            return ObjectRows(session, settings, now=now, recall=ingest.recall(name), naming=identify_rows)
        case ProvisioningSettings() | SessionsSettings():
            recall = ingest.recall(name)
            every = settings.snapshot_every if isinstance(settings, ProvisioningSettings) else settings.every
            compared = Snapshots(session, objects_of(settings.type), recall, source=name, every=every, now=now)
            return ObjectRows(session, settings, now=now, recall=recall, naming=identify_rows, differences=compared)
        case never:
            assert_never(never)


def build_inbound(session: Session, ingest: SourceMemory, now: Callable[[], datetime]) -> InboundReports:
    """The source of what senders report of an org. Nobody waits for the org itself."""
    org = session.settings.name

    def organization() -> str:
        return session.org_id if session.signed_in else ""

    recall = ingest.recall(source_name(org, SERVICE))
    return InboundReports(org, organization, now=now, recall=recall, naming=identify_named)


def _caller(name: str, settings: SourceSettings) -> ApiCaller:
    """Streams cost no calls, and the few of their channels go before everything else."""
    if isinstance(settings, RealTimeSettings):
        return ApiCaller(name, "live")
    return source_caller(name, settings.priority, settings.every)


def with_unknown_actions(
    source: PolledSource | ContinuousSource,
    settings: SourceSettings,
    ingest: SourceMemory,
    now: Callable[[], datetime],
) -> PolledSource | ContinuousSource:
    """The source, which tells of actions of the setup audit trail that nobody described where it reads that."""
    if not isinstance(settings, SetupAuditTrailSettings) or not isinstance(source, PolledSource):
        return source
    return UnknownActions(source, is_known, now=now, recall=ingest.recall(source.name))


def _real_time(
    session: Session, settings: RealTimeSettings, recall: Recall, now: Callable[[], datetime]
) -> ContinuousSource:
    # Imported here: gRPC and what it needs take 20 MB and 0.2 s, which those without streams are spared.
    from agent.sources.real_time.source import RealTime

    return RealTime(session, settings, now=now, recall=recall, naming=identify_events)


def _stream_record(org: str, ingest: SourceMemory, beside: Sequence[SourceSettings]) -> StreamRecord:
    """What the org's source of streamed events remembers, where it has one."""
    stream = next((settings for settings in beside if isinstance(settings, RealTimeSettings)), None)
    if stream is None:
        return StreamRecord(None)
    chosen = None if stream.events == "all" else {event_of(name).name for name in stream.events}
    return StreamRecord(ingest.recall(name_of(org, stream)), lambda event: chosen is None or event in chosen)


def build_directory(
    state: State, problems: Problems, name: str, session: Session, now: Callable[[], datetime]
) -> Directory:
    """An org's look-ups, with their cache in `state`; that one failed is an open problem of `problems`."""
    prefix = keys.DIRECTORY.key(name, "")

    def put(entries: Mapping[str, bytes]) -> None:
        with state.transact() as transaction:
            transaction.apply(prefix, entries)

    def report(reason: str) -> None:
        if reason:
            problems.report("look-up-failed", name, f"users and apps cannot be looked up: {reason}")
        else:
            problems.over("look-up-failed", name)

    session = session.acting_for(ApiCaller(name, "look_up"))
    return Directory(session, org=name, get=lambda key: state.data(prefix + key), put=put, now=now, report=report)


def warn_of_rotation(org: str) -> Callable[[str], None]:
    def warn(_: str) -> None:
        log.warning("the org issued a new refresh token; the secret in the settings still holds the old one", org=org)

    return warn
