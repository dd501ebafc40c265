"""The loop of the trail over the process and two orgs, with destinations that may hold checkpoints."""

import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_damage import TrailDamage
from agent.daemon.trail.trail_loop import TrailLoop
from agent.daemon.trail.trail_mirrors import TrailMirrors
from agent.model import Batch, Destination
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail.checkpointer import Checkpointer
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of
from agent.trail.verify import TrailReport
from tests.destinations.rows import one_chunk

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ORGS = ("acme", "globex")


class LoopOfThree:
    """A loop over the process and two orgs in a real state."""

    def __init__(
        self,
        directory: StateDirectory,
        destinations: Sequence[Destination] = (),
        signer: NoteSigner | None = None,
        *,
        every: timedelta = timedelta(0),
        without: Collection[str] = (),
    ) -> None:
        """`without`: names of destinations that get no checkpoints."""
        self.states: dict[str, State] = {name: directory.shard(name) for name in (keys.PROCESS, *ORGS)}
        self.process = self.states[keys.PROCESS]
        self.stop = threading.Event()
        self.sent: list[Batch] = []
        self.problems = Problems(self.process, lambda: NOW)
        self.signer = signer = signer or NoteSigner.generate(origin_of(self.process.id))
        checkpointer = Checkpointer(
            self.process,
            lambda: {name: ShardTrail(state) for name, state in self.states.items()},
            signer,
            lambda: NOW,
        )
        mirroring = {destination.name: destination.name not in without for destination in destinations}
        self.inquiry = inquiry = MirrorInquiry(destinations, mirroring, origin_of(self.process.id), self.stop)
        self.loop = TrailLoop(
            self.process,
            lambda: self.states,
            checkpointer,
            inquiry,
            TrailMirrors(self.process, mirroring, self.problems, inquiry, lambda: 0, timedelta(0), lambda: NOW),
            self.problems,
            TrailDamage(self.problems),
            self.sent.append,
            every,
            self.stop,
            lambda: NOW,
        )

    def add(self, org: str, count: int = 1) -> None:
        state = self.states[org]
        with state.transact() as transaction:
            ShardTrail(state).append(transaction, [TrailEntry("decided")] * count, NOW)

    def verified(self) -> TrailReport:
        report = self.loop.verification.run()
        assert report is not None
        return report

    def kinds(self) -> list[tuple[str, str]]:
        return [(problem.kind, problem.subject) for problem in self.problems.open()]

    def deliver(self, destination: Destination) -> None:
        """Every checkpoint that was sent arrives."""
        for event in self.sent:
            destination.send(one_chunk(destination, event.frame))
        self.sent.clear()
