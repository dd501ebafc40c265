"""Damaged pages of the database: seen by check and status, named with the way out, no loop, and nothing lost."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.check.examine import examine
from agent.config.settings_files import load
from agent.daemon import status
from agent.errors import StateDamaged
from agent.model import LANES
from agent.store.directory import database_check, integrity
from agent.store.directory.database_check import EVERY, DatabaseWatch
from agent.store.queue.status import balanced
from agent.store.recovery.recover import recover
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard

PAGE = 4096
IDS = ids_of(0, 60)


def fill(directory: Path) -> None:
    """A state with undelivered batches and enough memory to have many pages, closed."""
    loops = Loops(OneShard(directory))
    loops.begin()
    loops.forward(ScriptedDestination())
    remember = {f"known/{number:05d}": bytes(random.Random(number).randbytes(150)) for number in range(2000)}
    batches = [batch_of(n, IDS[n * 10 : (n + 1) * 10], remember=remember if n == 2 else {}) for n in range(6)]
    loops.ingest().read(ListSource(batches))
    loops.state.close()


def damage(directory: Path, seed: int, pages: int = 3) -> None:
    """Overwrite some pages in the middle of the file."""
    path, dice = directory / "database" / "cache.db", random.Random(seed)
    with closing(sqlite3.connect(path)) as database:  # else a page may be read from the log beside the file
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    last = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        for _ in range(pages):
            file.seek(PAGE * dice.randrange(2, last))
            file.write(dice.randbytes(PAGE))


@pytest.mark.parametrize("seed", range(8))
def test_recover_loses_no_row(tmp_path: Path, seed: int) -> None:
    """Wherever the pages are damaged, the start is refused with the way out, and after `recover` every row arrives."""
    fill(tmp_path)
    damage(tmp_path, seed)
    with pytest.raises(StateDamaged, match="leakline state recover"):
        OneShard(tmp_path)
    done = recover(tmp_path, lambda _: {"siem": LANES}, lambda: NOW)
    assert done.rebuilt is not None
    assert (tmp_path / done.rebuilt.broken).is_dir()
    loops, destination = Loops(OneShard(tmp_path)), ScriptedDestination()
    loops.begin()
    forward = loops.forward(destination)
    assert "state-recovered" in {problem.kind for problem in loops.problems.open()}
    assert loops.event_actions() == ["state-recovered"]
    loops.drain(forward)
    assert balanced(loops.stores, {"siem": LANES})
    loops.state.close()
    assert set(IDS) <= set(destination.accepted)


def test_check_and_status_see_it(document: dict[str, Any], tmp_path: Path) -> None:
    """`check` runs SQLite's integrity check; `status` says `state-damaged` first and is not well."""
    directory = Path(document["state"]["directory"])
    fill(directory)
    damage(directory, 1)
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(document))
    seen = [finding for finding in examine(settings, offline=True) if not finding.ok and "database" in finding.message]
    assert [(finding.subject, finding.warning) for finding in seen if finding.subject == "state"] == [("state", False)]
    assert "leakline state inspect" in seen[0].fix

    told = status.document(load(settings)).problems
    assert [problem.kind for problem in told] == ["state-damaged", "no-daemon"]
    assert "leakline state recover" in told[0].fix


def test_damage_met_while_running_has_its_own_words(tmp_path: Path) -> None:
    """What SQLite calls malformed is told as damage with the way out, by reads and writes alike."""
    fill(tmp_path)
    state = OneShard(tmp_path)
    path = tmp_path / "database" / "cache.db"
    size = path.stat().st_size
    with path.open("r+b") as file:  # all but the first page
        file.seek(PAGE)
        file.write(random.Random(3).randbytes(size - PAGE))
    with pytest.raises(StateDamaged, match="leakline state inspect"):
        for number in range(2000):
            state.data(f"memory/acme/list/known/{number:05d}")
    with pytest.raises(StateDamaged, match="leakline state inspect"), state.transact() as transaction:
        for number in range(2000):
            transaction.set(f"other/{number}", bytes(1000))
    state.close()


def test_the_daemon_looks_by_itself(tmp_path: Path) -> None:
    """Once an hour; damage that nothing has come across is a problem, and an event to the SIEM."""
    fill(tmp_path)
    loops = Loops(OneShard(tmp_path))
    watch = DatabaseWatch(tmp_path, loops.problems)
    for _ in range(EVERY):
        watch.tick()
    assert loops.event_actions() == []

    examined = integrity.IntegrityReport("damaged", ("Page 7 is never used",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(integrity, "examine", lambda *_: examined)
        for _ in range(2 * EVERY):
            watch.tick()
    assert loops.event_actions() == ["state-damaged"]
    loops.state.close()


def test_a_whole_database_is_said_to_be(tmp_path: Path) -> None:
    """The look costs nothing but time, and finds nothing in a healthy state."""
    fill(tmp_path)
    assert [finding.ok for finding in database_check.findings(tmp_path)] == [True]


@pytest.mark.attack
def test_the_daemon_does_not_loop(document: dict[str, Any], tmp_path: Path) -> None:
    """Damage at a start ends with 78, which systemd does not restart; after `recover` the day is whole."""
    agent, directory = AgentProcess(tmp_path, document), Path(document["state"]["directory"])
    agent.start()
    agent.wait_for(lambda: sum(row["read"] for row in agent.status()["read"]) > 0 and agent.drained())
    agent.kill()
    damage(directory, 5)

    def leakline(*command: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agent", *command, "-c", str(agent.settings)]
        return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)

    run = leakline("run")
    assert run.returncode == 78
    assert "damaged" in run.stderr
    shown = leakline("status")
    assert shown.returncode == 1
    assert any(line.startswith("state-damaged") for line in shown.stdout.splitlines()[:4])
    assert leakline("state", "inspect").returncode == 1
    assert leakline("state", "recover").returncode == 0
    agent.start()
    # Told once, and once more of each shard whose own values were on the damaged pages; records of the trail may have been there.
    kinds = {"state-recovered"}, {"state-recovered", "trail-damaged"}
    agent.wait_for(lambda: {p["kind"] for p in agent.status()["problems"]} in kinds and agent.drained())
    assert agent.status()["balanced"]
    assert agent.stop() == 0
