"""A calendar file that says who is on call: read again when it changes, and as time goes by.

Who asks never waits for a slow file and never fails by a damaged one: what was read last counts until something better is read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import structlog

from agent.notice.on_call.calendar_events import CalendarRefused
from agent.notice.on_call.shift import Shift

log = structlog.get_logger()

WITHIN = 20.0
"""Seconds that reading may take: 20,000 events take 12 s."""

FIRST_WITHIN = 5.0
"""Seconds that who asks first waits for it."""

BACK, AHEAD, AGAIN = timedelta(days=8), timedelta(weeks=13), timedelta(days=7)
"""What is read around now, and how far from there another time may be before it is read again though the file is the same."""

RETRY = timedelta(minutes=5)
"""After what time it is read again where that failed."""

MOST_UNKNOWN = 20
"""Names that are not of people, as many as are kept."""


@dataclass(frozen=True, slots=True)
class CalendarShifts:
    """What a file says of a span of time."""

    first: datetime
    until: datetime
    shifts: list[Shift] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """What events are called that have the name of nobody."""


class CalendarFile:
    """Safe for threads."""

    def __init__(
        self,
        path: Path,
        people: Iterable[str],
        zone: ZoneInfo,
        failed: Callable[[str], None] = lambda _: None,
        works: Callable[[], None] = lambda: None,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """`people`: names; `zone`: of times and days that have none; `failed`: called with the reason when it could not be
        read, and `works` when it was; `start`: runs the reading, in a thread unless given.
        """
        self._path = path
        self._people = {name.casefold(): name for name in people}
        self._zone = zone
        self._failed = failed
        self._works = works
        self._start = start or _in_a_thread
        self._lock = threading.Lock()
        self._reading: threading.Event | None = None
        self._tried: tuple[object, datetime] | None = None
        """The file as it was when it was read last, well or not, and when that was."""
        self._again = AGAIN
        self._kept: CalendarShifts | None = None

    def shifts(self, first: datetime, until: datetime) -> list[Shift]:
        """What was read last of the span. Reading begins here where the file has changed."""
        done = self._refreshed(first)
        if self._kept is None and done is not None:
            done.wait(FIRST_WITHIN)
        kept = self._kept
        return [shift for shift in kept.shifts if shift.begins <= until and shift.ends > first] if kept else []

    def begin(self, now: datetime) -> None:
        """Read it, so that nobody waits for it later."""
        self._refreshed(now)

    def read(self, first: datetime, until: datetime) -> CalendarShifts:
        """What the file says of a span, read now. Raises CalendarRefused."""
        rows = _events(self._path, first, until, self._zone)
        shifts, unknown = [], []
        for name, begins, ends in rows:
            if (person := self._people.get(name.casefold())) is None:
                unknown.append(name)
                continue
            shifts.append(
                Shift(datetime.fromisoformat(begins), datetime.fromisoformat(ends), person, source="calendar")
            )
        return CalendarShifts(first, until, shifts, list(dict.fromkeys(unknown))[:MOST_UNKNOWN])

    def _refreshed(self, now: datetime) -> threading.Event | None:
        """Begin to read where that is due; the event is set once it was read. None while nothing is to be read."""
        with self._lock:
            if self._reading is not None:
                return self._reading
            seen = _seen(self._path)
            if self._tried is not None and self._tried[0] == seen and abs(now - self._tried[1]) < self._again:
                return None
            done = self._reading = threading.Event()
            self._tried = seen, now
        self._start(lambda: self._read(now, done))
        return done

    def _read(self, now: datetime, done: threading.Event) -> None:
        reason = ""
        try:
            self._kept = self.read(now - BACK, now + AHEAD)
            self._again = AGAIN
        except CalendarRefused as error:
            self._again, reason = RETRY, str(error)
            log.warning("the calendar of who is on call cannot be read", reason=reason)
        finally:
            with self._lock:
                self._reading = None
            # Before anything is reported: who waits may hold what reporting needs.
            done.set()
        if reason:
            self._failed(reason)
        else:
            self._works()


def _events(path: Path, first: datetime, until: datetime, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    """Raises CalendarRefused."""
    command = [sys.executable, "-m", "agent.notice.on_call.calendar_events", str(path.absolute())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        answer = subprocess.run(
            [*command, first.isoformat(), until.isoformat(), zone.key],
            check=False,
            capture_output=True,
            timeout=WITHIN,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise CalendarRefused(f"{path} takes more than {WITHIN:.0f} seconds to read") from error
    except OSError as error:
        raise CalendarRefused(f"{path} cannot be read now ({error.strerror or error})") from error
    try:
        document = orjson.loads(answer.stdout)
        if reason := document.get("refused"):
            raise CalendarRefused(str(reason))
        return list(map(tuple, document["events"]))
    except orjson.JSONDecodeError as error:
        raise CalendarRefused(f"reading {path} ended with {answer.returncode} and without an answer") from error


def _seen(path: Path) -> object:
    """What is different when a file was written or replaced."""
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_size, found.st_ino


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="calendar", daemon=True).start()
