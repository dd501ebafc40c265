"""All records of one org: what of them can be seen now, and the truth about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agent.simulator.event_stream.happenings import Happenings
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.records.audit_trail import AuditTrailMaker
from agent.simulator.records.event_log_objects import EventLogRows, event_log_objects
from agent.simulator.records.invoices import InvoiceMaker
from agent.simulator.records.logins import LoginMaker
from agent.simulator.records.permission_sets import PermissionSetMaker
from agent.simulator.records.policies import PolicyMaker
from agent.simulator.records.provisioning import ProvisioningMaker
from agent.simulator.records.record_history import RecordHistory
from agent.simulator.records.record_kind import Record, RecordKind, record_kinds
from agent.simulator.records.tokens import TokenMaker, used_until
from agent.simulator.world.faults import Faults
from agent.simulator.world.sessions import DAY
from agent.simulator.world.stage import RecordVersion, SetupChange

_LATE_SHARE = 3
"""One record in so many is late when `late_rows_seconds` is set."""


@dataclass(frozen=True, slots=True)
class RecordClock:
    """Times are milliseconds since 1970. `begin`: the org's; `visible_until`: of event log objects."""

    begin: int
    now: Callable[[], int]
    visible_until: Callable[[], int]
    faults: Callable[[], Faults]


class OrgRecords:
    """Safe for threads."""

    def __init__(
        self, seed: int, traffic: Traffic, happenings: Happenings, clock: RecordClock, host: str,
        changes: Iterable[SetupChange], versions: Iterable[RecordVersion], *, awkward: bool,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._changes = list(changes)
        staff = traffic.staff
        permissions, self._logins = PermissionSetMaker(seed, staff), LoginMaker(traffic, host)
        elsewhere: Sequence[Callable[[date], Iterable[SetupChange]]] = (permissions.changes,)
        makers = (
            AuditTrailMaker(seed, staff, traffic, happenings, elsewhere, self._changes, awkward=awkward), self._logins, permissions,
            TokenMaker(seed, staff), PolicyMaker(seed, staff), ProvisioningMaker(seed, staff), InvoiceMaker(seed, staff),
        )  # fmt: skip
        self._history = RecordHistory(makers, clock.begin, versions)
        types = frozenset(happenings.event_types)
        self.event_logs = EventLogRows(traffic, types, clock.begin, clock.visible_until, self.lag)

    def plant(self, changes: Iterable[SetupChange], versions: Iterable[RecordVersion], since: int) -> None:
        """What a scenario leaves from `since` on (ms)."""
        self._changes += changes
        self._history.plant(versions)
        self._logins.forget()
        self._history.forget(since)

    def rows(self, kind: RecordKind) -> list[Record]:
        """All that a query can see now, in the order in which the records came."""
        if kind.time:
            return self.between(kind, 0, self._clock.now())
        return [row for row, deleted in self._seen(kind) if not deleted]

    def deleted(self, kind: RecordKind) -> list[Record]:
        """What queryAll sees beside them."""
        return [row for row, deleted in self._seen(kind) if deleted] if kind.is_kept else []

    def between(self, kind: RecordKind, low: int, high: int) -> list[Record]:
        """Of rows that never change: those of a window of time (ms, both ends in it) that can be seen now."""
        now = self._clock.now()
        low = max(low, now - kind.kept_days * DAY) if kind.kept_days else low
        found = self._history.versions(kind.name, low, min(high, now))
        return [kind.record(version) for version in found if version.time + self._lag_of(version) <= now]

    def lag(self, entity: str, ident: str) -> int:
        """After how many milliseconds a record can be seen."""
        faults = self._clock.faults()
        concerned = {name.strip() for name in faults.late_rows_of.split(",")} & {entity, ""}
        late = concerned and faults.late_rows_seconds and sum(ident.encode()) % _LATE_SHARE == 0
        return faults.late_rows_seconds * 1000 if late else 0

    def versions(self, entity: str) -> list[RecordVersion]:
        """All of an object up to now, seen or not, in order of time."""
        return self._history.versions(entity, self._clock.begin, self._clock.now())

    def entities(self) -> list[str]:
        return [*record_kinds(), *(kind.name for kind in event_log_objects().values() if kind.file)]

    def _seen(self, kind: RecordKind) -> Iterator[tuple[Record, bool]]:
        """Each record that can be seen, or could before it was deleted, and whether it was."""
        now = self._clock.now()
        since = now - kind.lives_days * DAY if kind.lives_days else 0
        for version in self._history.seen(kind.name, now, self._lag_of, since):
            if version.values is None:  # deleted before anybody could see it
                continue
            values = dict(version.values)
            shown = used_until(values, now) if kind.name == "OauthToken" else values
            record = kind.record(RecordVersion(kind.name, version.id, version.time, shown))
            yield record, bool(values.get("IsDeleted"))

    def _lag_of(self, version: RecordVersion) -> int:
        return self.lag(version.entity, version.id)
