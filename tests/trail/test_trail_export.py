"""An export is continued after whatever ended the one before it, and never hides that one of the two was changed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.trail.trail_access import StoredTrail
from agent.daemon.trail.trail_export import write_export
from agent.daemon.trail.trail_requests import TrailRequests
from agent.errors import LeaklineError
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.state import State
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
STRANGE = "process"
"""An org may be called as the process's own file is."""


@pytest.fixture
def states(tmp_path: Path) -> Iterator[dict[str, State]]:
    directory = StateDirectory(tmp_path / "state")
    yield {name: directory.shard(name) for name in (keys.PROCESS, STRANGE)}
    directory.close()


def add(state: State, *names: str) -> None:
    with state.transact() as transaction:
        ShardTrail(state).append(transaction, [TrailEntry("decided", object=name) for name in names], NOW)


def export(states: dict[str, State], folder: Path) -> dict[str, int]:
    table = {command.name: command.run for command in TrailRequests(lambda: states, lambda: NOW).commands()}

    def ask(name: str, **arguments: Any) -> Any:
        return table[name](**arguments)

    return write_export(StoredTrail(ask), folder)


def test_an_export_is_continued(states: dict[str, State], tmp_path: Path) -> None:
    """Each chain has its file, also that of an org that is called `process`."""
    add(states[STRANGE], "a", "b")
    assert export(states, tmp_path / "out") == {keys.PROCESS: 0, STRANGE: 2}
    add(states[STRANGE], "c")
    add(states[keys.PROCESS], "d")
    assert export(states, tmp_path / "out") == {keys.PROCESS: 1, STRANGE: 1}
    lines = (tmp_path / "out" / f"org-{STRANGE}.jsonl").read_bytes().splitlines()
    assert lines == list(ShardTrail(states[STRANGE]).lines())


def test_an_interrupted_export_is_continued(states: dict[str, State], tmp_path: Path) -> None:
    """A line without an end was not written whole; it is no sign of a change."""
    add(states[STRANGE], "a", "b")
    export(states, tmp_path / "out")
    path = tmp_path / "out" / f"org-{STRANGE}.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert export(states, tmp_path / "out")[STRANGE] == 1
    assert path.read_bytes() == whole


def test_an_export_that_is_longer_than_the_trail_is_refused(states: dict[str, State], tmp_path: Path) -> None:
    """The end of the trail was taken away since."""
    add(states[STRANGE], "a")
    export(states, tmp_path / "out")
    path = tmp_path / "out" / f"org-{STRANGE}.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(LeaklineError, match="the trail ends before it"):
        export(states, tmp_path / "out")


def test_a_folder_of_another_trail_is_refused(states: dict[str, State], tmp_path: Path) -> None:
    """Two trails in one folder would verify as neither."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "origin.txt").write_text("leakline/00000000/trail\n")
    with pytest.raises(LeaklineError, match="leakline/00000000/trail"):
        export(states, tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_a_sentence(states: dict[str, State], tmp_path: Path) -> None:
    """And no traceback."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(LeaklineError, match="was not finished"):
        export(states, tmp_path / "out")
