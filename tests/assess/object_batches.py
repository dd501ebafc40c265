"""What sources of objects read of the simulated org over weeks, hour by hour: new rows, and the differences of snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import polars as pl

from agent.normalize.vendor_identity import identify_rows
from agent.simulator.event_stream.happenings import Happenings
from agent.simulator.log_files.traffic import EVENT_TYPES
from agent.simulator.records.org_records import OrgRecords, RecordClock
from agent.simulator.records.record_kind import RecordKind, record_kinds
from agent.simulator.world.faults import Faults
from agent.simulator.world.sessions import DAY, HOUR, midnight
from agent.simulator.world.stage import RecordVersion
from agent.sources.object_query.cells import raw_frame
from agent.sources.objects.catalogue import WatchedObject, watched_objects
from agent.sources.objects.snapshots.difference import changes
from agent.sources.objects.snapshots.difference_rows import RecordDifference, difference_frame
from tests.assess.log_file_texts import HOST, Span, traffic_of

OBJECTS = (
    "SetupAuditTrail", "LoginHistory", "UserProvisioningRequest", "UserProvisioningLog", "PermissionSetAssignment",
    "OauthToken", "TransactionSecurityPolicy",
)  # fmt: skip
"""Those that rules listen to."""

_NO_FAULTS = Faults()


@dataclass(order=True, frozen=True, slots=True)
class ObjectBatch:
    """An hour of one object. `created`: when it is read (ms)."""

    created: int
    object: str
    service: str = field(compare=False)
    frame: pl.DataFrame = field(compare=False)
    """Raw, with `event.id`."""
    scenarios: pl.Series = field(compare=False)
    """The planted leak each row belongs to, null for none (`String`)."""


def object_batches(spans: Iterable[Span]) -> Iterator[ObjectBatch]:
    """In the order in which they are read. What there is when a day begins is the look that the next is compared with.

    After planted leaks a day follows without any, on which what waits for later rows is judged.
    """
    for span in spans:
        if set(span.event_types) < set(EVENT_TYPES):  # days with logs of logins only have no other sources
            continue
        for number in range(span.days):
            yield from _of_day(span, midnight(span.first + timedelta(days=number)))
        if span.planted_events or span.versions:
            quiet = replace(span, planted_events=(), changes=(), versions=())
            yield from _of_day(quiet, midnight(span.first + timedelta(days=span.days)))


def _of_day(span: Span, begin: int) -> Iterator[ObjectBatch]:
    traffic = traffic_of(span)
    end = begin + DAY - 1
    clock = RecordClock(begin, lambda: end, lambda: end, lambda: _NO_FAULTS)
    records = OrgRecords(
        span.seed, traffic, Happenings(span.seed, traffic), clock, HOST, span.changes, span.versions, awkward=True
    )
    versions = {name: records.versions(name) for name in OBJECTS}
    looks = {name: _Looks(span.org, name) for name in OBJECTS if watched_objects()[name].reads == "snapshot"}
    for hour in range(begin, begin + DAY, HOUR):
        for name in OBJECTS:
            # What was there before the day has an earlier time, and belongs to its first hour.
            news = [version for version in versions[name] if _hour(version, begin) == hour]
            frame, scenarios = looks[name].differences(news, hour) if name in looks else _rows(span.org, name, news)
            if frame.height:
                yield ObjectBatch(hour + HOUR, name, watched_objects()[name].source, frame, scenarios)


def _hour(version: RecordVersion, begin: int) -> int:
    return max(version.time, begin) // HOUR * HOUR


def _rows(org: str, name: str, versions: list[RecordVersion]) -> tuple[pl.DataFrame, pl.Series]:
    watched, kind = watched_objects()[name], record_kinds()[name]
    told = [version for version in versions if version.values is not None]
    frame = raw_frame([kind.record(version) for version in told], _types(watched, kind))
    names = ["Id", watched.version] if watched.version else ["Id"]
    ids = identify_rows(frame, org, name, names).alias("event.id")
    return frame.with_columns(ids), _labels(version.scenario for version in told)


class _Looks:
    """One look an hour at the records of an object, on one day."""

    def __init__(self, org: str, name: str) -> None:
        self._org = org
        self._watched, self._kind = watched_objects()[name], record_kinds()[name]
        self._last: dict[str, Mapping[str, str | None]] = {}

    def differences(self, versions: list[RecordVersion], hour: int) -> tuple[pl.DataFrame, pl.Series]:
        """Between the looks at the beginning and at the end of the hour (ms)."""
        newest = {version.id: version for version in versions if version.time >= hour}
        for version in versions:
            if version.time < hour and version.values is not None:
                self._last[version.id] = self._cells(version)
        found = [row for version in newest.values() if (row := self._difference(version, hour)) is not None]
        for version in newest.values():
            self._last.pop(version.id, None)
            if version.values is not None:
                self._last[version.id] = self._cells(version)
        frame = difference_frame(self._org, self._watched, found, hour, hour + HOUR)
        return frame, _labels(newest[row.ident].scenario for row in found)

    def _difference(self, version: RecordVersion, hour: int) -> RecordDifference | None:
        before = self._last.get(version.id)
        if version.values is None:
            return RecordDifference("revoked", version.id, before, hour) if before is not None else None
        cells = self._cells(version)
        if before is None:
            return RecordDifference("granted", version.id, cells, hour, version.time)
        changed = changes(before, cells, self._watched)
        former = {name: before[name] for name in changed}
        return RecordDifference("changed", version.id, cells, hour, version.time, former) if changed else None

    def _cells(self, version: RecordVersion) -> Mapping[str, str | None]:
        frame = raw_frame([self._kind.record(version)], _types(self._watched, self._kind))
        return frame.row(0, named=True)


def _types(watched: WatchedObject, kind: RecordKind) -> dict[str, str]:
    return {name: kind.fields[name] for name in watched.fields if name in kind.fields}


def _labels(scenarios: Iterable[str]) -> pl.Series:
    return pl.Series([scenario or None for scenario in scenarios], dtype=pl.String)
