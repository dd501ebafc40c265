"""A restored backup of the state sends rows again: told where the other side knows better."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.destinations.file.file import File, FileSettings
from agent.model import Chunk, Outcome
from tests.attack.four_places import status_of
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.http_server import HttpServer
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of, lines_of
from tests.store.one_shard import OneShard

ROWS = 20


@dataclass
class IdIndex:
    """Takes everything, and says which ids it had (a 409 from `_bulk`)."""

    held: set[str] = field(default_factory=set)

    def __call__(self, chunk: Chunk) -> Outcome:
        ids = set(chunk.ids.to_list())
        known = len(ids & self.held)
        self.held |= ids
        return Outcome(duplicates=known)

    def destination(self) -> ScriptedDestination:
        return ScriptedDestination(script=[self] * 100)


def start(directory: Path) -> Loops:
    loops = Loops(OneShard(directory))
    loops.begin()
    return loops


def deliver(directory: Path, destination: ScriptedDestination, first: int, last: int) -> list[tuple[str, str]]:
    """A daemon's life: read batches first to last, deliver all, stop. Returns (kind, subject) of open problems."""
    loops = start(directory)
    forward = loops.forward(destination)
    batches = [batch_of(n, ids_of(n * ROWS, (n + 1) * ROWS)) for n in range(first, last)]
    loops.ingest().read(ListSource(batches))
    loops.drain(forward)
    problems = [(problem.kind, problem.subject) for problem in loops.problems.open()]
    loops.state.close()
    return problems


def restore(backup: Path, directory: Path) -> None:
    shutil.rmtree(directory)
    shutil.copytree(backup, directory)


def file_destination(folder: Path) -> Any:
    destination = File(FileSettings(type="file", name="siem", directory=folder), lines_of, now=lambda: NOW)
    destination.send = lambda chunk: Outcome()  # type: ignore[method-assign]
    folder.mkdir(exist_ok=True)
    return destination


def test_a_destination_that_knows_the_rows_tells(tmp_path: Path) -> None:
    """When most rows sent for the first time are known already, the state is told to be a restored one."""
    state, backup, index = tmp_path / "state", tmp_path / "backup", IdIndex()
    assert deliver(state, index.destination(), 0, 1) == []
    shutil.copytree(state, backup)
    assert deliver(state, index.destination(), 1, 4) == []
    restore(backup, state)
    assert deliver(state, index.destination(), 1, 4) == [("state-restored", "siem")]


def test_a_chunk_accepted_before_a_kill_is_no_news(tmp_path: Path) -> None:
    """One chunk that was accepted and not committed comes twice after a kill: nobody is told."""
    index = IdIndex(held=set(ids_of(0, 10)))
    assert deliver(tmp_path / "state", index.destination(), 0, 3) == []


def test_a_file_destination_knows_how_far_it_is(tmp_path: Path) -> None:
    """The marker beside the output is ahead of a restored state: told at the start, with the rows that come again."""
    state, backup, folder = tmp_path / "state", tmp_path / "backup", tmp_path / "out"
    deliver(state, file_destination(folder), 0, 1)
    shutil.copytree(state, backup)
    assert deliver(state, file_destination(folder), 1, 4) == []
    restore(backup, state)
    loops = start(state)
    loops.forward(file_destination(folder))
    (problem,) = loops.problems.open()
    assert (problem.kind, problem.subject, problem.count) == ("state-restored", "siem", 3 * ROWS)
    assert loops.event_actions() == ["state-restored"]
    loops.state.close()


def test_a_file_written_by_another_state_is_told(tmp_path: Path) -> None:
    """An empty state directory beside a file that has events already: they come again."""
    folder = tmp_path / "out"
    deliver(tmp_path / "state", file_destination(folder), 0, 1)
    assert deliver(tmp_path / "new", file_destination(folder), 0, 1) == [("state-restored", "siem")]


def test_a_restart_is_no_news(tmp_path: Path) -> None:
    """Stopping and starting reports nothing."""
    folder = tmp_path / "out"
    for number in range(3):
        assert deliver(tmp_path / "state", file_destination(folder), number, number + 1) == []


@pytest.mark.attack
def test_it_is_told_everywhere(document: dict[str, Any], tmp_path: Path) -> None:
    """Some hours are read and delivered, then an empty state comes back: file and index destination both tell."""
    (tmp_path / "password").write_text(PASSWORD)
    with ExitStack() as servers:
        bulk = HttpServer(BulkServer())
        servers.callback(bulk.stop)
        password = {"file": str(tmp_path / "password")}
        elastic = {"type": "elastic", "url": bulk.url, "username": USER, "password": password, "max_rows": 100}
        document["destinations"].append(elastic)
        agent, state = AgentProcess(tmp_path, document), Path(document["state"]["directory"])
        command = [sys.executable, "-m", "agent", "status", "-c", str(agent.settings)]
        subprocess.run(command, capture_output=True, timeout=300, check=False)  # makes an empty state
        shutil.copytree(state, tmp_path / "backup")
        agent.start()
        agent.wait_for(lambda: sum(row["read"] for row in agent.status()["read"]) > 500 and agent.drained())
        assert agent.status()["problems"] == []
        assert agent.stop() == 0
        restore(tmp_path / "backup", state)
        agent.start()
        # Both destinations hold a longer trail than the restored state has, and are asked for it: that is told as well.
        told = {("state-restored", "file"), ("state-restored", "elastic"), ("trail-damaged", "leakline")}
        agent.wait_for(lambda: {(p["kind"], p["subject"]) for p in agent.status()["problems"]} >= told)
        alerts = tmp_path / "out" / "alerts.ndjson"
        agent.wait_for(lambda: '"action":"state-restored"' in alerts.read_text())
        status = status_of(agent.settings)
        assert (status.returncode, "state-restored" in "".join(status.stdout.splitlines()[:6])) == (1, True)
        assert agent.stop() == 0
