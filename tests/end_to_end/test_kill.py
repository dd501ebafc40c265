"""`kill -9` at any moment loses nothing."""

from __future__ import annotations

import os
import random
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from agent.demo.verdict import judge
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.simulator.log_files.truth import read_truth
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer
from tests.end_to_end.agent_process import AgentProcess

KILLS = int(os.environ.get("LEAKLINE_KILLS", "3"))
"""How often `make test` kills; .ci/run asks for 50."""


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_is_lost_and_duplicates_share_their_id(
    document: dict[str, Any], org: dict[str, str], tmp_path: Path
) -> None:
    """After many kills during ingest and delivery every event is at every destination, and only once by its id."""
    hec, bulk = HecServer(), BulkServer()
    with ExitStack() as servers:
        splunk, elastic = HttpServer(hec), HttpServer(bulk)
        servers.callback(splunk.stop)
        servers.callback(elastic.stop)
        (tmp_path / "token").write_text(TOKEN)
        (tmp_path / "password").write_text(PASSWORD)
        document["destinations"] += [
            {"type": "splunk", "url": splunk.url, "token": {"file": str(tmp_path / "token")}},
            {"type": "elastic", "url": elastic.url, "username": USER, "password": {"file": str(tmp_path / "password")}},
        ]
        agent = AgentProcess(tmp_path, document)
        moments = random.Random(5)
        for _ in range(KILLS):
            agent.start()
            time.sleep(moments.random() * 1.5)
            agent.kill()
        agent.start()
        expected = read_truth(Path(org["truth in"])).filter(pl.col("interval") == "Hourly").height
        agent.wait_for(lambda: read(agent) >= expected and agent.drained())
        status = agent.status()
        assert agent.stop() == 0
    assert status["balanced"]

    mappings, _ = load_mappings([shipped("mappings")])
    files = sorted((tmp_path / "out").glob("events*"))
    verdict = judge(Path(org["truth in"]), files, [], Normalizer(mappings))
    assert (verdict.lost, verdict.altered) == (0, 0)

    ids = {orjson.loads(line)["event"]["id"] for path in files for line in path.read_bytes().splitlines()}
    assert len(ids) == verdict.expected
    events = [event["fields"]["event_id"] for event in hec.events if event["fields"]["event_id"] in ids]
    assert set(events) == ids
    assert {event_id for _, event_id in bulk.documents} >= ids
    print(
        f"{KILLS} kills, {len(ids)} events: doubled {verdict.doubled} in the file, {len(events) - len(ids)} at the HEC"
    )


def read(agent: AgentProcess) -> int:
    """Rows read of log files, duplicates included."""
    return sum(row["read"] for row in agent.status()["read"] if row["source"] == "acme/event_log_file")
