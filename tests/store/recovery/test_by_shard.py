"""Recovery of a directory with several shards: each by itself, and each org told of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.cli.output import state as output
from agent.model import LANES, Lane
from agent.store import keys
from agent.store.directory import startup
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.status import balanced
from agent.store.recovery.inspection import inspect
from agent.store.recovery.recover import RecoveryReport, recover
from tests.daemon.shards import ShardOfMany
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of

SHARDS = ("", "acme", "other", "third")
TAKES = {"siem": LANES}
ROWS = 10


class FourShards:
    """Leakline itself and three orgs, opened as a daemon does."""

    def __init__(self, directory: Path) -> None:
        self.whole = StateDirectory(directory)
        self.loops = {name: Loops(ShardOfMany(self.whole, name)) for name in SHARDS}
        startup.begin(self.whole, {name: (loops.state, loops.problems) for name, loops in self.loops.items()})

    def fill(self) -> None:
        """Two batches of each that nobody has taken."""
        for name, loops in self.loops.items():
            loops.forward(ScriptedDestination())
            batches = [batch_of(n, ids_of(n * ROWS, (n + 1) * ROWS)) for n in range(2)]
            loops.ingest().read(ListSource(batches, name=f"{name or 'agent'}/list"))

    def problems(self) -> dict[str, list[str]]:
        """Kind and subject of each open problem, by shard."""
        return {
            name: sorted(f"{problem.kind} {problem.subject}" for problem in loops.problems.open())
            for name, loops in self.loops.items()
        }

    def deliver(self) -> dict[str, set[str]]:
        """What a destination gets of each shard."""
        accepted = {}
        for name, loops in self.loops.items():
            siem = ScriptedDestination()
            loops.drain(loops.forward(siem))
            assert balanced(loops.stores, TAKES)
            accepted[name] = set(siem.accepted)
        return accepted

    def close(self) -> None:
        self.whole.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shards = FourShards(tmp_path / "state")
    shards.fill()
    shards.close()
    return tmp_path / "state"


def recovered(directory: Path) -> RecoveryReport:
    return recover(directory, lambda _: TAKES, lambda: NOW)


def everything_arrives(directory: Path) -> dict[str, list[str]]:
    """After a start: all rows of all shards; the problems that were open."""
    shards = FourShards(directory)
    problems = shards.problems()
    assert all(set(ids_of(0, 2 * ROWS)) <= accepted for accepted in shards.deliver().values())
    shards.close()
    return problems


def change(directory: Path, statement: str, *values: object) -> None:
    """Of the database."""
    with closing(sqlite3.connect(directory / "database" / "cache.db", isolation_level=None)) as database:
        database.execute(statement, values)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def shown(directory: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    output.show(inspect(directory), running=False)
    return capsys.readouterr().out.splitlines()


def forget_keys(directory: Path, shard: str) -> None:
    prefix = keys.shard_prefix(shard)
    change(directory, "DELETE FROM Cache WHERE key >= ? AND key < ?", prefix, keys.following(prefix))


def test_orphans_of_one_org_are_its_own(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An org's folder without keys: `inspect` says whose files they are, its shard alone takes them in and tells of it."""
    forget_keys(directory, "acme")
    assert [(part["org"], part["rows"]) for part in inspect(directory)["unnamed"]] == [("acme", 2 * ROWS)]
    assert (
        f"`recover` would read {2 * ROWS} rows of the lane events of acme again from 2 files that the database does not name"
        in (shown(directory, capsys))
    )
    done = recovered(directory)
    assert {name: shard.rows for name, shard in done.shards.items() if not shard.nothing} == {"acme": 2 * ROWS}
    assert list(done.sentences()) == [f"2 batch files with {2 * ROWS} rows read again (of acme)"]
    assert everything_arrives(directory) == {"": [], "acme": ["state-recovered acme/state"], "other": [], "third": []}


def test_a_start_sets_orphans_aside_and_tells_their_org(directory: Path) -> None:
    """Before anybody recovers: rows of a newer database are not deleted, and only their org has a problem."""
    foreign = directory.parent / "foreign"
    shards = FourShards(foreign)
    shards.fill()
    shards.close()
    for path in (foreign / "orgs" / "other" / "spool").glob("*.arrow"):
        shutil.copy(path, directory / "orgs" / "other" / "spool")
    shards = FourShards(directory)
    assert shards.problems() == {"": [], "acme": [], "other": ["state-restored other/spool"], "third": []}
    shards.close()
    assert recovered(directory).shards["other"].rows == 2 * ROWS
    assert everything_arrives(directory)["other"] == ["state-recovered other/state"]


@pytest.mark.parametrize("harm", ["remove", "cut", "scribble"])
def test_a_damaged_database_costs_no_org_a_row(directory: Path, harm: str) -> None:
    """All shards get their rows again; what is wrong with the database concerns Leakline itself."""
    database = directory / "database"
    match harm:
        case "remove":
            shutil.rmtree(database)
        case "cut":
            os.truncate(database / "cache.db", (database / "cache.db").stat().st_size // 2)
        case "scribble":
            (database / "cache.db").write_bytes(b"no database" * 1000)
    done = recovered(directory)
    assert recovered(directory).nothing
    assert inspect(directory)["advice"] == []
    problems = everything_arrives(directory)
    assert problems[""] == ["state-recovered state"]
    if harm != "cut":  # whose values can all be lost, or none
        assert {name: shard.rows for name, shard in done.shards.items()} == dict.fromkeys(SHARDS, 2 * ROWS)
        assert problems == {
            name: [f"state-recovered {name}/state" if name else "state-recovered state"] for name in SHARDS
        }


def test_each_shard_is_rebuilt_for_its_own_destinations(directory: Path) -> None:
    """A destination of one org gets no position in another's lanes."""
    shutil.rmtree(directory / "database")
    takes: dict[str, dict[str, tuple[Lane, ...]]] = {"": {"all": LANES}, "acme": {"all": LANES, "mine": ("alerts",)}}
    recover(directory, lambda shard: takes.get(shard, {}), lambda: NOW)
    whole = StateDirectory(directory)
    positions = {name: whole.shard(name).keys(keys.POSITION.prefix) for name in SHARDS}
    whole.close()
    assert positions == {
        "": ["position/all/alerts", "position/all/events"],
        "acme": ["position/all/alerts", "position/all/events", "position/mine/alerts"],
        "other": [],
        "third": [],
    }


def test_files_that_are_gone_are_seen_in_their_org(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even when the whole folder of an org is gone: the database still names what was in it."""
    shutil.rmtree(directory / "orgs" / "third")
    named: list[dict[str, Any]] = inspect(directory)["named"]
    assert {(part["org"], part["gone"]) for part in named if part["lane"] == "events"} == {
        *((name, 0) for name in SHARDS if name != "third"),
        ("third", 2),
    }
    lines = shown(directory, capsys)
    assert f"lane events      {2 * ROWS} rows in 2 batch files of third; 2 of the files are missing" in lines
    assert f"lane events      {2 * ROWS} rows in 2 batch files of Leakline itself" in lines


def test_unreadable_files_are_a_loss_of_their_org(directory: Path) -> None:
    """They go to its quarantine, and the rows are counted in its own problem."""
    forget_keys(directory, "other")
    (path, _) = sorted((directory / "orgs" / "other" / "spool").glob("*.arrow"))
    path.write_bytes(b"x" + path.read_bytes()[1:])
    done = recovered(directory)
    assert (done.shards["other"].rows, len(done.shards["other"].unreadable)) == (ROWS, 1)
    assert (directory / "orgs" / "other" / "spool" / "quarantine" / path.name).exists()
    shards = FourShards(directory)
    assert shards.problems() == {
        "": [],
        "acme": [],
        "other": ["rows-lost other/state", "state-recovered other/state"],
        "third": [],
    }
    shards.close()


def test_folders_that_are_nobodys_are_left_alone(directory: Path) -> None:
    """What does not have an org's name beside the orgs' folders is not made an org of."""
    for name in (".trash", "lost+found", "a b"):
        shutil.copytree(directory / "orgs" / "acme", directory / "orgs" / name)
    assert {part["org"] for part in inspect(directory)["named"]} == set(SHARDS)
    assert recovered(directory).nothing
    assert (directory / "orgs" / ".trash" / "spool").is_dir()
