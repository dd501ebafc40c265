"""What the org's records must have become, by its truth (`record_truth.ndjson`) at each moment at which it stood still.

Between two moments nobody looks: of a record that changed twice meanwhile the last state alone can be read, and of one that came
and went nothing. Each moment's truth is taken while it lasts, for a fault that is over shows sooner what it held back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from agent.normalize.vendor_identity import identify_named
from agent.simulator.log_files.log_file import rest_time
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.records.event_log_objects import event_log_objects
from agent.simulator.records.record_truth import read_record_truth
from agent.sources.object_query.span import read_time
from agent.sources.objects.catalogue import watched_objects
from tests.end_to_end.week.arrivals import EVENT_LOG, ArrivedEvent
from tests.end_to_end.week.simulated_week import INVOICE

Difference = tuple[str, str, str]
"""An object, a record's Id, and what happened to it: `granted`, `revoked` or `changed`."""

ROWS = {name: watched.version for name, watched in watched_objects().items() if watched.reads == "rows"}
"""Objects that are read by time, each with what makes a change another row."""
SNAPSHOTS = {name: watched for name, watched in watched_objects().items() if watched.reads == "snapshot"}
LATEST = 3_600_000
"""Milliseconds: no row shows up later."""
EVENT_LOGS = [name for name, kind in event_log_objects().items() if kind.file]


@dataclass
class RecordJudge:
    """Of one org."""

    org: SimulatedOrg
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the `event.id` that it must have: the object, and the record's Id with its version."""
    differences: Counter[Difference] = field(default_factory=Counter)
    logged: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Rows of event log objects: the object and the time in milliseconds."""
    _logged: set[str] = field(default_factory=set)
    _logged_from: int = 0
    _seen: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each snapshot, at its last look: the record's Id, and its state as far as it is compared."""

    def look(self, hidden: Collection[str] = ()) -> None:
        """The org stands still now, and is read. `hidden`: objects that cannot be seen."""
        self.org.write_record_truth([*ROWS, *SNAPSHOTS, INVOICE])
        moment = round(self.org.now().timestamp() * 1000)
        now = rest_time(moment)
        truth = read_record_truth(self.org.record_truth).filter(pl.col("visible_at") <= now)
        newest = truth.sort("version").group_by("object", "id", maintain_order=True).last()
        for (name,), part in newest.group_by("object"):
            if name in hidden:
                continue
            if name in SNAPSHOTS:
                self._compare(str(name), part, truth.filter(object=name))
            else:
                self._name(str(name), part)
        self._log(moment)

    def look_at_all_logs(self) -> None:
        """As the truth has them, from the begin on."""
        self.org.write_record_truth(EVENT_LOGS)
        logged = read_record_truth(self.org.record_truth).select("object", "time")
        self.logged = Counter((name, read_time(time) or 0) for name, time in logged.iter_rows())

    def _log(self, moment: int) -> None:
        """What came since the last look, and late: the whole truth takes seconds."""
        for name in EVENT_LOGS:
            for row in self.org.records.event_logs.between(event_log_objects()[name], self._logged_from, moment):
                if row.id not in self._logged:
                    self._logged.add(row.id)
                    self.logged[name, row.time] += 1
        self._logged_from = moment - LATEST

    def _name(self, name: str, newest: pl.DataFrame) -> None:
        version = ROWS.get(name, "SystemModstamp")
        living = newest.filter(pl.col("change") != "deleted")
        for ident, time in living.select("id", "time").iter_rows():
            key = f"{ident}/{time.replace('+0000', 'Z')}" if version else ident
            (event_id,) = identify_named(pl.Series([key]), self.org.id, name)
            self.rows[event_id] = (name, key)

    def _compare(self, name: str, newest: pl.DataFrame, versions: pl.DataFrame) -> None:
        """A change of other fields is none: of each record the number of changes that count, up to its newest version."""
        compared = set(SNAPSHOTS[name].compared)
        counts: Counter[str] = Counter()
        for ident, fields in versions.select("id", "fields").iter_rows():
            counts[ident] += bool(compared & set(fields.split(",")))
        living = newest.filter(pl.col("change") != "revoked")["id"]
        after = {ident: str(counts[ident]) for ident in living}
        before = self._seen.get(name)
        self._seen[name] = after
        if before is None:
            return
        self.differences.update((name, ident, "granted") for ident in after.keys() - before.keys())
        self.differences.update((name, ident, "revoked") for ident in before.keys() - after.keys())
        both = before.keys() & after.keys()
        self.differences.update((name, ident, "changed") for ident in both if before[ident] != after[ident])

    def lost(self, events: Mapping[str, ArrivedEvent]) -> list[str]:
        """What has not arrived."""
        rows = [f"{name} {key}" for ident, (name, key) in self.rows.items() if ident not in events]
        found = self.differences - arrived_differences(events.values())
        logged = self.logged - arrived_logs(events.values())
        return sorted([*rows, *map(str, found.elements()), *map(str, logged.elements())])

    def surplus(self, events: Mapping[str, ArrivedEvent]) -> list[str]:
        """What arrived more often than it happened."""
        named = {INVOICE, *ROWS}
        rows = [
            f"{event.provider} {event.record}"
            for ident, event in events.items()
            if event.provider in named and ident not in self.rows
        ]
        found = arrived_differences(events.values()) - self.differences
        logged = arrived_logs(events.values()) - self.logged
        return sorted([*rows, *map(str, found.elements()), *map(str, logged.elements())])


def arrived_differences(events: Iterable[ArrivedEvent]) -> Counter[Difference]:
    """Those of snapshots."""
    return Counter((event.provider, event.record, event.difference) for event in events if event.provider in SNAPSHOTS)


def arrived_logs(events: Iterable[ArrivedEvent]) -> Counter[tuple[str, int]]:
    """Rows of event log objects."""
    return Counter((event.provider, read_time(event.time) or 0) for event in events if event.service == EVENT_LOG)
