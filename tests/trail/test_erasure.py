"""What is personal beside records is erased, and the trail is as whole as before, by both verifiers."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.trail.trail_access import StoredTrail
from agent.daemon.trail.trail_export import write_export
from agent.daemon.trail.trail_requests import TrailRequests
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.state import State
from agent.trail import erasure
from agent.trail.checkpointer import Checkpointer
from agent.trail.record import TrailEntry, read
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys
from agent.trail.verify import verify
from tests.trail.test_attacks import VERIFIER

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ACME = "acme"


class TrailWithNames:
    """Three incidents of one org, two of them with names beside them, some records filed already; and the process's chain."""

    def __init__(self, folder: Path) -> None:
        self.directory = StateDirectory(folder)
        self.states: dict[str, State] = {name: self.directory.shard(name) for name in (keys.PROCESS, ACME)}
        process = self.states[keys.PROCESS]
        trails = {name: ShardTrail(state) for name, state in self.states.items()}
        signer = NoteSigner.generate(origin_of(process.id))
        self.checkpoints = [0]
        checkpointer = Checkpointer(process, lambda: trails, signer, lambda: NOW)

        def take() -> None:
            checkpointer.take()
            self.checkpoints[0] += 1

        table = {
            command.name: command.run for command in TrailRequests(lambda: self.states, lambda: NOW, take).commands()
        }
        self.add("INC-1", "INC-2", "INC-1")
        trails[ACME].follow()
        take()
        self.add("INC-2", "INC-1", "INC-3")
        self.trail = StoredTrail(lambda name, **arguments: table[name](**arguments))

    def add(self, *names: str) -> None:
        for name in names:
            personal = None if name == "INC-3" else {"name": f"Ada of {name}"}
            entry = TrailEntry("anchor-declared", name, {"anchor": "aware"}, personal=personal)
            with self.states[ACME].transact() as transaction:
                ShardTrail(self.states[ACME]).append(transaction, [entry], NOW)

    def names(self) -> list[bytes]:
        """What stands beside the chain, without the salts."""
        state = self.states[ACME]
        return [(state.data(key) or b"")[16:] for key in state.keys(keys.TRAIL.key("personal/"))]

    def last(self) -> Any:
        return read(list(ShardTrail(self.states[ACME]).lines())[-1])

    def is_whole(self, folder: Path) -> tuple[bool, bool]:
        """By Leakline, and by the verifier that stands alone."""
        about = self.trail.about
        chains = {name: partial(self.trail.lines, name) for name in about["chains"]}
        report = verify(chains, [about["checkpoint"]["note"]], public_keys(about["keys"]), about["origin"])
        write_export(self.trail, folder)
        alone = subprocess.run([sys.executable, str(VERIFIER), str(folder)], capture_output=True, check=False)
        return report.whole, alone.returncode == 0


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[TrailWithNames]:
    found = TrailWithNames(tmp_path / "state")
    yield found
    found.directory.close()


def test_what_stands_beside_an_object_is_erased_and_the_trail_is_whole(trail: TrailWithNames, tmp_path: Path) -> None:
    """Filed or not; of other objects all stays. A record says so, under a checkpoint at once."""
    assert len(trail.names()) == 5
    before = list(ShardTrail(trail.states[ACME]).lines())
    assert trail.trail.erase("INC-1", "root", "erasure request of 3 July") == {ACME: 3}
    assert trail.names() == [b'{"name":"Ada of INC-2"}'] * 2
    record = trail.last()
    assert (record.type, record.object) == (erasure.ERASED, "INC-1")
    assert record.data == {"records": [0, 2, 4], "reason": "erasure request of 3 July"}
    assert record.actor == {"kind": "person", "id": "root"}
    assert list(ShardTrail(trail.states[ACME]).lines())[:-1] == before
    assert trail.checkpoints == [2]
    trail.trail = StoredTrail(trail.trail._request)
    assert trail.is_whole(tmp_path / "out") == (True, True)


def test_nothing_to_erase_leaves_no_record(trail: TrailWithNames) -> None:
    """Neither of an object with nothing beside it, nor of one that was erased before, nor of an unknown one."""
    trail.trail.erase("INC-1", "root", "asked")
    records = len(list(ShardTrail(trail.states[ACME]).lines()))
    for name in ("INC-1", "INC-3", "INC-9", ""):
        assert trail.trail.erase(name, "root", "asked") == {}
    assert len(list(ShardTrail(trail.states[ACME]).lines())) == records


def test_many_records_are_erased_in_parts(trail: TrailWithNames, monkeypatch: pytest.MonkeyPatch) -> None:
    """One record could not name them all; each says which it stands for."""
    monkeypatch.setattr(erasure, "TOGETHER", 2)
    assert trail.trail.erase("INC-1", "root", "asked") == {ACME: 3}
    records = [read(line) for line in ShardTrail(trail.states[ACME]).lines()]
    assert [record.data["records"] for record in records if record.type == erasure.ERASED] == [[0, 2], [4]]


def test_a_record_of_as_many_as_are_erased_together_fits(tmp_path: Path) -> None:
    """With numbers as long as they get in years, and a reason as long as it may be."""
    from agent.trail.record import FIRST, written

    data = {"records": list(range(10**9, 10**9 + erasure.TOGETHER)), "reason": "\u00e4" * erasure.MOST_REASON}
    line, _ = written(TrailEntry(erasure.ERASED, "INC-1", data), ACME, 10**9, FIRST, NOW)
    assert read(line).data == data
