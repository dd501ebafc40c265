"""From an org's settings to what a backfill reads of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from agent import metrics
from agent.config.settings import Org, SourceSettings
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.normalize.vendor_identity import identify_events, identify_rows
from agent.pipeline.event_times import stored_records
from agent.pipeline.ingest import Ingest
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.history.counted_session import CountedSession
from agent.sources.history.history import SOURCE, PastSource
from agent.sources.history.past import LiveSource, Past, PrefixedRecall
from agent.sources.history.past_events import PastEvents
from agent.sources.history.past_files import PastFiles
from agent.sources.history.past_rows import PastRows
from agent.sources.objects.settings import SessionsSettings
from agent.sources.real_time.catalogue import event_of
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of, source_name
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.stream_record import StreamRecord
from agent.store import keys
from agent.store.state import State, StateRecall

NO_PAST: Mapping[str, str] = {
    "real_time": "a stream keeps 72 hours at most, which live collection reads; `stored_events` has what the org stores",
    "inbound": "senders report what happens now",
}
"""Types of sources that have no past, each with why."""


def build_past(
    org: Org, session: Session, state: State, ingest: Ingest, now: Callable[[], datetime], downloads: Path
) -> PastSource:
    """What a backfill reads of an org; asks nothing yet."""
    called = metrics.BACKFILL_CALLS.labels(org.name).inc
    name = source_name(org.name, SOURCE)
    own = CountedSession(session, name, now=now, called=called)
    pasts = build_pasts(org, own, state, ingest, now, downloads)
    return PastSource(own, pasts, now=now, recall=ingest.recall(name), without=without_past(org.sources))


def build_pasts(
    org: Org,
    session: CountedSession,
    state: State,
    ingest: Ingest,
    now: Callable[[], datetime],
    downloads: Path,
) -> list[Past]:
    """Objects before log files: what tells of a happening sooner is seen sooner."""
    found = [
        past
        for settings in org.sources
        if (past := _past(settings, org, session, state, ingest, now, downloads)) is not None
    ]
    return sorted(found, key=lambda past: (isinstance(past, PastFiles), past.name))


def without_past(sources: Sequence[SourceSettings]) -> dict[str, str]:
    """Sources of the settings that have no past, by type, each with why; of some only a part."""
    found: dict[str, str] = {source.type: NO_PAST[source.type] for source in sources if source.type in NO_PAST}
    for source in sources:
        if source.type == "provisioning" or isinstance(source, SessionsSettings):
            found[source.type] = (
                "grants, tokens and sessions are compared by looks, and no look was taken then; its rows are read"
            )
    return found


def _past(
    settings: SourceSettings,
    org: Org,
    session: CountedSession,
    state: State,
    ingest: Ingest,
    now: Callable[[], datetime],
    downloads: Path,
) -> Past | None:
    live_name, source = name_of(org.name, settings), source_name(org.name, SOURCE)
    live = LiveSource(lambda: ingest.cursor(live_name), StateRecall(state, keys.MEMORY.key(live_name, "")))
    recall = PrefixedRecall(ingest.recall(source), live_name.partition("/")[2] + "/")
    match settings:
        case RealTimeSettings():
            return None
        case EventLogFileSettings():
            identity = RowIdentity(identify, Occurrences, EarlierIds)
            return PastFiles(
                session, settings, live, now=now, recall=recall, identity=identity, temp_directory=downloads
            )
        case StoredEventsSettings():
            since = _streamed_since(state, source_name(org.name, "real_time"))
            return PastEvents(
                session,
                settings,
                live,
                now=now,
                recall=recall,
                naming=identify_events,
                streamed_since=since,
                source=source,
            )
        case _:
            return PastRows(session, settings, live, now=now, recall=recall, naming=identify_rows, source=source)


def _streamed_since(state: State, stream: str) -> Callable[[str], int | None]:
    """From when on the source of streamed events brought one: since its first row, or since it covers it, which it remembers
    of ten days only.
    """
    record = StreamRecord(StateRecall(state, keys.MEMORY.key(stream, "")))

    def since(event: str) -> int | None:
        rows = [
            found.times.first
            for (source, event_type), found in stored_records(state).items()
            if source == stream and event_of(event_type).name == event
        ]
        return min((time for time in (*rows, record.covered_from(event)) if time is not None), default=None)

    return since
