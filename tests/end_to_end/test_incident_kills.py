"""`kill -9` at any moment while alerts open incidents, somebody changes them, and checkpoints are taken: one story is left."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.demo.org_process import DAY, simulated_org
from agent.simulator.log_files.truth import read_truth
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.forking import ForkedAgentProcess
from tests.end_to_end.incident_talker import ACKNOWLEDGED, ANCHORED, COMMENTED, AnsweredChanges, IncidentTalker
from tests.end_to_end.org_settings import document_for
from tests.notice.kept.incident_judge import KeptIncidents, SentRow, changes_of, differences, trail_findings

KILLS = int(os.environ.get("LEAKLINE_KILLS", "3"))
HOURS = min(24, max(4, KILLS))
"""Of history: nine files an hour."""
EVENT_TYPES = ("Login", "API", "URI", "Report", "ReportExport", "RestApi", "BulkApi2", "Search", "AuraRequest")
BEFORE_THE_LAST = 0.7
"""Share of all rows that is waited for before the last kill, whatever the speed of the machine."""
NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "roles": ["controller"]}
VERIFIER = Path(__file__).parents[2] / "packaging" / "verify_trail.py"

RULES = """title: Somebody works
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f101
name: somebody_works
level: low
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: [Login, URI, AuraRequest, Search]}, condition: sel}
leakline: {fold_by: [USER_ID, EVENT_TYPE]}
---
title: Somebody reads
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f102
name: somebody_reads
level: high
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: [API, RestApi, BulkApi2, Report, ReportExport]}, condition: sel}
leakline: {fold_by: [USER_ID, EVENT_TYPE]}
---
title: An address is busy
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f103
name: address_is_busy
level: critical
correlation:
  type: event_count
  rules: [somebody_works]
  group-by: [CLIENT_IP]
  timespan: 30m
  condition: {gte: 3}
  generate: true
"""


@pytest.fixture
def org(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A day of few rows in many files: what a kill meets are commits."""
    options = [*DAY, "--history", f"{HOURS}h", *(f"--event-type={name}" for name in EVENT_TYPES)]
    with simulated_org(tmp_path / "org", seed=3, rows=30_000, options=options) as facts:
        yield facts


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_kills_leave_one_story_of_every_incident(org: dict[str, str], tmp_path: Path) -> None:
    """Each alert is in the incident that it names and nowhere else, each change has its record, each answer is kept; and a run
    that nobody kills has the same incidents.
    """
    began, killed_folder = time.monotonic(), tmp_path / "killed"
    agent = ForkedAgentProcess(tmp_path, settings(org, killed_folder))
    talker = IncidentTalker(killed_folder / "state" / "control.sock")
    expected, moments = rows_of(org), random.Random(5)
    try:
        for number in range(KILLS):
            agent.start()
            goal = int(BEFORE_THE_LAST * expected * (number + 1) / KILLS)
            go_on(agent, moments.randint(goal // 2, goal))
            time.sleep(moments.random() * 0.3)  # at any moment of a commit
            agent.kill()
        agent.start()
        agent.wait_for(lambda: read_of(agent) >= expected)
    finally:
        talker.close()
    last = talker.last_word()
    agent.wait_for(
        lambda: agent.drained() and any(last in document["message"] for document in documents(killed_folder))
    )
    verify(agent, killed_folder)
    assert agent.stop() == 0
    killed = judged(killed_folder, talker.answered)
    print(f"{KILLS} kills in {time.monotonic() - began:.0f} s: {summary(killed, talker.answered)}")

    calm = ForkedAgentProcess(tmp_path / "calm", settings(org, tmp_path / "calm"))
    calm.start()
    calm.wait_for(lambda: read_of(calm) >= expected and calm.drained())
    assert calm.stop() == 0
    alone = judged(tmp_path / "calm", AnsweredChanges())
    assert {number: incident.alerts for number, incident in killed.incidents.items()} == {
        number: incident.alerts for number, incident in alone.incidents.items()
    }
    calm.close()
    agent.close()


def settings(org: dict[str, str], folder: Path) -> dict[str, Any]:
    """Rules that alert often, checkpoints all the time, and what makes clocks run."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "often.yml").write_text(RULES)
    return document_for(org, folder) | {
        "rules": {"folders": [str(folder / "rules")], "shipped": False},
        "notice": NOTICE,
        "trail": {"checkpoint_every": "200ms"},
    }


def rows_of(org: dict[str, str]) -> int:
    return read_truth(Path(org["truth in"])).filter(pl.col("interval") == "Hourly").height


def read_of(agent: AgentProcess) -> int:
    return sum(counts["read"] for counts in agent.status()["read"] if counts["source"] == "acme/event_log_file")


def go_on(agent: AgentProcess, rows: int) -> None:
    """Until so many were read in all, or a while has passed."""
    until = time.monotonic() + 6.0
    while read_of(agent) < rows and time.monotonic() < until:
        time.sleep(0.05)


def documents(folder: Path) -> list[dict[str, Any]]:
    """What the file destination has in the lane of alerts."""
    lines = [line for path in sorted((folder / "out").glob("alerts*")) for line in path.read_bytes().splitlines()]
    return [json.loads(line) for line in lines if line.endswith(b"}")]


def verify(agent: AgentProcess, folder: Path) -> None:
    """The trail by both verifiers, with the checkpoints that the destination has."""
    received = folder / "received.jsonl"
    received.write_bytes(b"".join(path.read_bytes() for path in sorted((folder / "out").glob("alerts*"))))
    leakline = [sys.executable, "-m", "agent", "trail"]
    options = ["-c", str(agent.settings)]
    for arguments in (["verify", "--checkpoints", str(received)], ["export", str(folder / "trail")]):
        done = subprocess.run([*leakline, *arguments, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    alone = [sys.executable, str(VERIFIER), str(folder / "trail"), str(received)]
    done = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def judged(folder: Path, answered: AnsweredChanges) -> KeptIncidents:
    """What the shard has in the end, which is what was sent, recorded and answered."""
    rows = [SentRow.of_document(document) for document in documents(folder)]
    with opened(folder / "state") as directory:
        kept = KeptIncidents.of(directory.shard("acme"))
        assert trail_findings({name: directory.shard(name) for name in (keys.PROCESS, "acme")}) == []
    assert differences(rows, kept) == []
    assert len(kept.incidents) > 10
    comments = {comment.text: number for number, incident in kept.incidents.items() for comment in incident.comments}
    assert answered.comments.items() <= comments.items()
    assert changes_of(kept, COMMENTED) == Counter(comments.values())
    assert answered.anchored <= {number for number, incident in kept.incidents.items() if "aware" in incident.anchors}
    assert answered.acknowledged <= {number for number, incident in kept.incidents.items() if incident.is_acknowledged}
    sent = {row.id: (row.action, row.incident) for row in rows}
    for action in (COMMENTED, ANCHORED, ACKNOWLEDGED):
        told = Counter(number for acted, number in sent.values() if acted == action)
        assert told == changes_of(kept, action)
    return kept


@contextmanager
def opened(state: Path) -> Iterator[StateDirectory]:
    directory = StateDirectory(state)
    try:
        yield directory
    finally:
        directory.close()


def summary(kept: KeptIncidents, answered: AnsweredChanges) -> str:
    alerts = sum(incident.alerts for incident in kept.incidents.values())
    words = sum(incident.revisions for incident in kept.incidents.values())
    return (
        f"{alerts} alerts and {words} later words in {len(kept.incidents)} incidents, {len(kept.records)} records; "
        f"{len(answered.comments)} comments, {len(answered.anchored)} incidents anchored and "
        f"{answered.checkpoints} checkpoints answered, {answered.unanswered} requests not"
    )
