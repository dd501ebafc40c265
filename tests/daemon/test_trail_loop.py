"""The thread of the trail: one org's trouble stays its own, and a long trail delays neither checkpoints nor the stop."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.daemon.trail import trail_verification
from agent.daemon.trail.daemon_life import MOST_REASON, stopped
from agent.daemon.trail.trail_damage import DAMAGED
from agent.daemon.trail.trail_loop import LATE
from agent.redaction import redaction
from agent.store.directory.state_directory import StateDirectory
from agent.trail.checkpoint import opened
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from tests.daemon.trail_loops import NOW, LoopOfThree
from tests.servers.process import wait_until


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


def running(three: LoopOfThree) -> threading.Thread:
    thread = threading.Thread(target=three.loop.run)
    thread.start()
    return thread


def test_a_checkpoint_that_is_asked_for_does_not_wait_for_the_interval(tmp_path: Path) -> None:
    """However many ask within a second, they get one."""
    directory = StateDirectory(tmp_path / "state")
    three = LoopOfThree(directory, every=timedelta(hours=1))
    thread = running(three)
    try:
        wait_until(lambda: len(three.sent) == 1, "the first checkpoint")
        three.loop.record(TrailEntry("decided"))
        for _ in range(50):
            three.loop.soon()
        wait_until(lambda: len(three.sent) == 2, "the one that was asked for", 10)
        thread.join(1.5)
        assert [row["leakline.trail.size"] for event in three.sent for row in event.frame.to_dicts()] == [1, 3]
    finally:
        three.stop.set()
        thread.join()
        directory.close()
