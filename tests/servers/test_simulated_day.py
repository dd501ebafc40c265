"""A simulated day through the whole agent to real servers, and a judge at each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.demo.org_process import DAY, simulated_org
from agent.demo.verdict import judge as judge_by_truth
from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.formats import ecs
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.simulator.log_files.truth import read_truth
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.org_settings import document_for
from tests.servers.judge import judge
from tests.servers.opensearch_server import OpenSearch
from tests.servers.rsyslog import Rsyslog
from tests.servers.tenzir import TenzirBulk, TenzirHec

ROWS = 9_000
PART_OF_A_DAY = (*DAY, "--history=8h")
"""A third of the day: as many rows and all event types, in a third of the files. What takes time is the number of files."""
LONGEST_MESSAGE = 60_000
"""What the rsyslog of the tests is sent at most; the org's longest rows exceed it and are kept as dead letters."""


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=11, rows=ROWS, options=PART_OF_A_DAY) as facts:
        yield facts


@pytest.mark.server
@pytest.mark.timeout(900)
def test_every_event_is_at_every_server(
    org: dict[str, str], tmp_path: Path, tenzir_hec: TenzirHec, tenzir_bulk: TenzirBulk, opensearch: OpenSearch
) -> None:
    """HEC, `_bulk`, OpenSearch and rsyslog over TCP and TLS all hold exactly what the file destination wrote."""
    install_template(opensearch)
    with ExitStack() as started:
        tcp, tls = Rsyslog(tmp_path / "tcp"), Rsyslog(tmp_path / "tls")
        started.callback(tcp.stop)
        started.callback(tls.stop)
        servers: dict[str, tuple[Any, dict[str, Any]]] = {
            "hec": (tenzir_hec, tenzir_hec.settings),
            "bulk": (tenzir_bulk, tenzir_bulk.settings),
            "opensearch": (opensearch, {**opensearch.settings, "namespace": "day"}),
            "tcp": (tcp, tcp.settings("tcp", format="ecs", max_row_bytes=LONGEST_MESSAGE)),
            "tls": (tls, tls.settings("tls", format="ecs", max_row_bytes=LONGEST_MESSAGE)),
        }
        document = document_for(org, tmp_path)
        document["destinations"] += [{**settings, "name": name} for name, (_, settings) in servers.items()]
        watch(AgentProcess(tmp_path, document), org)
        sent = written(tmp_path / "out")
        assert_equals_truth(org, tmp_path / "out")
        for name, (server, _) in servers.items():
            expected = {
                i: line for i, line in sent.items() if name not in ("tcp", "tls") or len(line) <= LONGEST_MESSAGE - 500
            }
            found = judge(expected, arrived(name, server, expected))
            assert found.complete, f"{name}: {found}"
            assert not found.duplicate or name in ("tcp", "tls"), f"{name}: {found}"
            print(f"{name}: {len(expected)} events, {found}")


def install_template(opensearch: OpenSearch) -> None:
    settings = ElasticSettings.model_validate(opensearch.admin_settings)
    destination = Elastic(settings, ecs.encode_to_send, now=lambda: datetime.now(UTC))
    destination.install_template()
    destination.close()


def watch(agent: AgentProcess, org: dict[str, str]) -> None:
    """Run the agent until everything the org has is delivered."""
    total = read_truth(Path(org["truth in"])).height
    agent.start()
    agent.wait_for(lambda: sum(row["read"] for row in agent.status()["read"]) >= total and agent.drained())
    assert agent.status()["balanced"]
    assert agent.stop() == 0


def written(folder: Path) -> dict[str, str]:
    """Event id to line, of everything in the file destination's folder."""
    lines = [line for path in folder.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    return {orjson.loads(line)["event"]["id"]: line.decode() for line in lines}


def assert_equals_truth(org: dict[str, str], folder: Path) -> None:
    mappings, _ = load_mappings([shipped("mappings")])
    verdict = judge_by_truth(Path(org["truth in"]), sorted(folder.glob("events*")), [], Normalizer(mappings))
    assert (verdict.lost, verdict.doubled, verdict.altered) == (0, 0, 0)


def arrived(name: str, server: Any, expected: dict[str, str]) -> list[tuple[str, str]]:
    documents = server.documents("logs-*-day") if name == "opensearch" else server.documents()
    return [(event_id, line) for event_id, line in documents if event_id in expected or name not in ("tcp", "tls")]
