"""The commands as a newcomer types them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from agent.store.problems import Problems
from tests.end_to_end.agent_process import PATIENCE, AgentProcess
from tests.store.one_shard import OneShard

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "tests" / "golden" / "ApexCallout.csv"


def leakline(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_normalize_prints_ecs_documents() -> None:
    """A log file becomes a JSON document a line on standard output, and nothing else."""
    done = leakline("normalize", SAMPLE, "--event-type", "ApexCallout")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(documents) == len(SAMPLE.read_text().splitlines()) - 1
    assert {document["event"]["provider"] for document in documents} == {"ApexCallout"}
    assert all(document["ecs"]["version"] == "9.4.0" for document in documents)


def test_normalize_prints_cef_lines() -> None:
    """With `--format cef` each row is a CEF line."""
    done = leakline("normalize", SAMPLE, "--format", "cef")
    assert done.stdout
    assert all(line.startswith("CEF:0|Salesforce|Event Monitoring|") for line in done.stdout.splitlines())


def test_normalize_tells_malformed_rows_and_goes_on(tmp_path: Path) -> None:
    """A short row is told with file, row and reason; the others are printed; the exit status is 1."""
    header, first, *following = SAMPLE.read_text().splitlines()
    path = tmp_path / "ApexCallout.csv"
    path.write_text("\n".join([header, first, '"ApexCallout","too short"', *following]) + "\n")
    done = leakline("normalize", path)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == len(following) + 1
    assert f"{path}: row 2:" in done.stderr


def test_wrong_usage_and_wrong_configuration_have_their_own_status(tmp_path: Path) -> None:
    """2 for usage, 78 for configuration, 3 for a file that cannot be read."""
    assert leakline("normalize", SAMPLE, "--format", "xml").returncode == 2
    assert leakline("normalize", tmp_path / "none.csv").returncode == 3
    assert leakline("status", "-c", tmp_path / "none.yaml").returncode == 78


def test_commands_for_people_do_not_log(tmp_path: Path) -> None:
    """What `problems acknowledge` does without a daemon is a sentence; the register's own log lines are not shown."""
    state = OneShard(tmp_path / "state")
    problems = Problems(state, lambda: datetime.now(UTC))
    problems.report("rows-lost", "siem", "12 rows are lost")
    (problem,) = problems.open()
    state.close()
    settings = tmp_path / "leakline.yaml"
    settings.write_text(
        "orgs: [{name: a, url: 'https://a.my.salesforce.com', auth: {type: client_credentials, client_id: x, "
        f"client_secret: {{env: X}}}}}}]\ndestinations: [{{type: file, directory: {tmp_path}/out}}]\n"
        f"state: {{directory: {tmp_path}/state}}\n"
    )
    done = leakline("problems", "acknowledge", problem.id, "-c", settings)
    assert (done.stdout, done.stderr) == ("acknowledged: 12 rows are lost\n", "")


def test_rules_commands_agree_with_the_pack() -> None:
    """The shipped rules have no errors and hold their samples; all are listed but those that only feed others."""
    assert leakline("rules", "lint").returncode == 0
    assert leakline("rules", "test").returncode == 0
    listed = [json.loads(line)["id"] for line in leakline("rules", "list", "--json").stdout.splitlines()]
    assert len(listed) == len(set(listed))
    files = sorted((ROOT / "rules").rglob("*.yml"))
    documents = [document for file in files for document in yaml.safe_load_all(file.read_text()) if document]
    parts = [document.get("correlation") or document.get("baseline") or {} for document in documents]
    feeding = {name for part in parts for name in part.get("rules", ())}
    alone = {document["id"] for document in documents if document["name"] not in feeding}
    assert alone <= set(listed) <= {document["id"] for document in documents}
    assert len(listed) < len(documents)  # and there are such


def test_a_wrong_rule_is_one_finding_with_its_line(tmp_path: Path) -> None:
    """`rules lint --json` prints file, line, severity and message."""
    (tmp_path / "wrong.yml").write_text(
        "title: Wrong\nlogsource:\n  product: salesforce\ndetection:\n  sel:\n    A|nosuch: 1\n  condition: sel\n"
    )
    done = leakline("rules", "lint", tmp_path, "--json")
    errors = [finding for finding in map(json.loads, done.stdout.splitlines()) if finding["severity"] == "error"]
    assert done.returncode == 1
    assert errors[0]["file"].endswith("wrong.yml")
    assert errors[0]["line"] == 6


def test_the_daemon_reloads_rules_and_stops_when_told(document: dict[str, Any], tmp_path: Path) -> None:
    """SIGHUP takes a new rule, keeps going over a wrong one, and SIGTERM ends with status 0."""
    rules = tmp_path / "rules"
    rules.mkdir()
    document["rules"] = {"folders": [str(rules)]}
    agent = AgentProcess(tmp_path, document)
    agent.start()
    before = agent.status()["rules"]["loaded"]
    rule = {
        "title": "A sign-in",
        "id": "6f1b4d7e-2a55-4c39-9a0e-7f0f3c1d2e4b",
        "logsource": {"product": "salesforce", "service": "event_log_file"},
        "detection": {"sel": {"EVENT_TYPE": "Login"}, "condition": "sel"},
    }
    (rules / "mine.yml").write_text(yaml.safe_dump(rule))
    (rules / "wrong.yml").write_text("title: [")
    agent.tell(signal.SIGHUP)
    agent.wait_for(lambda: agent.status()["rules"]["loaded"] == before + 1)
    assert any("wrong.yml" in problem for problem in agent.status()["rules"]["problems"])
    assert agent.stop() == 0


def test_a_second_daemon_on_one_state_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    """It fails at once and names the process that holds the state."""
    agent = AgentProcess(tmp_path, document)
    agent.start()
    done = leakline("run", "-c", agent.settings)
    assert done.returncode == 3
    assert "is held by process" in done.stderr
    assert agent.stop() == 0


def test_metrics_are_served_where_the_settings_say(document: dict[str, Any], tmp_path: Path) -> None:
    """Prometheus finds every metric with its help text on the port that was named."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    document["metrics"] = {"port": port}
    agent = AgentProcess(tmp_path, document)
    agent.start()
    url = f"http://127.0.0.1:{port}/metrics"
    agent.wait_for(lambda: b"leakline_rows_read_total{" in urllib.request.urlopen(url).read())
    assert agent.stop() == 0


def test_an_org_that_refuses_is_told_and_tried_again(document: dict[str, Any], tmp_path: Path) -> None:
    """A wrong secret does not end the daemon: status says what is wrong, and an own event says so too."""
    (tmp_path / "secret").write_text("wrong")
    document["orgs"][0]["auth"]["client_secret"] = {"file": str(tmp_path / "secret")}
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.wait_for(lambda: agent.status()["sources"][0]["problem"])
    sent = tmp_path / "out" / "alerts.ndjson"
    agent.wait_for(lambda: sent.exists() and b"source-failed" in sent.read_bytes() and agent.drained())
    events = map(json.loads, sent.read_text().splitlines())
    further = ("settings-baseline", "trail-checkpoint", "incident-opened", "incident-grew", "incident-raised")
    own, *alerts = (event for event in events if event["event"]["action"] not in further)
    assert all(alert["rule"]["category"] == "synchronisation" for alert in alerts)
    assert own["event"]["action"] == "source-failed"
    assert own["event"]["kind"] == "pipeline_error"
    assert agent.stop() == 0
