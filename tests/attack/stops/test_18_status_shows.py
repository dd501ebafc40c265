"""What `leakline status` shows when there is much to show, or when a loop holds what it would count."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agent.cli.output.status import show
from agent.config.settings_files import load
from agent.daemon.daemon import Daemon
from agent.errors import LeaklineError
from agent.status_document import decode


def test_a_loop_that_holds_the_state_does_not_hold_status(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers with what is known without counting, and says that a loop hangs."""
    monkeypatch.setattr("agent.daemon.commands.STATE_WAIT", 0.1)
    daemon = Daemon(load(settings))
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with daemon.node.directory.transact():
            held.set()
            release.wait(120)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(120)
    try:
        document = daemon.commands.status()
        with pytest.raises(LeaklineError, match="has held the state"):
            daemon.commands.acknowledge("deadbeef", "somebody")
    finally:
        release.set()
        thread.join(120)
    assert document["balanced"] is None
    assert [problem["kind"] for problem in document["problems"]] == ["loop-stalled"]
    assert not decode(document).is_well
    assert "could not be counted" in shown(document)
    assert daemon.commands.status()["problems"] == []
    daemon.close()


def shown(document: dict[str, Any], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(decode(document), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_losses_come_first_and_long_reasons_are_cut(settings: Path) -> None:
    """A loss, then what ends by itself, then files left out and pauses, then tables with cells of a sane length."""
    daemon = Daemon(load(settings))
    problems = daemon.node.own_problems
    problems.report("source-failed", "acme/x", "it failed: " + "reason " * 1000)
    problems.report("rows-lost", "siem/events", "12 rows are lost")
    document = daemon.commands.status()
    daemon.close()
    paused = {"by": "spool", "since": "2026-07-01T12:00:00+00:00", "message": "the spool is full"}
    document["rules"]["problems"] = ["rules/mine.yml:3: no such field"]
    document["sources"] = [
        document["sources"][0] | {"name": "acme/a", "paused": paused},
        document["sources"][0] | {"name": "acme/b", "problem": "reason " * 1000, "resumes_at": paused["since"]},
    ]
    text = shown(document)
    marks = [
        "rows-lost",
        "source-failed",
        "rules/mine.yml:3",
        "acme/a has been paused since 2026-07-01 12:00:00 UTC",
        "newest",
    ]
    assert sorted(marks, key=text.index) == marks
    states = {line.split()[0]: line.split()[-1] for line in text.splitlines() if line.startswith("acme/")}
    assert (states["acme/a"], states["acme/b"]) == ("paused", "waiting")
    assert len(text) < 3000


def test_a_failing_source_leaves_the_table_readable(settings: Path) -> None:
    """In 80 columns its cell says that it is not read, and the first lines say why; it is not a column of syllables."""
    daemon = Daemon(load(settings))
    name = "acme-europe/event_log_file"
    daemon.node.own_problems.report("source-failed", name, f"{name} could not be read: " + "reason " * 40)
    document = daemon.commands.status()
    daemon.close()
    source = document["sources"][0] | {"lag_seconds": 9e4}
    paused = {"by": "spool", "since": "2026-07-01T12:00:00+00:00", "message": "the spool is full"}
    document["sources"] = [source | {"name": name, "problem": "reason " * 40}, source | {"paused": paused}]
    table = shown(document, width=80).split("newest")[1]
    assert "reason" not in table
    assert "not read" in " ".join(table.split())
    assert len(table.splitlines()) < 14


def test_the_id_is_in_the_command_that_is_to_be_given(settings: Path) -> None:
    """For people and programs alike, and nothing else that is written ID is changed."""
    daemon = Daemon(load(settings))
    problems = daemon.node.own_problems
    problems.report("rows-lost", "siem", "12 rows are lost")
    problems.report("source-failed", "acme/x", "it failed", fix="INVALID_SESSION_ID: sign in anew")
    document = daemon.commands.status()
    daemon.close()
    fixes = {problem["kind"]: problem for problem in document["problems"]}
    lost = fixes["rows-lost"]
    assert f"`leakline problems acknowledge {lost['id']}`" in lost["fix"]
    assert lost["fix"] in " ".join(shown(document, width=300).split())
    assert "INVALID_SESSION_ID: sign in anew" in shown(document, width=300)


def test_the_table_says_which_lane_is_stopped(settings: Path) -> None:
    """The other lane goes on, and is not said to be stopped."""
    daemon = Daemon(load(settings))
    daemon.node.own_problems.report("destination-stopped", "file", "file refused all rows of the lane events")
    document = daemon.commands.status()
    daemon.close()
    document["destinations"][0]["stopped"] = ["events"]
    rows = [line.split() for line in shown(document).splitlines() if line.startswith("file")]
    assert {row[1]: row[-1] for row in rows} == {"alerts": "ok", "events": "stopped"}
