"""One thread keeps the trail: it verifies it at the start, files what was recorded, and takes checkpoints."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

import structlog

from agent.assembly.node import Node
from agent.config.settings import Settings
from agent.daemon.trail.daemon_life import started
from agent.errors import DiskFull, StateDamaged, StateError
from agent.model import Batch
from agent.name import OWN
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail.checkpointer import Checkpointer, newest_checkpoint, signing_keys
from agent.trail.files import TrailCut
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys, signer
from agent.trail.verify import TrailReport, verify

log = structlog.get_logger()

DAMAGED, LATE = "trail-damaged", "trail-not-signed"
"""Kinds of problems: the trail is not what it was; no checkpoint can be taken."""


LOOK_EVERY = 1_000
"""Records after which verifying looks whether it is to stop."""


class _Stopped(Exception):
    """The daemon stops before everything is verified; the next start verifies it."""


class TrailLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        process: State,
        states: Callable[[], Mapping[str, State]],
        checkpointer: Checkpointer,
        problems: Problems,
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
        self._problems = problems
        self._send = send
        self._every = every.total_seconds()
        self._stop = stop
        self._turning = threading.Lock()
        self._told: set[tuple[str, str]] = set()
        """What was reported of damage since the start."""
        self._unfiled = {problem.subject for problem in problems.known() if problem.kind == LATE} - {"trail"}
        """Subjects of problems about files."""

    def run(self) -> None:
        """Raises StateDamaged."""
        with suppress(_Stopped):
            self.verify()
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(self._every)

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
            for name, state in self.states().items():
                self._file(name, ShardTrail(state))
            self._sign()

    def _sign(self) -> None:
        try:
            event = self._checkpointer.take()
        except StateDamaged:
            raise
        except (StateError, OSError, ValueError) as error:
            self._report_late("trail", f"no checkpoint of the trail could be taken: {error}")
            return
        self._problems.over(LATE, "trail")
        self._send(event)

    def verify(self) -> TrailReport:
        """Everything against the newest checkpoint that is here; a difference is reported, and stays as it is.

        Over years of records it takes a minute: it ends early with the daemon, and turns are made meanwhile.
        """
        newest = newest_checkpoint(self._process)
        notes = [newest["note"]] if newest else []
        known = public_keys(signing_keys(self._process))
        states = self.states()
        size = ShardTrail(self._process).head().size  # what a turn notes meanwhile may be of an org that is new
        chains = {
            name: partial(self._lines, ShardTrail(state), None if name else size) for name, state in states.items()
        }
        report = verify(chains, notes, known, origin_of(self._process.id))
        for finding in report.findings:
            self._report_damage(finding.chain, finding.message)
        return report

    def _lines(self, trail: ShardTrail, most: int | None) -> Iterator[bytes]:
        """Records of a chain. Raises _Stopped when the daemon is to stop."""
        turned = time.monotonic()
        for number, line in enumerate(islice(trail.lines(), most), 1):
            yield line
            if number % LOOK_EVERY == 0:
                if self._stop.is_set():
                    raise _Stopped
                if time.monotonic() - turned > self._every:
                    self.turn()
                    turned = time.monotonic()

    def _file(self, name: str, trail: ShardTrail) -> None:
        """What cannot be filed stays in the state, and is signed all the same."""
        subject = f"{name or OWN}/trail"
        try:
            trail.follow()
        except TrailCut as error:
            self._report_damage(name, str(error))
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

    def _report_damage(self, chain: str, message: str) -> None:
        """Once a start: who has acknowledged it need not do so every minute."""
        if (chain, message) in self._told:
            return
        whose = f"of {chain}" if chain else "of Leakline itself"
        try:
            self._problems.report(DAMAGED, chain or OWN, f"the trail {whose} was changed or cut: {message}")
        except DiskFull:
            log.error("the trail was changed or cut", chain=chain or OWN, reason=message)
            return
        self._told.add((chain, message))

    def take_over(self) -> None:
        """A state that was made anew knows no chain: go on after the records that the files have, and report it."""
        for name, state in self.states().items():
            if count := ShardTrail(state).take_over():
                self._report_damage(
                    name, f"the state knew nothing of its {count:,} records; the chain continues after them"
                )


def build_trail_loop(node: Node, settings: Settings, now: Callable[[], datetime], stop: threading.Event) -> TrailLoop:
    """Raises SettingsError for a key that cannot be used, StateError."""
    process = node.shards[keys.PROCESS]
    state = process.stores.state
    try:
        key = signer(settings.trail, settings.state.directory, origin_of(state.id))
    except OSError as error:
        raise StateError(f"the trail's key cannot be kept in {settings.state.directory} ({error.strerror})") from error

    def states() -> Mapping[str, State]:
        return {name: shard.stores.state for name, shard in node.shards.items()}

    def chains() -> Mapping[str, ShardTrail]:
        return {name: ShardTrail(state) for name, state in states().items()}

    loop = TrailLoop(
        state,
        states,
        Checkpointer(state, chains, key, now),
        process.stores.problems,
        lambda event: process.ingest.take("agent", event),
        settings.trail.checkpoint_every,
        stop,
        now,
    )
    loop.take_over()
    loop.record(started(settings, node.rules_loaded))
    return loop
