"""How fast a daemon is when the same rows come from one org, and from several at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_settings import document_for, write_inputs
from tests.bench.orgs.process_cost import core_seconds
from tests.bench.orgs.served import pack, served_orgs
from tests.bench.workload import write_log_file
from tests.end_to_end.agent_process import AgentProcess

FILES = 16
"""Log files, shared out among the orgs: none has more rows for being alone."""


@dataclass(frozen=True, slots=True)
class Busy:
    """`rate`: rows a second from the first file asked for to the last line written; `core`: core-microseconds a row."""

    orgs: int
    destinations: int
    rate: float
    core: float


def write_files(folder: Path, rows: int) -> list[tuple[Path, int]]:
    """`FILES` packed RestApi files of `rows` rows together, each with its length."""
    folder.mkdir()
    paths = [folder / f"{number}.csv" for number in range(FILES)]
    for number, path in enumerate(paths):
        write_log_file(path, rows // FILES, seed=100 + number)
    return [pack(path) for path in paths]


def busy(folder: Path, orgs: int, destinations: int, files: Sequence[tuple[Path, int]], rows: int) -> Busy:
    """A daemon with 100 rules of the benchmark and file destinations reads all of `files` from that many orgs."""
    folder.mkdir()
    write_inputs(folder)
    with served_orgs(folder / "orgs", orgs) as served:
        document = document_for(folder, folder, destinations)
        document["orgs"] = [served.settings(number, every="1s") for number in range(orgs)]
        agent = AgentProcess(folder, document)
        agent.start()
        agent.wait_for(lambda: all(source["last_success"] for source in agent.status()["sources"]))
        cores = core_seconds(agent.pid)
        for number, (packed, length) in enumerate(files):
            served.show(number % orgs, packed, length)
        while not served.calls("log_file"):
            time.sleep(0.01)
        began = time.time()
        while _read(agent) < rows or not agent.drained():
            time.sleep(0.3)  # asking more often would cost core time that is counted
        core = (core_seconds(agent.pid) - cores) / rows * 1e6
        ended = max(path.stat().st_mtime for path in folder.glob("out*/events*"))
        agent.stop()
    return Busy(orgs, destinations, rows / (ended - began), core)


def _read(agent: AgentProcess) -> int:
    return sum(counts["read"] for counts in agent.status()["read"] if counts["event_type"] == "RestApi")
