"""A shard put together: one org with its session, sources, detector and stores, or what is of no org."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from agent.assembly.batch_processing import BatchProcessing
from agent.assembly.sources import build_directory, build_source
from agent.batch_steps import BatchSteps
from agent.config.settings import Org, SourceSettings
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.ingest import Ingest
from agent.source import ContinuousSource, PolledSource, PushedSource
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.store import keys
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall

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
        return shard_steps(processing, self.stores, self.directory)


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
    ingest = Ingest(
        stores,
        shard_steps(surroundings.processing, stores, directory),
        now=now,
        stop=surroundings.stop,
        watch=partial(surroundings.watch, stores.shard),
    )
    if org is None or session is None:
        return Shard(stores, ingest)
    sources = [
        (settings, build_source(settings, session, ingest, now, surroundings.downloads)) for settings in org.sources
    ]
    return Shard(stores, ingest, session, directory, sources)


def shard_steps(processing: BatchProcessing, stores: StateStores, directory: Directory | None) -> BatchSteps:
    """The steps of one shard, with the memory of its detection; `directory`: its look-ups."""
    return processing.steps(directory, StateRecall(stores.state, keys.DETECTION.prefix))
