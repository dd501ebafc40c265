"""The thread of the trail: one org's trouble stays its own, and a long trail delays neither checkpoints nor the stop."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.daemon.trail import trail_verification
from agent.daemon.trail.daemon_life import MOST_REASON, stopped
from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_damage import DAMAGED, TrailDamage
from agent.daemon.trail.trail_loop import LATE, TrailLoop
from agent.daemon.trail.trail_mirrors import TrailMirrors
from agent.model import Batch
from agent.redaction import redaction
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail.checkpoint import opened
from agent.trail.checkpointer import Checkpointer
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of
from agent.trail.verify import TrailReport

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ORGS = ("acme", "globex")


class LoopOfThree:
    """A loop over the process and two orgs in a real state."""

    def __init__(self, directory: StateDirectory) -> None:
        self.states: dict[str, State] = {name: directory.shard(name) for name in (keys.PROCESS, *ORGS)}
        self.process = self.states[keys.PROCESS]
        self.stop = threading.Event()
        self.sent: list[Batch] = []
        self.problems = Problems(self.process, lambda: NOW)
        self.signer = signer = NoteSigner.generate(origin_of(self.process.id))
        checkpointer = Checkpointer(
            self.process,
            lambda: {name: ShardTrail(state) for name, state in self.states.items()},
            signer,
            lambda: NOW,
        )
        inquiry = MirrorInquiry([], {}, origin_of(self.process.id))
        self.loop = TrailLoop(
            self.process,
            lambda: self.states,
            checkpointer,
            inquiry,
            TrailMirrors(self.process, {}, self.problems, inquiry, lambda: 0, timedelta(0), lambda: NOW),
            self.problems,
            TrailDamage(self.problems),
            self.sent.append,
            timedelta(0),
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


@pytest.fixture
def three(tmp_path: Path) -> Iterator[LoopOfThree]:
    directory = StateDirectory(tmp_path / "state")
    yield LoopOfThree(directory)
    directory.close()


def test_one_org_whose_files_cannot_be_written_stops_no_checkpoint(three: LoopOfThree) -> None:
    """It is told, its records are signed all the same, and filed once the folder can be used."""
    folder = three.states["acme"].directory / "trail"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    three.add("acme")
    three.add("globex")
    three.loop.turn()
    assert three.kinds() == [(LATE, "acme/trail")]
    assert len(three.sent) == 1
    assert ShardTrail(three.states["globex"]).filed() == 1
    assert three.verified().whole
    folder.unlink()
    three.loop.turn()
    assert three.kinds() == []
    assert ShardTrail(three.states["acme"]).filed() == 1


def test_damage_that_was_acknowledged_is_not_told_again_before_the_next_start(three: LoopOfThree) -> None:
    """Whoever acknowledged it would have to do so every minute."""
    three.add("acme", 2)
    three.loop.turn()
    (part,) = ShardTrail(three.states["acme"]).files.parts()
    part.write_bytes(part.read_bytes().split(b"\n")[0] + b"\n")
    three.add("acme")
    three.loop.turn()
    assert three.kinds() == [(DAMAGED, "acme")]
    (problem,) = three.problems.open()
    three.problems.acknowledge(problem.id, "a person")
    three.loop.turn()
    assert three.kinds() == []


def test_checkpoints_are_taken_while_a_long_trail_is_verified(
    three: LoopOfThree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what they note meanwhile, of a new org too, is no difference."""
    monkeypatch.setattr(trail_verification, "LOOK_EVERY", 5)
    three.add("acme", 20)
    three.loop.turn()
    newcomer = three.states.pop("globex")
    before = len(three.sent)
    three.states = {**three.states}
    follow = three.loop.turn

    def turn_with_the_new_org() -> None:
        three.states = {**three.states, "globex": newcomer}
        with newcomer.transact() as transaction:
            ShardTrail(newcomer).append(transaction, [TrailEntry("decided")], NOW)
        follow()

    monkeypatch.setattr(three.loop.verification, "_turn", turn_with_the_new_org)
    assert three.verified().findings == []
    assert len(three.sent) > before


def test_a_stop_ends_the_verifying(three: LoopOfThree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years of records would outlast the time that a stop may take."""
    monkeypatch.setattr(trail_verification, "LOOK_EVERY", 5)
    three.add("acme", 20)
    three.loop.turn()
    (part,) = ShardTrail(three.states["acme"]).files.parts()
    part.write_bytes(part.read_bytes().replace(b"decided", b"DECIDED"))
    three.stop.set()
    three.loop.run()
    assert len(three.sent) == 1
    assert three.kinds() == []  # the next start finds it


def test_a_checkpoint_is_sent_as_it_was_signed(three: LoopOfThree) -> None:
    """Also where a short secret is by chance the number of records: a note without it would look like a forged one."""
    redaction.register("2")
    redaction.register("leakline")
    try:
        three.loop.turn()
        three.loop.turn()
    finally:
        redaction.forget()
    (row,) = three.sent[-1].frame.to_dicts()
    assert row["leakline.trail.size"] == 2
    assert opened(row["leakline.trail.note"], [three.signer.verifier]).size == 2


def test_a_reason_is_recorded_without_secrets_and_not_at_any_length() -> None:
    """It is the text of whatever error ended the daemon, and the trail is never erased."""
    entry = stopped("OSError: https://user:password@proxy.example:3128 " + "x" * 300_000)
    assert "password" not in entry.data["reason"]
    assert len(entry.data["reason"]) == MOST_REASON
