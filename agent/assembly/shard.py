"""A shard put together: one org with its session, sources, detector and stores, or what is of no org."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from agent.assembly.batch_processing import BatchProcessing
from agent.assembly.history.pasts import build_past
from agent.assembly.object_coverage import ObjectCoverage
from agent.assembly.org_feeds import OBJECTS, ONE_FEED, STREAM, OrgFeeds, org_feeds
from agent.assembly.sources import build_directory, build_source, with_unknown_actions
from agent.batch_steps import BatchSteps
from agent.config.settings import Org, SourceSettings
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.ingest import Ingest
from agent.source import ContinuousSource, PolledSource, PushedSource
from agent.sources.history.history import PastSource
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of, source_name
from agent.store import keys
from agent.store.queue.state_stores import StateStores
from agent.store.state import State, StateRecall

Source = PolledSource | ContinuousSource | PushedSource


@dataclass(frozen=True)
class Shard:
    """Nothing of it concerns another shard."""

    stores: StateStores
    ingest: Ingest
    session: Session | None = None
    """None for what is of no org, and for an org that the settings no longer name: its rows are still sent."""
    directory: Directory | None = None
    """Who stands behind the ids in the org's rows."""
    sources: Sequence[tuple[SourceSettings, Source]] = ()
    feeds: OrgFeeds = ONE_FEED
    past: PastSource | None = None
    """What a backfill reads; None where there is no session."""

    @property
    def name(self) -> str:
        """The org's name in the settings; `keys.PROCESS` for what is of no org."""
        return self.stores.shard

    @property
    def org_id(self) -> str:
        """The organisation's 18-character id, empty while it is not known; asks nobody."""
        return self.session.org_id if self.session is not None and self.session.signed_in else ""

    def steps(self, processing: BatchProcessing) -> BatchSteps:
        """Steps of the shard's own, of what the process has in use."""
        return shard_steps(processing, self.stores, self.directory, self.feeds)


@dataclass(frozen=True, slots=True)
class ShardSurroundings:
    """What of the process a shard is built with."""

    processing: BatchProcessing
    downloads: Path
    """The folder for log files while they are read."""
    now: Callable[[], datetime]
    stop: threading.Event
    watch: Callable[[str, BatchCommit], None]
    """Called after each commit, with the name of its shard."""


def build_shard(
    stores: StateStores, org: Org | None, session: Session | None, surroundings: ShardSurroundings
) -> Shard:
    """`org` and its `session`: None where the settings name no such org. Nothing is asked of anybody yet."""
    now = surroundings.now
    directory = (
        build_directory(stores.state, stores.problems, stores.shard, session, now) if session is not None else None
    )
    feeds = _feeds(org, stores.state) if org else ONE_FEED
    ingest = Ingest(
        stores,
        shard_steps(surroundings.processing, stores, directory, feeds),
        now=now,
        stop=surroundings.stop,
        watch=partial(surroundings.watch, stores.shard),
        intervals={name_of(org.name, settings): settings.every for settings in org.sources} if org else {},
    )
    if org is None or session is None:
        return Shard(stores, ingest)
    sources = [
        (settings, with_unknown_actions(source, settings, ingest, now))
        for settings in org.sources
        for source in [build_source(settings, session, ingest, now, surroundings.downloads, org.sources)]
    ]
    past = build_past(org, session, stores.state, ingest, now, surroundings.downloads)
    return Shard(stores, ingest, session, directory, sources, feeds, past)


def _feeds(org: Org, state: State) -> OrgFeeds:
    stream, objects = source_name(org.name, STREAM), source_name(org.name, OBJECTS)
    coverage = ObjectCoverage(
        StateRecall(state, keys.MEMORY.key(objects, "")), lambda: state.text(keys.CURSOR.key(objects))
    )
    return org_feeds(org, StateRecall(state, keys.MEMORY.key(stream, "")), coverage)


def shard_steps(
    processing: BatchProcessing, stores: StateStores, directory: Directory | None, feeds: OrgFeeds
) -> BatchSteps:
    """The steps of one shard, with the memory of its detection; `directory`: its look-ups."""
    return processing.steps(directory, StateRecall(stores.state, keys.DETECTION.prefix), feeds)
