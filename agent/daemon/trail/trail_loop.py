"""One thread keeps the trail: it verifies it at the start, files what was recorded, and takes checkpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import orjson
import structlog

from agent.assembly.node import Node
from agent.config.settings import Settings
from agent.daemon.trail.daemon_life import started
from agent.errors import DiskFull, StateDamaged, StateError
from agent.model import Batch
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail.checkpointer import KEYS, NEWEST, Checkpointer, TakenCheckpoint
from agent.trail.files import TrailCut
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys, signer
from agent.trail.verify import TrailReport, verify

log = structlog.get_logger()

DAMAGED, LATE = "trail-damaged", "trail-not-signed"
"""Kinds of problems: the trail is not what it was; no checkpoint can be taken."""


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
        self.newest: TakenCheckpoint | None = None

    def run(self) -> None:
        """Raises StateDamaged."""
        self.verify()
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(self._every)

    def record(self, entry: TrailEntry) -> None:
        """Something of the process's own; while the disk is full the log alone has it."""
        try:
            with self._process.transact() as transaction:
                ShardTrail(self._process).append(transaction, [entry], self._now())
        except DiskFull as error:
            log.warning("the trail has no room", type=entry.type, reason=str(error))

    def turn(self) -> None:
        """File, sign, send. What cannot be done now is reported and done at the next turn. For any thread."""
        with self._turning:
            self._turn()

    def _turn(self) -> None:
        try:
            for name, state in self.states().items():
                self._file(name, ShardTrail(state))
            self.newest, event = self._checkpointer.take()
        except StateDamaged:
            raise
        except (StateError, OSError, ValueError) as error:
            log.warning("no checkpoint of the trail could be taken", reason=str(error))
            with suppress(DiskFull):
                self._problems.report(LATE, "trail", f"no checkpoint of the trail could be taken: {error}")
            return
        self._problems.over(LATE, "trail")
        self._send(event)

    def verify(self) -> TrailReport:
        """Everything against the newest checkpoint that is here; a difference is reported, and stays as it is."""
        chains = {name: ShardTrail(state).lines for name, state in self.states().items()}
        newest = self._process.data(keys.TRAIL.key(NEWEST))
        notes = [orjson.loads(newest)["note"]] if newest else []
        known = public_keys(orjson.loads(self._process.data(keys.TRAIL.key(KEYS)) or b"[]"))
        report = verify(chains, notes, known, origin_of(self._process.id))
        for finding in report.findings:
            self._report_damage(finding.chain, finding.message)
        return report

    def _file(self, name: str, trail: ShardTrail) -> None:
        try:
            trail.follow()
        except TrailCut as error:
            self._report_damage(name, str(error))

    def _report_damage(self, chain: str, message: str) -> None:
        whose = f"of {chain}" if chain else "of Leakline itself"
        self._problems.report(DAMAGED, chain or "leakline", f"the trail {whose} was changed or cut: {message}")


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
    loop.record(started(settings, node.rules_loaded))
    return loop
