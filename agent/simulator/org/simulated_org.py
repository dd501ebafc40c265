"""A simulated Salesforce org: its clock, its data, its troubles. `running.serve` puts it on the network."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.simulator.log_files.log_file import FREE_RETENTION, RETENTION, LogFile
from agent.simulator.log_files.log_file_store import LogFileStore
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.org.audit_trail import everyday_changes, login_record, setup_record
from agent.simulator.org.objects import Record
from agent.simulator.rows.block import Tenant
from agent.simulator.scenarios import SCENARIOS, play
from agent.simulator.world.columns import free_types
from agent.simulator.world.faults import Faults
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import HOUR, Timetable, day_of, next_day
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.simulator.world.staff import Staff

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
        self.calls: Counter[str] = Counter()
        """Calls answered or refused, by kind: token, query, log_file, …"""
        self.api_calls = 0
        """Calls that count against the org's limit."""
        self._ahead = timedelta(0)
        self._struck = 0
        self._lock = threading.RLock()
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.truth = settings.folder / "truth.ndjson"
        short = short_id("Organization", 812_345_678 + settings.seed)
        self.id = long_id(short)
        self.staff = Staff(settings.seed, settings.people)
        self._timetable = Timetable(settings.seed, self.staff)
        self._started = now = self._milliseconds()
        self.begin = (now - int(settings.history.total_seconds() * 1000)) // HOUR * HOUR
        """When the org began to exist, in milliseconds since 1970."""
        planted, self._changes = play(
            self.scenarios(), settings.seed, self.staff, self._timetable, (self.begin, now // HOUR * HOUR)
        )
        self._logins = [event.session for event in planted if event.event_type == "Login"]
        tenant = Tenant(short, HOST, self.staff)
        traffic = Traffic(
            settings.seed, settings.rows_per_day, tenant, awkward_content=settings.awkward, planted_events=planted
        )
        self._archive = LogFileStore(settings, traffic, self.begin, self.truth)
        self._archive.make_until(now)
        self._checked = now // _MINUTE
        if settings.big_file_mb:
            self._archive.add_big_file(settings.big_file_mb)

    def now(self) -> datetime:
        """The org's clock."""
        return self.settings.now() + self._ahead

    def base_now(self) -> datetime:
        """The clock it started from, without what `advance` added."""
        return self.settings.now()

    def advance(self, **span: float) -> None:
        """Move the org's clock on, as `timedelta(**span)`; new files appear."""
        with self._lock:
            self._ahead += timedelta(**span)
        self.catch_up()

    def catch_up(self) -> None:
        """Make the log files that have become due."""
        with self._lock:
            lives_on = not self.settings.history_only
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
        now, made = self._milliseconds(), list(self._changes)
        day = day_of(self.begin)
        while day <= day_of(now):
            made.extend(everyday_changes(self.settings.seed, self.staff, day))
            day = next_day(day)
        return [setup_record(change) for change in made if self.begin <= change.time <= now]

    def logins(self) -> list[Record]:
        """The rows of LoginHistory up to now."""
        now, made = self._milliseconds(), list(self._logins)
        day = day_of(self.begin)
        while day <= day_of(now):
            made.extend(
                session for session in self._timetable.sessions(day) if session.kind != "guest" and not session.leg
            )
            day = next_day(day)
        return [login_record(session, HOST) for session in made if self.begin <= session.start <= now]

    def change_faults(self, **values: Any) -> None:
        """Set switches of `Faults` from now on. Raises ValueError for one that there is not."""
        with self._lock:
            self.faults = self.faults.changed(values)
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
            if self.api_calls >= limit:
                return False
            self.api_calls += 1
            return True

    def _visible_from(self, file: LogFile) -> int:
        late = self.faults.visible_late_seconds * 1000
        return file.visible + (late if late and sum(file.id.encode()) % 2 else 0)

    def _milliseconds(self) -> int:
        return int(self.now().astimezone(UTC).timestamp() * 1000)

    def last_login(self) -> str:
        """When everybody was last seen, near enough for the User object."""
        return f"{self.now().astimezone(UTC):%Y-%m-%dT%H:00:00}.000+0000"
