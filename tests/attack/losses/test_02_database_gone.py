"""The database is gone, cut, or older than the batch files: nothing of the spool is deleted, and there is a way on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.errors import StateDamaged, StateError
from agent.model import LANES, Outcome
from agent.store.accounts import Accounts
from agent.store.queue.status import balanced
from agent.store.recovery.books import Books
from agent.store.recovery.inspection import inspect
from agent.store.recovery.recover import recover
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard

pytestmark = pytest.mark.usefixtures("single_commits")

BATCHES, ROWS = 4, 10
IDS = ids_of(0, BATCHES * ROWS)
TAKES = {"siem": LANES}


def open_loops(directory: Path) -> Loops:
    """As a daemon starts."""
    loops = Loops(OneShard(directory))
    loops.begin()
    return loops


def fill(loops: Loops, first: int = 0, last: int = BATCHES) -> None:
    """Batches of `ROWS` rows each that nobody has taken yet."""
    batches = [batch_of(n, IDS[n * ROWS : (n + 1) * ROWS]) for n in range(first, last)]
    loops.ingest().read(ListSource(batches))


def spooled(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "process" / "spool").rglob("*.arrow"))


def undelivered(directory: Path) -> list[str]:
    """A state with undelivered batches, closed; the names of its batch files."""
    loops = open_loops(directory)
    loops.forward(ScriptedDestination())
    fill(loops)
    loops.state.close()
    return spooled(directory)


def delivered(directory: Path) -> tuple[list[str], list[str]]:
    """What a destination gets after a start, and the actions of the events about problems."""
    loops, destination = open_loops(directory), ScriptedDestination()
    forward = loops.forward(destination)
    told = loops.event_actions()
    loops.drain(forward)
    assert balanced(loops.stores, TAKES)
    loops.state.close()
    return destination.accepted, told


def remove(database: Path) -> None:
    shutil.rmtree(database)


def empty(database: Path) -> None:
    for path in database.iterdir():
        path.unlink()
    (database / "cache.db").touch()


def cut(database: Path) -> None:
    (database / "cache.db-wal").unlink(missing_ok=True)
    os.truncate(database / "cache.db", (database / "cache.db").stat().st_size // 2)


def scribble(database: Path) -> None:
    (database / "cache.db").write_bytes(b"this is not a database " * 1000)


@pytest.mark.parametrize("harm", [remove, empty, cut, scribble], ids=lambda harm: harm.__name__)
def test_the_start_is_refused_and_no_file_is_touched(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """Beside undelivered batch files a database that is gone or damaged ends the start with the way out."""
    files = undelivered(tmp_path)
    harm(tmp_path / "database")
    for _ in range(2):
        with pytest.raises(StateDamaged, match="leakline state recover"):
            OneShard(tmp_path)
    assert spooled(tmp_path) == files


@pytest.mark.parametrize("harm", [remove, empty, cut, scribble], ids=lambda harm: harm.__name__)
def test_recover_brings_every_undelivered_row(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """After `recover` every row arrives, the sum holds, and an event tells of it; a second `recover` has nothing to do."""
    undelivered(tmp_path)
    harm(tmp_path / "database")
    assert inspect(tmp_path)["advice"]
    assert not recover(tmp_path, lambda _: TAKES, lambda: NOW).nothing
    assert recover(tmp_path, lambda _: TAKES, lambda: NOW).nothing
    assert inspect(tmp_path)["advice"] == []
    accepted, told = delivered(tmp_path)
    assert set(IDS) <= set(accepted)
    assert told == ["state-recovered"]


def test_recovered_rows_keep_their_order(tmp_path: Path) -> None:
    """Batches are taken in as they were written, each once."""
    undelivered(tmp_path)
    remove(tmp_path / "database")
    done = recover(tmp_path, lambda _: TAKES, lambda: NOW)
    assert (len(done.shards[""].batches), done.rows) == (BATCHES, len(IDS))
    accepted, _ = delivered(tmp_path)
    assert [event_id for event_id in accepted if event_id in set(IDS)] == IDS


def test_an_older_database_deletes_nothing(tmp_path: Path) -> None:
    """Batch files that a newer database named are set aside and told, and `recover` takes them in."""
    loops = open_loops(tmp_path)
    loops.forward(ScriptedDestination())
    fill(loops, 0, 1)
    loops.state.close()
    shutil.copytree(tmp_path / "database", tmp_path / "backup")
    loops = open_loops(tmp_path)
    fill(loops, 1)
    loops.state.close()
    files = spooled(tmp_path)
    shutil.rmtree(tmp_path / "database")
    (tmp_path / "backup").rename(tmp_path / "database")

    loops = open_loops(tmp_path)
    assert {problem.subject for problem in loops.problems.open()} == {"state", "spool"}
    assert set(loops.event_actions()) == {"state-restored"}
    loops.state.close()
    assert set(files) <= set(spooled(tmp_path))
    recover(tmp_path, lambda _: TAKES, lambda: NOW)
    accepted, told = delivered(tmp_path)
    assert set(IDS) <= set(accepted)
    assert set(told) == {"state-recovered", "problem-settled"}


def test_files_of_another_state_are_set_aside(tmp_path: Path) -> None:
    """A batch file that never belonged to this database is not this daemon's to delete."""
    undelivered(tmp_path / "other")
    loops = open_loops(tmp_path / "mine")
    for path in (tmp_path / "other" / "process" / "spool").glob("*.arrow"):
        shutil.copy(path, tmp_path / "mine" / "process" / "spool")
    (tmp_path / "mine" / "process" / "spool" / "events-old.arrow").write_bytes(b"who knows")
    loops.state.close()
    loops = open_loops(tmp_path / "mine")
    assert [problem.kind for problem in loops.problems.open()] == ["state-restored"]
    assert loops.problems.open()[0].count == len(IDS)
    assert len(spooled(tmp_path / "mine")) == BATCHES + 1
    loops.state.close()
    done = recover(tmp_path / "mine", lambda _: TAKES, lambda: NOW)
    assert (done.rows, [found.path.name for found in done.shards[""].unreadable]) == (len(IDS), ["events-old.arrow"])
    assert (tmp_path / "mine" / "process" / "spool" / "quarantine" / "events-old.arrow").exists()


def test_a_new_database_is_told_where_nothing_was_left(tmp_path: Path) -> None:
    """With an empty spool the start goes on, and tells that the state is not the one that was here."""
    open_loops(tmp_path).state.close()
    shutil.rmtree(tmp_path / "database")
    loops = open_loops(tmp_path)
    assert loops.event_actions() == ["state-restored"]
    loops.state.close()
    loops = open_loops(tmp_path)
    assert loops.event_actions() == []
    loops.state.close()


def test_what_a_kill_leaves_is_still_removed(tmp_path: Path) -> None:
    """A batch that was being committed, and one that was being let go, are leftovers: removed, and nobody is told."""
    loops = open_loops(tmp_path)
    fill(loops)
    settled = loops.spool.entry("events", 0)
    assert settled is not None
    kept = (tmp_path / "process" / "spool" / settled.file.name).read_bytes()
    loops.spool.trim({"events": loops.spool.end("events")})
    (tmp_path / "process" / "spool" / settled.file.name).write_bytes(kept)
    loops.spool.write("events", loops.spool.read(settled).frames)
    loops.state.close()
    loops = open_loops(tmp_path)
    assert (spooled(tmp_path), loops.problems.open()) == ([], [])
    loops.state.close()


def test_dead_letters_survive_a_lost_database(tmp_path: Path) -> None:
    """Dead letters alone stop the start as well; `recover` counts them again."""
    loops, destination = open_loops(tmp_path), ScriptedDestination()
    forward = loops.forward(destination)
    fill(loops)
    destination.script = [Outcome(rejected=[(3, "no")])]
    loops.drain(forward)
    loops.spool.trim(dict.fromkeys(LANES, loops.spool.end("events")))
    assert loops.dead_letters.count() == 1
    loops.state.close()
    shutil.rmtree(tmp_path / "database")
    with pytest.raises(StateDamaged):
        OneShard(tmp_path)
    recover(tmp_path, lambda _: TAKES, lambda: NOW)
    loops = open_loops(tmp_path)
    assert loops.dead_letters.count() == 1
    assert [frame["reason"].to_list() for _, frame in loops.dead_letters.read()] == [["no"]]
    loops.state.close()


def test_a_damaged_batch_is_not_taken_in_but_told(tmp_path: Path) -> None:
    """A file whose checksum does not hold goes to quarantine, with its rows in a problem that waits for a person."""
    files = undelivered(tmp_path)
    path = tmp_path / "process" / "spool" / files[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    shutil.rmtree(tmp_path / "database")
    done = recover(tmp_path, lambda _: TAKES, lambda: NOW)
    assert done.rows == len(IDS) - ROWS
    loops = open_loops(tmp_path)
    assert {problem.kind: problem.count for problem in loops.problems.open()} == {
        "state-recovered": len(IDS) - ROWS,
        "rows-lost": ROWS,
    }
    loops.state.close()


@pytest.mark.parametrize("harm", [remove, cut], ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("step", range(8))
def test_recover_may_be_killed_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None], step: int
) -> None:
    """Whatever step it ends at, no batch is lost, and the next `recover` finishes."""
    undelivered(tmp_path)
    harm(tmp_path / "database")
    steps = iter(range(100))
    rename, add = Path.rename, Books.add

    def rename_or_die(self: Path, target: Any) -> Path:
        if next(steps) == step:
            raise KeyboardInterrupt
        return rename(self, target)

    def add_or_die(*arguments: Any) -> None:
        if next(steps) == step:
            raise KeyboardInterrupt
        add(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_or_die)
        patch.setattr("agent.store.recovery.books.Books.add", add_or_die)
        with contextlib.suppress(KeyboardInterrupt):
            recover(tmp_path, lambda _: TAKES, lambda: NOW)
    recover(tmp_path, lambda _: TAKES, lambda: NOW)
    accepted, told = delivered(tmp_path)
    assert set(IDS) <= set(accepted)
    assert told == ["state-recovered"]


def test_recover_needs_the_daemon_to_be_stopped(tmp_path: Path) -> None:
    """Two must not work on one state."""
    loops = open_loops(tmp_path)
    with pytest.raises(StateError, match="held by"):
        recover(tmp_path, lambda _: TAKES, lambda: NOW)
    loops.state.close()


def test_recovered_rows_are_counted_as_read(tmp_path: Path) -> None:
    """The accounts name them, so that what was delivered can be compared."""
    undelivered(tmp_path)
    shutil.rmtree(tmp_path / "database")
    recover(tmp_path, lambda _: TAKES, lambda: NOW)
    state = OneShard(tmp_path)
    accounts = Accounts(state)
    assert accounts.ingested()["recovered", "events"].read == accounts.spooled("events") == len(IDS)
    state.close()


@pytest.mark.attack
def test_systemd_does_not_try_again(document: dict[str, Any], tmp_path: Path) -> None:
    """`leakline run` ends with 78, which the unit does not restart; the commands `inspect` and `recover` lead on."""
    directory = Path(document["state"]["directory"])
    undelivered(directory)
    shutil.rmtree(directory / "database")
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(document))

    def leakline(*command: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agent", *command, "-c", str(settings)]
        return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)

    run = leakline("run")
    assert run.returncode == 78
    assert "leakline state inspect" in run.stderr
    inspected = leakline("state", "inspect")
    assert inspected.returncode == 1
    assert "missing" in inspected.stdout
    assert f"{len(IDS)} rows" in inspected.stdout
    assert leakline("status").returncode == 1
    assert leakline("state", "recover").returncode == 0
    assert leakline("state", "inspect").returncode == 0
