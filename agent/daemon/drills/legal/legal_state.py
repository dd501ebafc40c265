"""The state of a drill: a folder of its own, with a chain of records for each life, and one of the process that is signed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.signing.signed_note import NoteSigner
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS
from agent.store.problem_gauge import ProblemGauge
from agent.store.state import State
from agent.trail.checkpointer import Checkpointer, signing_keys
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys
from agent.trail.verify import verify


class UnmeasuredProblems(ProblemGauge):
    """Problems of a drill are not counted in the metrics of the daemon that runs it."""

    def set(self, shard: str, counts: Mapping[str, int]) -> None:
        """Nothing is measured."""


class LegalState:
    """See the page."""

    def __init__(self, folder: Path, drill: str) -> None:
        self.drill = drill
        self.directory = StateDirectory(folder)
        self.gauge = UnmeasuredProblems()
        self._trails = {PROCESS: ShardTrail(self.directory.shard(PROCESS))}

    @property
    def lives(self) -> int:
        """How many there were."""
        return len(self._trails) - 1

    def shard(self, name: str) -> State:
        """Of one life; new, and with a chain that is verified in the end."""
        state = self.directory.shard(name)
        self._trails[name] = ShardTrail(state)
        return state

    def trail_stage(self, now: datetime) -> LegalStage:
        """Everything that was recorded, against a checkpoint that is signed now."""
        process = self.directory.shard(PROCESS)
        origin = origin_of(process.id)
        taken = Checkpointer(process, lambda: self._trails, NoteSigner.generate(origin), lambda: now).take()
        chains = {name: trail.lines for name, trail in self._trails.items()}
        report = verify(chains, [taken.note], public_keys(signing_keys(process)), origin)
        records = sum(trail.head().size for trail in self._trails.values())
        wrong = [
            f"{finding.chain or 'process'}, record {finding.seq}: {finding.message}" for finding in report.findings
        ]
        if report.covered != self._trails[PROCESS].head().size:
            wrong.append("the signed checkpoint does not cover the chain of the process")
        return judged("trail", wrong, f"{records:,} records in {len(chains)} chains are linked, and a checkpoint fits")


@contextmanager
def legal_state(drill: str) -> Iterator[LegalState]:
    """Open while inside, and deleted after that. `drill`: its name, for the log. Raises StateError."""
    with tempfile.TemporaryDirectory(prefix="leakline-drill-") as folder:
        state = LegalState(Path(folder) / "state", drill)
        try:
            yield state
        finally:
            state.directory.close()
