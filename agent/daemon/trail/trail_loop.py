"""One thread keeps the trail: it has it verified at the start, files what was recorded, and takes checkpoints."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_damage import TrailDamage
from agent.daemon.trail.trail_mirrors import TrailMirrors
from agent.daemon.trail.trail_verification import TrailVerification
from agent.errors import DiskFull, StateDamaged, StateError
from agent.model import Batch
from agent.name import OWN
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail.checkpointer import Checkpointer
from agent.trail.files import TrailCut
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail

log = structlog.get_logger()

LATE = "trail-not-signed"
"""The kind of problem: no checkpoint can be taken, or records cannot be filed."""
SOONEST = 1.0
"""Seconds between checkpoints that are asked for, however many ask."""


class TrailLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        process: State,
        states: Callable[[], Mapping[str, State]],
        checkpointer: Checkpointer,
        inquiry: MirrorInquiry,
        mirrors: TrailMirrors,
        problems: Problems,
        damage: TrailDamage,
        send: Callable[[Batch], object],
        every: timedelta,
        stop: threading.Event,
        now: Callable[[], datetime],
    ) -> None:
        """`states`: by the shard's name, as they are now; `send`: takes an event of Leakline's own."""
        self._now = now
        self._process = process
        self.states = states
        self._checkpointer = checkpointer
        self.mirrors = mirrors
        self._problems = problems
        self._damage = damage
        self._send = send
        self._every = every.total_seconds()
        self._stop = stop
        self._turning = threading.Lock()
        self.verification = TrailVerification(process, states, inquiry, damage, self.turn, every.total_seconds(), stop)
        self._asked = threading.Event()
        """For a checkpoint soon."""
        self._unfiled = {problem.subject for problem in problems.known() if problem.kind == LATE} - {"trail"}
        """Subjects of problems about files."""

    def run(self) -> None:
        """Raises StateDamaged."""
        self.verification.run()
        while not self._stop.is_set():
            self.turn()
            self._rest()

    def soon(self) -> None:
        """What was just recorded is to be signed without waiting for the interval. From any thread; waits for nothing."""
        self._asked.set()

    def record(self, entry: TrailEntry) -> None:
        """Something of the process's own; while the state cannot be written the log alone has it."""
        try:
            with self._process.transact() as transaction:
                ShardTrail(self._process).append(transaction, [entry], self._now())
        except (StateError, ValueError) as error:
            log.warning("the trail does not have this record", type=entry.type, reason=str(error))

    def turn(self) -> None:
        """File, sign, send. What cannot be done now is reported and done at the next turn. For any thread."""
        with self._turning:
            self._asked.clear()  # before the heads are read: what is recorded behind that may ask again
            for name, state in self.states().items():
                self._file(name, ShardTrail(state))
            self._sign()

    def _rest(self) -> None:
        """Until the next turn is due, or asked for; it looks once a second, which bounds how often that can be."""
        until = time.monotonic() + self._every
        while not self._stop.wait(max(0.0, min(SOONEST, until - time.monotonic()))):
            if self._asked.is_set() or time.monotonic() >= until:
                return

    def _sign(self) -> None:
        try:
            taken = self._checkpointer.take()
        except StateDamaged:
            raise
        except (StateError, OSError, ValueError) as error:
            self._report_late("trail", f"no checkpoint of the trail could be taken: {error}")
            return
        self._problems.over(LATE, "trail")
        self._send(taken.event())
        try:
            self.mirrors.note(taken)
        except StateDamaged:
            raise
        except (StateError, ValueError) as error:  # the next one is noted
            log.warning("it is not noted that a checkpoint was sent", reason=str(error))

    def _file(self, name: str, trail: ShardTrail) -> None:
        """What cannot be filed stays in the state, and is signed all the same."""
        subject = f"{name or OWN}/trail"
        try:
            trail.follow()
        except TrailCut as error:
            self._damage.report(name, str(error))
        except StateDamaged:
            raise
        except (StateError, OSError) as error:
            self._report_late(subject, f"records of {name or OWN} cannot be written to {trail.files.folder}: {error}")
            self._unfiled.add(subject)
        else:
            if subject in self._unfiled:
                self._problems.over(LATE, subject)
                self._unfiled.remove(subject)

    def _report_late(self, subject: str, message: str) -> None:
        log.warning("the trail is late", reason=message)
        with suppress(DiskFull):
            self._problems.report(LATE, subject, message)

    def take_over(self) -> None:
        """A state that was made anew knows no chain: go on after the records that the files have, and report it."""
        for name, state in self.states().items():
            if count := ShardTrail(state).take_over():
                self._damage.report(
                    name, f"the state knew nothing of its {count:,} records; the chain continues after them"
                )
