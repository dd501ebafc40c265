"""A simulated Salesforce org: its clock, its data, its troubles. `running.serve` puts it on the network."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.simulator.event_stream.event_kind import event_kinds, switched_off
from agent.simulator.event_stream.happenings import Happenings
from agent.simulator.event_stream.publisher import Publisher
from agent.simulator.event_stream.stored_events import StoredEvents
from agent.simulator.event_stream.stream_truth import StreamTruth
from agent.simulator.log_files.log_file import FREE_RETENTION, RETENTION, LogFile
from agent.simulator.log_files.log_file_store import LogFileStore
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.org.api_allowance import ApiAllowance
from agent.simulator.org.plant import Plant, hidden_ids, planted
from agent.simulator.pubsub.event_bus import EventBus
from agent.simulator.records.audit_trail import setup_version
from agent.simulator.records.org_records import OrgRecords, RecordClock
from agent.simulator.records.record_kind import Record, record_kinds
from agent.simulator.records.record_truth import write_record_truth
from agent.simulator.rows.block import Tenant
from agent.simulator.scenarios import SCENARIOS, staged
from agent.simulator.world.columns import free_types
from agent.simulator.world.faults import Faults, changed_faults
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import HOUR, Timetable
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.simulator.world.staff import Staff
from agent.simulator.world.stream_faults import StreamFaults

HOST = "trading.my.salesforce.example"
_MINUTE = 60_000


class SimulatedOrg:
    """The org behind the protocols. Safe for threads.

    Log files are made when it is constructed, for all of the history, and then hour by hour as its clock goes on.
    Raises ValueError for a scenario or event type that there is not.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self.faults: Faults = settings.faults
        self.stream_faults: StreamFaults = settings.stream_faults
        self.calls: Counter[str] = Counter()
        """Calls answered or refused, by kind: token, query, log_file, …"""
        self._ahead = timedelta(0)
        self._first_now = settings.now()
        self._allowance = ApiAllowance(self.now)
        self._struck = 0
        self._lock = threading.RLock()
        self.bus = EventBus(self._milliseconds)
        """Real-time events, which the Pub/Sub API streams."""
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.truth = settings.folder / "truth.ndjson"
        short = short_id("Organization", 812_345_678 + settings.seed)
        self.id = long_id(short)
        self.staff = Staff(settings.seed, settings.people)
        self._timetable = Timetable(settings.seed, self.staff)
        self._started = now = self._milliseconds()
        self.begin = (now - int(settings.history.total_seconds() * 1000)) // HOUR * HOUR
        """When the org began to exist, in milliseconds since 1970."""
        window = (self.begin, now // HOUR * HOUR)
        stages = staged(self.scenarios(), settings.seed, self.staff, self._timetable, window)
        planted_events = [event for stage in stages for event in stage.events]
        tenant = Tenant(short, HOST, self.staff)
        traffic = Traffic(
            settings.seed,
            settings.rows_per_day,
            tenant,
            awkward_content=settings.awkward,
            planted_events=planted_events,
        )
        self._traffic = traffic
        self._lives = settings.live
        self._plants = 0
        self.stream_truth = StreamTruth(settings.folder / "stream_truth.ndjson")
        happenings = self._happenings = Happenings(settings.seed, traffic, settings.event_types)
        self.publisher = Publisher(
            happenings, self.bus, self.stream_truth, self.begin, until=self.until, now=self._milliseconds,
            silent=lambda: switched_off(self.faults.no_stream),
        )  # fmt: skip
        self.stored_events = StoredEvents(happenings, self.stream_truth, self.begin, self._stored_until)
        clock = RecordClock(self.begin, self._milliseconds, self._stored_until, lambda: self.faults)
        self.records = OrgRecords(
            settings.seed, traffic, happenings, clock, HOST, [change for stage in stages for change in stage.changes],
            [version for stage in stages for version in stage.versions], awkward=settings.awkward,
        )  # fmt: skip
        self.record_truth = settings.folder / "record_truth.ndjson"
        """Where `write_record_truth` writes."""
        self._archive = LogFileStore(settings, traffic, self.begin, self.truth)
        self._archive.make_until(now)
        self._checked = now // _MINUTE
        if settings.big_file_mb:
            self._archive.add_big_file(settings.big_file_mb)

    def now(self) -> datetime:
        """The org's clock."""
        now = self.settings.now()
        return now + self._ahead + (now - self._first_now) * (self.settings.speed - 1)

    def base_now(self) -> datetime:
        """The clock it started from, without what `advance` added."""
        return self.settings.now()

    def advance(self, **span: float) -> None:
        """Move the org's clock on, as `timedelta(**span)`; new files appear, and what lies between is streamed."""
        with self._lock:
            self._ahead += timedelta(**span)
        self.catch_up()
        self.publisher.publish()

    def until(self) -> int:
        """The millisecond since 1970 up to which real-time events have happened."""
        return self._milliseconds() if self._lives else self._started + self._ahead // timedelta(milliseconds=1)

    def streams(self, channel: str) -> bool:
        """Whether the org offers this channel."""
        off = switched_off(self.faults.no_stream)
        return not self.faults.free_only and not any(
            kind.channel == channel for kind in map(event_kinds().get, off) if kind
        )

    def plant(self, name: str, within: float | None = None) -> Plant:
        """Play a scenario from now on; the org's time goes on from then on, if it did not. Raises ValueError."""
        with self._lock:
            self._lives = True
            plant = planted(name, self._plants, self.until(), self.settings.seed, self.staff, self._timetable, within)
            self._plants += 1
            numbered = self._traffic.plant(plant.events)
        audited = [setup_version(change) for change in plant.changes]
        plant = replace(plant, hidden_ids=hidden_ids(numbered), records=[*audited, *plant.records])
        self.records.plant(plant.changes, plant.records[len(audited) :], plant.window[0])
        rows = self._happenings.of_planted(numbered, plant.window)
        self.stored_events.forget(plant.window[0])
        self.publisher.add(rows)
        return replace(plant, rows=rows)

    def _stored_until(self) -> int:
        return min(self.until(), self._milliseconds() - self.settings.storage_delay // timedelta(milliseconds=1))

    def catch_up(self) -> None:
        """Make the log files that have become due."""
        with self._lock:
            lives_on = self._lives or not self.settings.history_only
            now = self._milliseconds() if lives_on else self._started + self._ahead // timedelta(milliseconds=1)
            if now // _MINUTE != self._checked:
                self._archive.make_until(now)
                self._checked = now // _MINUTE

    def log_files(self) -> list[LogFile]:
        """The files a query can show now: of each record the newest version, none past retention."""
        self.catch_up()
        now, faults = self._milliseconds(), self.faults
        daily_only = faults.no_hourly or faults.free_only
        kept = int((FREE_RETENTION if faults.free_only else RETENTION).total_seconds() * 1000)
        shown: dict[str, LogFile] = {}
        with self._lock:
            files = list(self._archive.files)
        for file in files:
            if daily_only and file.interval != "Daily":
                continue
            if faults.free_only and file.event_type not in free_types():
                continue
            if self._visible_from(file) <= now < file.created + kept:
                shown[file.id] = file
        return list(shown.values())

    def log_file(self, ident: str) -> LogFile | None:
        """The file with this id (15 or 18 characters) as a query would show it."""
        wanted = long_id(ident)
        return next((file for file in self.log_files() if file.id == wanted), None)

    def all_files(self) -> list[LogFile]:
        """Every version of every file made so far, visible or not."""
        with self._lock:
            return list(self._archive.files)

    def scenarios(self) -> list[str]:
        """The names of the leaks planted here."""
        wanted = self.settings.scenarios
        return list(SCENARIOS) if wanted is None else list(wanted)

    def setup_changes(self) -> list[Record]:
        """The rows of SetupAuditTrail up to now."""
        return self.records.rows(record_kinds()["SetupAuditTrail"])

    def logins(self) -> list[Record]:
        """The rows of LoginHistory up to now."""
        return self.records.rows(record_kinds()["LoginHistory"])

    def hidden(self) -> str:
        """What this user may not see now, as `Faults.hidden_fields`."""
        after = self._started + self.faults.hidden_after_seconds * 1000
        return self.faults.hidden_fields if self._milliseconds() >= after else ""

    def write_record_truth(self, objects: Sequence[str] | None = None) -> int:
        """Write down which records there were up to now (`record_truth.py`); returns the lines. Raises ValueError."""
        return write_record_truth(self.record_truth, self.records, self.begin, objects)

    def change_faults(self, **values: Any) -> None:
        """Set switches of `Faults` and `StreamFaults` from now on. Raises ValueError for one that there is not."""
        with self._lock:
            self.faults, self.stream_faults = changed_faults(self.faults, self.stream_faults, values)
            self._struck = 0

    def strikes(self, kind: str) -> bool:
        """Whether the faults of transport hit this call; counts it if so."""
        with self._lock:
            faults = self.faults
            if not faults.hits(kind) or (faults.times and self._struck >= faults.times):
                return False
            self._struck += 1
            return True

    def count(self, kind: str) -> None:
        with self._lock:
            self.calls[kind] += 1

    def count_api_call(self) -> bool:
        """Count a call against the limit; False when the limit is used up."""
        with self._lock:
            limit = self.faults.limit_after or self.settings.api_limit
            if self._allowance.used >= limit:
                return False
            self._allowance.spend()
            return True

    def spend(self, calls: int) -> None:
        """Somebody else makes so many calls; like ours they count for 24 hours of the org's clock."""
        with self._lock:
            self._allowance.spend(max(0, calls))

    @property
    def api_calls(self) -> int:
        """Calls that count against the org's limit."""
        with self._lock:
            return self._allowance.used

    @api_calls.setter
    def api_calls(self, calls: int) -> None:
        with self._lock:
            self._allowance.set(calls)

    def _visible_from(self, file: LogFile) -> int:
        late = self.faults.visible_late_seconds * 1000
        return file.visible + (late if late and sum(file.id.encode()) % 2 else 0)

    def _milliseconds(self) -> int:
        return int(self.now().astimezone(UTC).timestamp() * 1000)

    def last_login(self) -> str:
        """When everybody was last seen, near enough for the User object."""
        return f"{self.now().astimezone(UTC):%Y-%m-%dT%H:00:00}.000+0000"
