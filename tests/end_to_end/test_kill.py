"""`kill -9` at any moment loses nothing, of none of the orgs."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.forking import ForkedAgentProcess
from tests.end_to_end.three_orgs import document_for_all, hourly_rows, ids_in, judge_each, three_orgs

KILLS = int(os.environ.get("LEAKLINE_KILLS", "3"))
"""How often `make test` kills; .ci/run asks for 50."""
HOURS = max(3, KILLS // 4)
"""Of history: six files for each kill, on average."""
BEFORE_THE_LAST = 0.5
"""Share of all rows that is waited for before the last kill, whatever the speed of the machine; more is read meanwhile."""

Orgs = Mapping[str, dict[str, str]]


@pytest.fixture
def orgs(tmp_path: Path) -> Iterator[Orgs]:
    """What each of three orgs says of itself, by its name in the settings."""
    with three_orgs(tmp_path / "orgs", hours=HOURS, rows=12_000) as facts:
        yield facts


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_is_lost_and_duplicates_share_their_id(orgs: Orgs, tmp_path: Path) -> None:
    """After many kills during ingest and delivery every org's events are at every destination, and only once by their id."""
    hec, bulk = HecServer(), BulkServer()
    with ExitStack() as servers:
        splunk, elastic = HttpServer(hec), HttpServer(bulk)
        servers.callback(splunk.stop)
        servers.callback(elastic.stop)
        agent = ForkedAgentProcess(tmp_path, settings(orgs, tmp_path, splunk.url, elastic.url))
        servers.callback(agent.close)
        expected = {name: hourly_rows(org) for name, org in orgs.items()}
        share, moments = int(2 * BEFORE_THE_LAST * sum(expected.values()) / KILLS), random.Random(5)
        for _ in range(KILLS):
            agent.start()
            go_on(agent, moments.randint(0, share), sum(expected.values()))
            time.sleep(moments.random() * 0.2)  # at any moment of a batch
            agent.kill()
        agent.start()
        early = sum(read_of_each(agent).values())
        agent.wait_for(lambda: read_of_each(agent) == expected and agent.drained())
        status = agent.status()
        assert agent.stop() == 0
    assert status["balanced"]
    for name in orgs:
        assert_balanced(status, name)

    files = sorted((tmp_path / "out").glob("events*"))
    verdicts = judge_each(orgs, files, tmp_path / "by org")
    assert {name: (verdict.lost, verdict.altered) for name, verdict in verdicts.items()} == dict.fromkeys(orgs, (0, 0))

    at_hec = [event["fields"]["event_id"] for event in hec.events]
    at_bulk = {event_id for _, event_id in bulk.documents}
    for name, org in orgs.items():
        ids = ids_in(tmp_path / "by org" / f"{org['organization id']}.ndjson")
        assert len(ids) == verdicts[name].expected
        assert ids <= set(at_hec)
        assert ids <= at_bulk
        sent = sum(event_id in ids for event_id in at_hec)
        print(f"{name}: {len(ids)} events, doubled {verdicts[name].doubled} in the file, {sent - len(ids)} at the HEC")
    print(f"{KILLS} kills; {early} of {sum(expected.values())} rows had been read soon after the last")


def settings(orgs: Orgs, folder: Path, splunk: str, elastic: str) -> dict[str, Any]:
    """All orgs, a file destination, and both servers."""
    (folder / "token").write_text(TOKEN)
    (folder / "password").write_text(PASSWORD)
    document = document_for_all(orgs, folder)
    document["destinations"] += [
        {"type": "splunk", "url": splunk, "token": {"file": str(folder / "token")}},
        {"type": "elastic", "url": elastic, "username": USER, "password": {"file": str(folder / "password")}},
    ]
    return document


def go_on(agent: AgentProcess, rows: int, most: int) -> None:
    """Until so many more are read, or all there are."""
    before = sum(read_of_each(agent).values())
    agent.wait_for(lambda: sum(read_of_each(agent).values()) >= min(before + rows, most))


def read_of_each(agent: AgentProcess) -> dict[str, int]:
    """By the org's name, the rows read of its log files, duplicates included."""
    rows: dict[str, int] = {}
    for counts in agent.status()["read"]:
        org, _, kind = counts["source"].partition("/")
        if kind == "event_log_file":
            rows[org] = rows.get(org, 0) + counts["read"]
    return rows


def assert_balanced(status: dict[str, Any], org: str) -> None:
    """Of this org alone: what was read is what was spooled, known before, or refused."""
    counted = [counts for counts in status["read"] if counts["source"].startswith(f"{org}/")]
    assert counted
    for counts in counted:
        assert counts["read"] == counts["duplicate"] + counts["malformed"] + counts["spooled"], counts
