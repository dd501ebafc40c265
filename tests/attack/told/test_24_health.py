"""`/healthz` and `/readyz` beside the metrics: what each says, and when."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.health import STOP_WORK, Health
from agent.daemon.liveness import Liveness
from agent.network.listener import Listener
from agent.pipeline import pass_faults
from agent.pipeline.poison_rows import poison_limit
from agent.problem import Problem
from agent.problem_kinds import KINDS
from tests.end_to_end.agent_process import PATIENCE, AgentProcess
from tests.pipeline.fakes import NOW


@dataclass
class HealthInputs:
    """What the three answers are made of."""

    ailing: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Of the org acme."""
    has_read: set[str] = field(default_factory=lambda: {"acme", "other"})
    port: int = 0

    def ask(self, path: str, method: str = "GET") -> tuple[int, str, Any]:
        """Status, content type, and the document (text where it is none)."""
        return ask(self.port, path, method)


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read().decode()
        kind = answer.headers["content-type"]
    return answer.status, kind, json.loads(text) if text and kind == "application/json" else text


@pytest.fixture
def daemon() -> Iterator[HealthInputs]:
    daemon = HealthInputs()
    health = Health(
        lambda: daemon.ailing,
        lambda: [("acme", problem) for problem in daemon.problems],
        ["acme", "other"],
        lambda org: org in daemon.has_read,
    )
    listener = Listener("metrics", health, "127.0.0.1", 0)
    listener.open()
    daemon.port = listener.port
    yield daemon
    listener.close()


def problem(kind: str) -> Problem:
    return Problem(kind, "acme/event_log_file", NOW, "said with \x1b[31mwords from outside", "")


def test_healthz_says_whether_the_process_works(daemon: HealthInputs) -> None:
    """200 while it does; 503 with the reasons when a thread has ended or a loop hangs."""
    assert daemon.ask("/healthz") == (200, "application/json", {"well": True, "reasons": []})
    daemon.ailing = ["the thread 'trim' has ended"]
    assert daemon.ask("/healthz") == (503, "application/json", {"well": False, "reasons": daemon.ailing})


def test_healthz_is_what_feeds_the_watchdog() -> None:
    """One answer for both: a loop that hangs and a late watch are reasons, and said once in the log."""
    liveness = Liveness(lambda: {"tell": "tell has made no progress for 11 minutes"})
    liveness.watch_is_late = lambda: True
    assert liveness.ailing() == [
        "the watch hangs: another thread may hold the state",
        "tell has made no progress for 11 minutes",
    ]
    assert not liveness.is_well()


@pytest.mark.parametrize("kind", sorted(STOP_WORK))
def test_readyz_names_what_keeps_it_from_reading_or_delivering(daemon: HealthInputs, kind: str) -> None:
    """503 with kind, subject and id, and without any text that came from outside."""
    daemon.problems = [problem(kind)]
    status, _, document = daemon.ask("/readyz")
    assert status == 503
    assert document["problems"] == [
        {
            "id": daemon.problems[0].id,
            "kind": kind,
            "subject": "acme/event_log_file",
            "org": "acme",
            "since": NOW.isoformat(),
        }
    ]


def test_readyz_of_an_org_is_not_about_another(daemon: HealthInputs) -> None:
    """One org's trouble makes the whole not ready, and that org, and leaves the other one ready; an unknown org is 404."""
    daemon.problems = [problem("source-failed")]
    assert [daemon.ask(path)[0] for path in ("/readyz", "/readyz/acme", "/readyz/other")] == [503, 503, 200]
    daemon.problems, daemon.has_read = [], {"acme"}
    assert [daemon.ask(path)[0] for path in ("/readyz", "/readyz/acme", "/readyz/other")] == [503, 200, 503]
    assert daemon.ask("/readyz")[2]["unread"] == ["other"]
    assert daemon.ask("/readyz/nobody")[0] == 404


def test_readyz_is_200_once_it_has_read(daemon: HealthInputs) -> None:
    """Not before the first poll; problems that stop nothing do not count."""
    daemon.problems = [problem(kind) for kind in KINDS if kind not in STOP_WORK]
    assert daemon.ask("/readyz")[0] == 200
    daemon.has_read = set()
    assert daemon.ask("/readyz")[::2] == (
        503,
        {"ready": False, "has_read": False, "unread": ["acme", "other"], "problems": []},
    )


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"], ids=["metrics", "healthz", "readyz"])
def test_only_get_and_head_are_answered(daemon: HealthInputs, path: str) -> None:
    """HEAD is GET without the body; anything else is refused."""
    status, kind, text = daemon.ask(path, "HEAD")
    assert (status, text) == (200, "")
    assert kind == daemon.ask(path)[1]
    assert daemon.ask(path, "POST")[0] == daemon.ask(path, "DELETE")[0] == 405


def test_what_there_is_not_is_404(daemon: HealthInputs) -> None:
    """And the answer says what there is."""
    status, _, text = daemon.ask("/")
    assert status == 404
    assert "/metrics, /healthz, /readyz and /readyz/ORG" in text


def test_every_kind_that_stops_work_is_a_kind() -> None:
    """A name with a slip in it would never be seen."""
    assert set(KINDS) >= STOP_WORK


@pytest.mark.parametrize("kind", [pass_faults.KIND, poison_limit.KIND])
def test_readyz_is_503_while_a_fault_of_ours_stops_an_org(daemon: HealthInputs, kind: str) -> None:
    """Such a fault does not end the process, whose restarts would show it."""
    daemon.problems = [problem(kind)]
    assert daemon.ask("/readyz/acme")[0] == 503


@pytest.mark.attack
def test_a_running_daemon_becomes_ready_and_says_when_an_org_refuses(document: dict[str, Any], tmp_path: Path) -> None:
    """Healthy and not ready while the secret is wrong; ready once it has read."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    document["metrics"] = {"port": port}
    document["orgs"][0]["sources"][0]["event_types"] = ["Login"]
    right = document["orgs"][0]["auth"]["client_secret"]
    (tmp_path / "secret").write_text("wrong")
    document["orgs"][0]["auth"]["client_secret"] = {"file": str(tmp_path / "secret")}
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.wait_for(lambda: ask(port, "/readyz")[2]["problems"])
    assert ask(port, "/readyz")[0] == 503
    assert ask(port, "/healthz")[0] == 200
    assert agent.stop() == 0

    document["orgs"][0]["auth"]["client_secret"] = right
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.wait_for(lambda: ask(port, "/readyz")[0] == 200)
    assert agent.stop() == 0
