"""`kill -9` at any moment, with a destination that is mostly down, one that refuses rows, damaged files and replays."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from agent.daemon.control.client import ask
from agent.demo.org_process import simulated_org
from agent.demo.verdict import judge
from agent.errors import LeaklineError
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.simulator.log_files.truth import read_truth
from agent.store.directory.orphan_files import BatchName
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.org_settings import document_for

KILLS = 10
SEED = 11


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A day of few rows in many files: what a kill meets are batches."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=3, rows=1_500) as facts:
        yield facts


class PickyBulkServer(BulkServer):
    """Refuses every twentieth event for good while `refuses`."""

    refuses = True

    def _create(self, index: str, event_id: str, document: bytes) -> dict[str, Any]:
        self.refuse = {event_id: (400, "mapper_parsing_exception")} if self.refuses and _twentieth(event_id) else {}
        return super()._create(index, event_id, document)


class BusyHecServer(HecServer):
    """Busy for a share of the requests."""

    def __init__(self, moments: random.Random) -> None:
        super().__init__()
        self.busy = 1.0
        self._moments = moments

    def __call__(self, request: ReceivedRequest) -> Reply:
        if self._moments.random() < self.busy:
            return self._say(503, 9, "Server is busy")
        return super().__call__(request)


@pytest.mark.attack
@pytest.mark.long
@pytest.mark.timeout(600)
def test_nothing_is_lost_whatever_comes_together(org: dict[str, str], tmp_path: Path) -> None:
    """After all of it each event is in the file once, at both others with its id, and no file is left over."""
    moments = random.Random(SEED)
    hec, bulk = BusyHecServer(moments), PickyBulkServer()
    with ExitStack() as servers:
        splunk, elastic = HttpServer(hec), HttpServer(bulk)
        servers.callback(splunk.stop)
        servers.callback(elastic.stop)
        agent = AgentProcess(tmp_path, settings(org, tmp_path, splunk.url, elastic.url))
        state = tmp_path / "state"
        damaged = aside = 0
        for number in range(KILLS):
            agent.start()
            go_on(state, moments)
            if number % 2:
                replay_one(state, moments)
            aside = max(aside, len(list((state / "orgs" / "acme" / "aside").glob("*.arrow"))))
            agent.kill()
            damaged += number % 3 == 2 and damage_one(state, moments)
            if aside and number >= KILLS // 2:
                hec.busy = 0.5
        hec.busy, bulk.refuses = 0.0, False
        agent.start()
        expected = read_truth(Path(org["truth in"])).filter(pl.col("interval") == "Hourly").height
        agent.wait_for(lambda: read(agent) >= expected and settled(agent))
        while letters := ask(state / "control.sock", "dead_letters_list")["files"]:
            for letter in letters:
                ask(state / "control.sock", "dead_letters_replay", file=letter["file"], by="somebody")
            agent.wait_for(lambda: settled(agent))
        agent.wait_for(lambda: settled(agent) and not left_over(state))
        status = agent.status()
        assert agent.stop() == 0
    print(f"{KILLS} kills, {damaged} files damaged, up to {aside} aside", status["problems"])

    assert status["balanced"]
    assert aside > 0
    mappings, _ = load_mappings([shipped("mappings")])
    files = sorted((tmp_path / "out").glob("events*"))
    verdict = judge(Path(org["truth in"]), files, [], Normalizer(mappings))
    assert (verdict.lost, verdict.altered) == (0, 0)
    ids = {orjson.loads(line)["event"]["id"] for path in files for line in path.read_bytes().splitlines()}
    assert len(ids) == verdict.expected
    at_hec = Counter(event["fields"]["event_id"] for event in hec.events)
    assert ids - set(at_hec) == set()
    assert ids - {event_id for _, event_id in bulk.documents} == set()
    print(f"{len(ids)} events: doubled {verdict.doubled} in the file")


def settings(org: dict[str, str], folder: Path, splunk: str, elastic: str) -> dict[str, Any]:
    (folder / "token").write_text(TOKEN)
    (folder / "password").write_text(PASSWORD)
    document = document_for(org, folder)
    document["destinations"] += [
        {"type": "splunk", "url": splunk, "token": {"file": str(folder / "token")}, "quota_mb": 1},
        {
            "type": "elastic",
            "url": elastic,
            "username": USER,
            "password": {"file": str(folder / "password")},
        },
    ]
    return document


def go_on(state: Path, moments: random.Random) -> None:
    """Until some batches more are read, or a while has passed: then comes the kill, at any moment of a batch."""
    goal, until = batches(state) + moments.randint(0, 40), time.monotonic() + 6.0
    while batches(state) < goal and time.monotonic() < until:
        time.sleep(moments.random() * 0.1)


def batches(state: Path) -> int:
    """The number of the newest batch of events in the spool."""
    names = (BatchName.parse(path.name) for path in (state / "orgs" / "acme" / "spool").glob("events-*.arrow"))
    return max((name.sequence for name in names if name), default=0)


def replay_one(state: Path, moments: random.Random) -> None:
    """Have one file of dead letters sent again, if there is one, a moment before the kill."""
    try:
        page = ask(state / "control.sock", "dead_letters_list")
        if page and page["files"]:
            file = moments.choice(page["files"])["file"]
            ask(state / "control.sock", "dead_letters_replay", file=file, by="somebody")
    except LeaklineError:
        return


def damage_one(state: Path, moments: random.Random) -> bool:
    """Turn a byte of a batch of events: one that the org still has, so that no row of it may be lost."""
    files = sorted((state / "orgs" / "acme" / "spool").glob("events-*.arrow"))
    if not files:
        return False
    with moments.choice(files).open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 0xFF]))
    return True


def _twentieth(event_id: str) -> bool:
    return int(event_id[:8], 16) % 20 == 0


def read(agent: AgentProcess) -> int:
    """Rows read of log files, duplicates included."""
    return sum(row["read"] for row in agent.status()["read"] if row["source"] == "acme/event_log_file")


def settled(agent: AgentProcess) -> bool:
    """Whether nothing waits, in the lanes or outside them."""
    lanes = [lane for destination in agent.status()["destinations"] for lane in destination["lanes"].values()]
    return all(lane["pending"] == lane["set_aside"] == 0 for lane in lanes)


def left_over(state: Path) -> list[Path]:
    """Batch files that are still there once nothing waits and the spool has been trimmed."""
    folders = ("spool", "aside", "dead-letters")
    return [path for folder in folders for path in state.glob(f"*/{folder}/*.arrow")] + [
        path for folder in folders for path in state.glob(f"orgs/*/{folder}/*.arrow")
    ]
