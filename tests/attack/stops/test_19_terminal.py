"""What others say, on a terminal: brackets and escape codes in reasons are shown, and do nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.check import findings_output
from agent.cli.app import app
from agent.cli.output.console import err, out
from agent.cli.output.status import show
from agent.config.settings import Settings, parse
from agent.daemon import status
from agent.model import Finding, Rejection
from agent.status_document import OrgStatus, SourceStatus
from agent.store.dead_letters import DeadLetters, letters_of_rejections
from tests.destinations.http_server import HttpServer, Reply
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW
from tests.store.one_shard import OneShard

HOSTILE = "status 400: [/red] [red]failed[/] [500] \x1b[2J\x1b]0;owned\x07 \x9b2J \u202eexe.txt \u2066x\u2069 \u200b"
SEEN = r"status 400: [/red] [red]failed[/] [500] \x1b[2J\x1b]0;owned\x07 \x9b2J \u202eexe.txt \u2066x\u2069 \u200b"
ACTIVE = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u2069", "\u200b")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    for console in (out, err):
        monkeypatch.setattr(console, "_width", 400)


def assert_harmless(text: str) -> None:
    assert not [letter for letter in ACTIVE if letter in text]


def settings_with(tmp_path: Path, reason: str) -> Settings:
    """Settings whose state has a dead letter with this reason."""
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"file": "/run/x"}}
    document: dict[str, Any] = {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
    }
    state = OneShard(tmp_path / "state")
    letters = DeadLetters(state)
    rejection = Rejection("00D000000000001AAA", "event_log_file", "Login", "a.csv", 1, reason, b"x")
    file = letters.write(letters_of_rejections([rejection], NOW))
    with state.transact() as transaction:
        letters.name(transaction, file)
    state.close()
    (tmp_path / "leakline.yaml").write_text(yaml.safe_dump(document))
    return parse(document)


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("reason", ["[/] [/red]", "[red]x[/red]", HOSTILE], ids=["closed", "styled", "codes"])
def test_a_reason_in_brackets_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str) -> None:
    """`dead-letters list` shows every reason whole, whatever is in it."""
    settings_with(tmp_path, reason)
    assert app(["dead-letters", "list", "-c", str(tmp_path / "leakline.yaml")], standalone_mode=False) == 1
    text = capsys.readouterr().out
    assert_harmless(text)
    assert (SEEN if reason == HOSTILE else reason) in text


@pytest.mark.usefixtures("wide")
def test_status_shows_what_is_said_and_does_not_obey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Problems, names and states of sources and destinations."""
    document = status.document(settings_with(tmp_path, "x"))
    problem = replace(document.problems[0], kind="source-failed", message=f"{HOSTILE}\nok all is well", fix=HOSTILE)
    org = OrgStatus(HOSTILE, 0, 0, True, {}, (), problem=HOSTILE)
    source = SourceStatus(HOSTILE, HOSTILE, 1.0, None, None, None)
    show(replace(document, running=True, problems=[problem], orgs=[org], sources=[source]), out)
    text = capsys.readouterr().out
    assert_harmless(text)
    assert text.count(SEEN) >= 4
    assert not [line for line in text.splitlines() if line.startswith("ok all is well")]


@pytest.mark.usefixtures("wide")
def test_check_shows_what_is_said_and_does_not_obey(capsys: pytest.CaptureFixture[str]) -> None:
    """Findings hold what orgs and destinations answer."""
    findings_output.show([Finding(HOSTILE, False, HOSTILE, HOSTILE)], out, as_json=False)
    text = capsys.readouterr().out
    assert_harmless(text)
    assert text.count(SEEN) == 3


@pytest.mark.attack
def test_an_error_is_shown_as_it_is(tmp_path: Path) -> None:
    """A file name with escape codes, in the error of a command."""
    name = "a\x1b[2J[red]\u202e.csv"
    command = [sys.executable, "-m", "agent", "normalize", str(tmp_path / name)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert_harmless(ended.stderr)
    assert r"a\x1b[2J[red]\u202e.csv" in ended.stderr


@pytest.mark.attack
def test_rules_lint_shows_file_names_as_they_are(tmp_path: Path) -> None:
    """A folder of rules from elsewhere has names that others chose."""
    (tmp_path / "a\x1b[2J[red]\u202e.yml").write_text("title: x\n")
    command = [sys.executable, "-m", "agent", "rules", "lint", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_harmless(ended.stdout + ended.stderr)
    assert r"a\x1b[2J[red]\u202e.yml" in ended.stdout


@pytest.mark.attack
def test_a_daemon_that_fails_is_shown_harmlessly(document: dict[str, Any], tmp_path: Path) -> None:
    """`status` and `problems list` of a real daemon whose destination answers with escape codes and brackets."""
    elastic = HttpServer(lambda _: Reply.json(503, {"error": {"type": HOSTILE}}))
    document["destinations"].append({"type": "elastic", "name": "siem", "url": elastic.url})
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        agent.wait_for(lambda: any(p["kind"] == "destination-unavailable" for p in agent.status()["problems"]))
        for command in (["status"], ["problems", "list"]):
            ended = subprocess.run(
                [sys.executable, "-m", "agent", *command, "-c", str(agent.settings)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 1
            assert_harmless(ended.stdout + ended.stderr)
            assert r"[red]failed[/] [500] \x1b[2J" in ended.stdout
    finally:
        agent.stop()
        elastic.stop()
