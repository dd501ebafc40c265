"""A shard put together: one org with its session, sources, detector and stores, or what is of no org."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from agent.assembly.batch_processing import BatchProcessing
from agent.assembly.coverage.object_coverage import ObjectCoverage
from agent.assembly.history.pasts import build_past
from agent.assembly.kept_calls import KeptCalls
from agent.assembly.org_feeds import OBJECTS, ONE_FEED, STREAM, OrgFeeds, org_feeds
from agent.assembly.sources import build_directory, build_inbound, build_source, with_unknown_actions
from agent.assembly.trail_record import record_step, recorder
from agent.batch_steps import BatchSteps
from agent.config.settings import Org, SourceSettings
from agent.drills.mark import CurrentDrill, marking, unmarked
from agent.name import DRILLS
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.responder import IncidentResponder
from agent.notice.settings import NoticeSettings
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.ingest import Ingest
from agent.source import ContinuousSource, PolledSource
from agent.sources.history.history import PastSource
from agent.sources.inbound.settings import InboundSettings, SenderSettings
from agent.sources.inbound.source import InboundReports
from agent.sources.salesforce.budget.hold import ApiHold
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of, source_name
from agent.store import keys
from agent.store.queue.state_stores import StateStores
from agent.store.state import State, StateRecall
from agent.trail.head import TrailHead

Source = PolledSource | ContinuousSource


class StopEvent(threading.Event):
    """The order to stop of the process, which sets those of its shards too; a shard may be told to stop before."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[threading.Event, ...] = ()

    def part(self) -> threading.Event:
        """An event that is set with this one, or by itself."""
        part = threading.Event()
        # Without a lock: `set` runs in signal handlers too, in the middle of whatever the main thread does. What has
        # ended needs no order any more, so that parts which come and go do not add up.
        self._parts = (*(known for known in self._parts if not known.is_set()), part)
        if self.is_set():
            part.set()
        return part

    def set(self) -> None:
        super().set()
        for part in self._parts:
            part.set()


@dataclass(frozen=True, slots=True)
class Answers:
    """What of the process shards answer alerts with."""

    notice: NoticeSettings | None = None
    head: TrailHead = field(default_factory=TrailHead)
    """The short head of the trail's newest checkpoint."""
    drill: CurrentDrill = field(default_factory=CurrentDrill)
    """The drill that runs, in the shard of drills."""


@dataclass(frozen=True)
class Shard:
    """Nothing of it concerns another shard."""

    stores: StateStores
    ingest: Ingest
    stop: threading.Event
    """Set with the process's, or when nothing is to be read of this org any more."""
    session: Session | None = None
    """None for what is of no org, and for an org that the settings no longer name: its rows are still sent."""
    directory: Directory | None = None
    """Who stands behind the ids in the org's rows."""
    sources: Sequence[tuple[SourceSettings, Source]] = ()
    feeds: OrgFeeds = ONE_FEED
    inbound: InboundReports | None = None
    """What senders report of the org; None where the settings name no sender of it."""
    senders: Sequence[SenderSettings] = ()
    calls: KeptCalls | None = None
    """The count of the org's API calls."""
    past: PastSource | None = None
    """What a backfill reads; None where there is no session."""
    incidents: IncidentBook = field(kw_only=True)
    """For whoever holds the lock of `Ingest.alone`."""
    desk: IncidentDesk = field(kw_only=True)
    """Where people and clocks change incidents."""
    answers: Answers = field(kw_only=True)

    @property
    def source_names(self) -> list[str]:
        """Of all that is read into the shard."""
        pushed = [self.inbound.name] if self.inbound else []
        return [*(source.name for _, source in self.sources), *pushed]

    @property
    def name(self) -> str:
        """The org's name in the settings; `keys.PROCESS` for what is of no org."""
        return self.stores.shard

    @property
    def org_id(self) -> str:
        """The organisation's 18-character id, empty while it is not known; asks nobody."""
        return self.session.org_id if self.session is not None and self.session.signed_in else ""

    def turn(self, source: str) -> ApiHold | None:
        """What keeps a source from being read now; None where it is its turn."""
        return self.session.turn(source) if self.session is not None else None

    def steps(self, processing: BatchProcessing) -> BatchSteps:
        """Steps of the shard's own, of what the process has in use."""
        return shard_steps(processing, self.stores, self.directory, self.feeds, self.incidents, self.answers)


@dataclass(frozen=True, slots=True)
class ShardSurroundings:
    """What of the process a shard is built with."""

    downloads: Path
    """The folder for log files while they are read."""
    now: Callable[[], datetime]
    stop: StopEvent
    watch: Callable[[str, BatchCommit], None]
    """Called after each commit, with the name of its shard."""
    inbound: InboundSettings | None = None
    answers: Answers = field(default_factory=Answers)


def build_shard(
    stores: StateStores,
    org: Org | None,
    session: Session | None,
    processing: BatchProcessing,
    surroundings: ShardSurroundings,
) -> Shard:
    """`org` and its `session`: None where the settings name no such org. Nothing is asked of anybody yet."""
    now, stop = surroundings.now, surroundings.stop.part()
    directory = (
        build_directory(stores.state, stores.problems, stores.shard, session, now) if session is not None else None
    )
    feeds = _feeds(org, stores.state) if org else ONE_FEED
    incidents, answers = IncidentBook(StateRecall(stores.state, keys.RESPONSE.prefix)), surroundings.answers
    ingest = Ingest(
        stores,
        shard_steps(processing, stores, directory, feeds, incidents, answers),
        now=now,
        stop=stop,
        watch=partial(surroundings.watch, stores.shard),
        intervals={name_of(org.name, settings): settings.every for settings in org.sources} if org else {},
    )
    desk = IncidentDesk(
        stores.state, stores.problems, incidents, ingest.alone, recorder(stores.state), answers.notice, now
    )
    if org is None or session is None:
        return Shard(stores, ingest, stop, incidents=incidents, desk=desk, answers=answers)
    sources = [
        (settings, with_unknown_actions(source, settings, ingest, now))
        for settings in org.sources
        for source in [build_source(settings, session, ingest, now, surroundings.downloads, org.sources)]
    ]
    senders = surroundings.inbound.senders_of(org.name) if surroundings.inbound else []
    inbound = build_inbound(session, ingest, now) if senders else None
    calls = KeptCalls(stores.state, session.budget, now)
    past = build_past(org, session, stores.state, ingest, now, surroundings.downloads)
    return Shard(
        stores,
        ingest,
        stop,
        session,
        directory,
        sources,
        feeds,
        inbound,
        senders,
        calls,
        past,
        incidents=incidents,
        desk=desk,
        answers=answers,
    )


def _feeds(org: Org, state: State) -> OrgFeeds:
    stream, objects = source_name(org.name, STREAM), source_name(org.name, OBJECTS)
    coverage = ObjectCoverage(
        StateRecall(state, keys.MEMORY.key(objects, "")), lambda: state.text(keys.CURSOR.key(objects))
    )
    return org_feeds(org, StateRecall(state, keys.MEMORY.key(stream, "")), coverage)


def shard_steps(
    processing: BatchProcessing,
    stores: StateStores,
    directory: Directory | None,
    feeds: OrgFeeds,
    incidents: IncidentBook,
    answers: Answers,
) -> BatchSteps:
    """The steps of one shard, with the memory of its detection and its incidents; `directory`: its look-ups."""
    steps = processing.steps(directory, StateRecall(stores.state, keys.DETECTION.prefix), feeds)
    respond = IncidentResponder(incidents, answers.notice, answers.head)
    steps = replace(steps, respond=respond, record=record_step(stores.shard))
    return marking(steps, answers.drill) if stores.shard == DRILLS else unmarked(steps)
