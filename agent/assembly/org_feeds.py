"""An org that tells of the same happenings in log files and in a stream or objects: what follows for its batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import polars as pl

from agent.assembly.coverage.stream_coverage import StreamCoverage
from agent.config.settings import Org, Settings, SourceSettings
from agent.detection.covered_rows import CoveredRows
from agent.model import Batch
from agent.normalize.also_seen import Kinds, OtherFeed
from agent.normalize.mapping.event_log_objects import event_log_objects, log_files_of, objects_of
from agent.normalize.mapping.happenings import twins_of_event, twins_of_log_file
from agent.normalize.mapping.row_condition import EVERYWHERE
from agent.sources.event_log_file.event_types import DEFAULT
from agent.sources.real_time.catalogue import SERVICE, RealTimeEvent, catalogue, event_of

STREAM, STORED, LOG_FILES, OBJECTS = "real_time", "stored_events", "event_log_file", "event_log_object"
"""Types of sources."""

KINDS = 500
"""Event types of which it is kept what the other feed calls them; there are about a hundred."""


class FeedCoverage(Protocol):
    """What a feed that is sooner than log files has told."""

    def rows(self, batch: Batch, prepared: pl.DataFrame) -> CoveredRows | None:
        """The rows of a log file of which it has."""
        ...


@dataclass(frozen=True, slots=True)
class OrgFeeds:
    """What a shard's batches are given because its org has both; nothing, where it has one."""

    other: OtherFeed | None = None
    coverage: Sequence[FeedCoverage] = ()
    """Empty also where rules are to alert for both."""

    def covered(self, batch: Batch, prepared: pl.DataFrame) -> CoveredRows | None:
        """The rows of a log file of which a feed that is sooner has told."""
        found = [rows for feed in self.coverage if (rows := feed.rows(batch, prepared)) is not None]
        by_event = {event: rows for covered in found for event, rows in covered.by_event.items()}
        return CoveredRows(batch.event_type, by_event) if by_event else None


ONE_FEED = OrgFeeds()


def org_feeds(org: Org, recall: Callable[[str], bytes | None], objects: FeedCoverage | None = None) -> OrgFeeds:
    """`recall`: what the org's source `real_time` asked to remember; `objects`: of its source `event_log_object`."""
    sources: dict[str, SourceSettings] = {source.type: source for source in org.sources}
    types = set(sources)
    if LOG_FILES not in types or not types & {STREAM, STORED, OBJECTS}:
        return ONE_FEED
    coverage: list[FeedCoverage] = [StreamCoverage(recall)] if prefers_stream(org) else []
    coverage += [objects] if objects is not None and prefers_objects(org) else []
    return OrgFeeds(OtherFeed(_kinds_of(sources)), coverage)


def prefers_stream(org: Org) -> bool:
    """Whether rules do not alert for a row of a log file of which the stream has told."""
    types = {str(source.type) for source in org.sources}
    return org.prefer == "stream" and types >= {LOG_FILES, STREAM}


def prefers_objects(org: Org) -> bool:
    """The same for event log objects, which have the rows of log files sooner."""
    return org.prefer == "stream" and {str(source.type) for source in org.sources} >= {LOG_FILES, OBJECTS}


def object_names(settings: Settings) -> Collection[str]:
    """Event log objects whose rows rules may see in place of those of log files; none where no org prefers them."""
    return event_log_objects().keys() if any(map(prefers_objects, settings.orgs)) else ()


def spellings(settings: Settings) -> Mapping[str, frozenset[str]]:
    """Names of real-time events to the event types of their rows; none where no org prefers the stream."""
    if not any(map(prefers_stream, settings.orgs)):
        return {}
    return {event.name: event.spellings for event in catalogue().values()}


def _kinds_of(sources: Mapping[str, SourceSettings]) -> Callable[[str, str], Kinds]:
    """By service and event type of a batch, what the sources that are read call its happenings."""

    def names(event: RealTimeEvent) -> Iterator[str]:
        for place, source in ((event.channel, STREAM), (event.stored, STORED)):
            if place is not None and source in sources and _reads_event(sources[source], event):
                yield place

    @lru_cache(maxsize=KINDS)
    def kinds(service: str, event_type: str) -> Kinds:
        if service == LOG_FILES:
            found = [(twin.rows, tuple(names(event_of(twin.event)))) for twin in twins_of_log_file(event_type)]
            if OBJECTS in sources:
                wanted = partial(_reads_object, sources[OBJECTS])
                found.append((EVERYWHERE, tuple(filter(wanted, objects_of(event_type)))))
            return [(rows, events) for rows, events in found if events]
        if service == OBJECTS:
            types = tuple(name for name in log_files_of(event_type) if _reads_type(sources[LOG_FILES], name))
            return [(EVERYWHERE, types)] if types else []
        if service == SERVICE:
            twins = twins_of_event(event_of(event_type).name)
            types = tuple(twin.event_type for twin in twins if _reads_type(sources[LOG_FILES], twin.event_type))
            return [(EVERYWHERE, types)] if types else []
        return []

    return kinds


def _reads_event(source: SourceSettings, event: RealTimeEvent) -> bool:
    wanted = getattr(source, "events", "all")
    return wanted == "all" or not {event.name, *event.spellings}.isdisjoint(wanted)


def _reads_object(source: SourceSettings, name: str) -> bool:
    wanted = getattr(source, "objects", "all")
    return wanted == "all" or name in wanted


def _reads_type(source: SourceSettings, event_type: str) -> bool:
    wanted = getattr(source, "event_types", "all")
    return wanted == "all" or event_type.lower() in {
        name.lower() for name in (DEFAULT if wanted == "default" else wanted)
    }
