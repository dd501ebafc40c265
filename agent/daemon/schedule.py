"""When polls and ticks have their turns. apscheduler reckons with the wall clock; here is what that needs to be safe."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

Run = Callable[[], None]


_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class IntervalTrigger(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """A turn every so often. All turns that were missed are one turn, which costs the same after a jump of years: the
    library's own interval lists each of them.
    """

    __slots__ = ("every",)

    def __init__(self, every: timedelta) -> None:
        self.every = every

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """See `apscheduler.triggers.base.BaseTrigger`."""
        due = previous_fire_time + self.every if previous_fire_time is not None else now
        return due if due > now or previous_fire_time is None else now + self.every


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # apscheduler has no types
    """Its thread is guarded like every other: without one nothing would be polled, and nobody would know."""

    guarded: Callable[[Run], None]

    def _main_loop(self) -> None:
        self.guarded(super()._main_loop)


APART = timedelta(milliseconds=100)
"""Between the first turns of two jobs that are spread. 100 idle orgs sign in one after the other then, in 10 s, and at each
later turn too they are polled by few threads: with all at once the daemon had 78 threads, so it has 25 (2 cores; memory
is the same, 160 MB)."""
TICK_THREADS = 4
"""Ticks that run side by side: that of an org which waits for its own long commit holds up no other's."""


GROWTH = 8
"""Jobs that each further pool has threads for, where jobs come while others run. A thread is begun when it is needed first."""


class Schedule:
    """Jobs with a turn every so often; of each job at most one runs at a time. Jobs may come and go while it runs."""

    def __init__(self, threads: int, guarded: Callable[[Run], None]) -> None:
        """`threads`: as many jobs run side by side; `guarded` runs a job, and takes what it raises."""
        self._guarded = guarded
        self._scheduler = _Scheduler(
            executors={"default": ThreadPoolExecutor(max(1, threads)), "tick": ThreadPoolExecutor(TICK_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.guarded = guarded
        self._places: dict[str, int] = {}
        """Jobs that are spread, by name: how many of them come before."""
        self._room = {"default": max(1, threads)}
        """Pools, and how many jobs each has threads for."""
        self._calendar: set[str] = set()
        """Jobs whose turns the calendar sets."""
        self._pools: dict[str, str] = {}
        """Jobs, and the pool of each."""

    def add(self, name: str, run: Run, every: timedelta, *, spread: bool = False) -> None:
        """The first turn comes at once; of jobs that are `spread` each comes `APART` after the one before it, among those that
        are there then.
        """
        if spread:
            self._places[name] = self._free_place()
        self._pools[name] = self._pool_with_room()
        self._add(name, run, every, self._pools[name])

    def add_tick(self, name: str, run: Run, every: timedelta) -> None:
        """As `add`, of a job that takes no time: `TICK_THREADS` of them run side by side."""
        self._add(name, run, every, "tick")

    def add_calendar(self, name: str, run: Run, crontab: str, zone: str) -> None:
        """A job that takes no time, whenever the clocks of a zone say so. `crontab`: five fields of crontab(5), one of the two days
        a star. A turn that was missed while the machine slept comes late, once.
        """
        minute, hour, day, month, weekday = crontab.split()
        days = weekday if weekday == "*" else _weekdays(weekday)
        trigger = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=days, timezone=zone)
        self._scheduler.add_job(self._guarded, trigger, args=(_named(name, run),), id=name, executor="tick")
        self._calendar.add(name)

    def withdraw(self, name: str) -> None:
        """No further turn; what runs goes on. Its thread is kept for it until `release`."""
        with suppress(JobLookupError):
            self._scheduler.remove_job(name)
        self._places.pop(name, None)

    def release(self, name: str) -> None:
        """A job that was withdrawn has ended: its thread is there for others."""
        self._pools.pop(name, None)

    def _add(self, name: str, run: Run, every: timedelta, pool: str) -> None:
        self._scheduler.add_job(
            self._guarded,
            IntervalTrigger(every),
            args=(_named(name, run),),
            next_run_time=self._first_turn(name),
            id=name,
            executor=pool,
        )

    def _pool_with_room(self) -> str:
        """A further pool where all are full: a pool of the library does not grow."""
        taken = Counter(self._pools.values())
        for pool, room in self._room.items():
            if taken[pool] < room:
                return pool
        pool = f"pool {len(self._room)}"
        self._scheduler.add_executor(ThreadPoolExecutor(GROWTH), pool)
        self._room[pool] = GROWTH
        return pool

    def _free_place(self) -> int:
        taken = set(self._places.values())
        return next(place for place in range(len(taken) + 1) if place not in taken)

    def start(self) -> None:
        self._scheduler.start()

    def set_anew(self) -> None:
        """Every job's turns begin anew: to be called when the wall clock jumped."""
        for job in [job for job in self._scheduler.get_jobs() if job.id not in self._calendar]:
            with suppress(JobLookupError):  # it was withdrawn meanwhile
                self._scheduler.modify_job(job.id, next_run_time=self._first_turn(job.id))

    def stop(self) -> None:
        """Returns once no job runs."""
        self._scheduler.shutdown(wait=True)

    def _first_turn(self, name: str) -> datetime:
        return _now() + APART * self._places.get(name, 0)


def _named(name: str, run: Run) -> Run:
    """`run` in a thread that is called by the job, for whoever reads stacks."""

    def work() -> None:
        thread = threading.current_thread()
        before, thread.name = thread.name, name
        try:
            run()
        finally:
            thread.name = before

    return work


def _weekdays(field: str) -> str:
    """Numbers of crontab(5), where 0 and 7 are Sunday, as names: the library counts from Monday."""
    found = list[str]()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-6" if span == "*" else span).partition("-")
        end = last or ("6" if step else first)
        found += [_DAYS[number % 7] for number in range(int(first), int(end) + 1, int(step or 1))]
    return ",".join(dict.fromkeys(found))


def _now() -> datetime:
    """The clock the library goes by, whatever clock the daemon was given."""
    return datetime.now(UTC)
