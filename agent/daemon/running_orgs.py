"""The orgs that run, and those that the settings name now: a reload brings the one to the other, and touches no org besides.

An org that is gone, or has other settings, ends at the next batch boundary; what still waits for it is cut off after
`CUT_AFTER`. Where it has not ended `END_WITHIN` after that, the reload returns without it and says so, and it is
built anew as soon as it has ended (`settle`). What of it waits for destinations is delivered all the while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import structlog

from agent import metrics
from agent.assembly.delivery_loops import DeliveryLoops
from agent.assembly.node import Node
from agent.config.settings import Org, Settings
from agent.config.settings_files import SettingsFiles
from agent.daemon.readings import Readings
from agent.errors import Busy, DiskFull, LeaklineError, NotReady
from agent.pipeline.progress import FULL_DISK_PAUSE

log = structlog.get_logger()

KIND = "org-not-loaded"
CUT_AFTER, END_WITHIN = 3.0, 5.0
"""Seconds for a batch in hand, whose users are looked up first, to be committed; and for what was cut off to end then."""

Result = Literal["added", "changed", "removed", "unchanged", "waits"]


@dataclass(frozen=True, slots=True)
class OrgChange:
    """What became of an org at a reload."""

    org: str
    result: Result
    message: str = ""
    """Why it waits, or cannot be read yet."""


@dataclass(slots=True)
class OrgsReloaded:
    """What a reload found and did."""

    orgs: list[OrgChange] = field(default_factory=list)
    not_loaded: list[str] = field(default_factory=list)
    """A message for each file of settings that does not load."""
    restart_for: list[str] = field(default_factory=list)
    """Keys of the settings file that are not in use before a restart."""

    @property
    def is_well(self) -> bool:
        """Whether all is in use as it is written."""
        return not self.not_loaded and not self.restart_for and not any(change.message for change in self.orgs)


class RunningOrgs:
    """Of one daemon. Safe for threads: one reload at a time."""

    def __init__(self, node: Node, readings: Readings, delivery: DeliveryLoops, files: SettingsFiles | None) -> None:
        self._node = node
        self._readings = readings
        self._delivery = delivery
        self._files = files
        self._lock = threading.Lock()
        self._wanted: dict[str, Org] = {org.name: org for org in node.settings.orgs}
        self._ending: set[str] = set()
        """Orgs that are to be built anew, or are gone, once they have ended."""
        self._rests_until = 0.0
        """By `time.monotonic`: when what could not be stored is tried again."""
        self._gone: set[str] = set()
        """Orgs that were removed, whose last words in the metrics may still come."""
        self._report()

    @contextmanager
    def reloading(self) -> Iterator[OrgsReloaded]:
        """Around the reload of what all orgs share: before, what is to change ends; behind it, it begins anew, and the result is
        whole.
        """
        with self._lock:
            result = OrgsReloaded()
            changes: dict[str, Result] = {}
            if self._files is not None:
                self._files = self._files.read_again()
                changes = self._end_changed(self._files.settings)
            try:
                yield result
            finally:
                self._begin_ended()
                self._tell(result, changes)

    def settle(self) -> None:
        """Build anew what has ended since; to be called about once a second. Waits for nothing."""
        if not (self._ending or self._gone) or not self._lock.acquire(blocking=False):
            return
        try:
            for name in self._gone - set(self._wanted):
                metrics.forget_org(name)
            self._gone.clear()
            if self._ending and time.monotonic() >= self._rests_until and self._begin_ended():
                self._report()
        finally:
            self._lock.release()

    def renew(self, name: str, between: Callable[[], None]) -> None:
        """Build a shard without an org anew, or for the first time; `between`: called while nothing of it runs. Raises Busy where it
        does not end in time, StateError.
        """
        with self._lock:
            reading = self._readings.by_shard.get(name)
            if reading is not None:
                self._readings.end([name])
                self._wait([name])
                if not reading.has_ended():
                    self._ending.add(name)  # `settle` builds it again once it has
                    raise Busy(f"{name} has not ended: it is at {reading.where()}; try again")
                self._readings.release(name)
                reading.cut()
            between()
            self._node.retire(name)
            self._delivery.follow()
            self._readings.begin(self._node.shards[name])

    # A reload

    def _end_changed(self, settings: Settings) -> dict[str, Result]:
        """End what is to change by these settings; returns what becomes of each org."""
        before, wanted = self._wanted, {org.name: org for org in settings.orgs}
        changes = _changes(before, wanted)
        self._wanted, self._node.settings = wanted, settings
        changed = {name for name, change in changes.items() if change != "unchanged"}
        # An org that is added may have run as one that only the state knows: its problems are told, and it has ticks.
        running = [name for name in changed - self._ending if name in self._readings.by_shard]
        self._readings.end(running)
        self._ending |= changed
        self._wait(running)
        return changes

    def _wait(self, names: Iterable[str]) -> None:
        """For a while, until these have ended."""
        began, readings = time.monotonic(), [self._readings.by_shard[name] for name in names]
        late = [reading for reading in readings if not reading.has_ended(began + CUT_AFTER)]
        for reading in late:
            reading.cut()
        until = time.monotonic() + END_WITHIN
        for reading in late:
            reading.has_ended(until)

    def _begin_ended(self) -> bool:
        """Whether any org that was to end was begun anew, or is gone. What fails is tried again later: nothing runs of it."""
        replaced = [name for name in sorted(self._ending) if self._has_ended(name) and self._is_replaced(name)]
        if not replaced:
            return False
        try:
            self._delivery.follow()
        except LeaklineError as error:  # no room on the disk, say
            self._rest(replaced, error)
            return False
        for name in replaced:
            if name in self._node.shards:
                self._readings.begin(self._node.shards[name])
        self._ending -= set(replaced)
        return True

    def _is_replaced(self, name: str) -> bool:
        """Whether its shard is the one that is wanted now; the one before has ended."""
        try:
            self._replace(name)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other orgs begin
            self._rest([name], error)
            return False
        return True

    def _rest(self, names: Sequence[str], error: Exception) -> None:
        log.warning("orgs could not be started again", orgs=names, reason=repr(error), exc_info=error)
        self._rests_until = time.monotonic() + FULL_DISK_PAUSE

    def _has_ended(self, name: str) -> bool:
        reading = self._readings.by_shard.get(name)
        return reading is None or reading.has_ended()

    def _replace(self, name: str) -> None:
        """Raises StateError."""
        org, reading = self._wanted.get(name), self._readings.by_shard.get(name)
        if reading is not None:
            self._readings.release(name)
            reading.cut()
            metrics.forget_org(name)
        if org is not None:
            self._node.put(org)
        elif name in self._node.shards:  # else it was added and removed before it could begin
            self._node.retire(name)
            metrics.forget_org(name)
            self._gone.add(name)

    # Telling

    def _tell(self, result: OrgsReloaded, changes: Mapping[str, Result]) -> None:
        result.orgs += [self._change(name, change) for name, change in sorted(changes.items())]
        if self._files is not None:
            result.not_loaded += [failure.message for failure in self._files.failures]
            result.restart_for += self._files.restart_for
        self._report()
        made = [f"{change.result} {change.org}" for change in result.orgs if change.result != "unchanged"]
        if made:
            message = f"the orgs were reloaded from their settings: {', '.join(made)}"
            with suppress(DiskFull):  # the log and the answer have it
                self._node.own_problems.announce("orgs-reloaded", message)
        if result.restart_for:
            log.warning("settings are in use only after a restart", keys=result.restart_for)

    def _change(self, name: str, change: Result) -> OrgChange:
        if name in self._ending:
            return OrgChange(name, "waits", self._waiting(name))
        session = self._node.sessions.get(name)
        try:
            if session is not None and change != "unchanged":
                session.prepare()
        except NotReady as error:
            return OrgChange(name, change, f"it cannot sign in: {error}")
        return OrgChange(name, change)

    def _waiting(self, name: str) -> str:
        reading = self._readings.by_shard.get(name)
        what = "its new settings are in use" if name in self._wanted else "it is removed"
        if reading is None or reading.has_ended():
            return f"{name} could not be started: it is tried again; the log says why"
        return f"{name} has not ended yet, and {what} as soon as it has: it is at {reading.where()}"

    def _report(self) -> None:
        """What does not load, and what does not end, to the register; and what is over."""
        register = self._node.own_problems
        found = {str(failure.path): failure.message for failure in (self._files.failures if self._files else ())}
        found |= {name: self._waiting(name) for name in self._ending}
        with suppress(DiskFull):  # reported again at the next reload
            for subject, message in found.items():
                register.report(KIND, subject, message)
            for problem in register.open():
                if problem.kind == KIND and problem.subject not in found:
                    register.over(KIND, problem.subject, f"{problem.subject} is as the settings say")


def _changes(before: Mapping[str, Org], wanted: Mapping[str, Org]) -> dict[str, Result]:
    """Of every org that is or was in the settings."""
    found: dict[str, Result] = {}
    for name in before.keys() | wanted.keys():
        if name not in wanted:
            found[name] = "removed"
        elif name not in before:
            found[name] = "added"
        else:
            found[name] = "unchanged" if before[name] == wanted[name] else "changed"
    return found
