"""A canary in every place where a secret can stand, and others that repeat all they get: it is found nowhere."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.cli.app import app
from agent.config.settings_files import load
from agent.daemon import logs
from agent.daemon.daemon import Daemon
from tests.attack.hostile.echoes import CANARIES, Echoes, found_in, found_under
from tests.end_to_end.agent_process import AgentProcess

PATIENCE = 120.0
"""Seconds until a test gives up waiting; never a measure of speed."""

BREAKS = """
import sys, threading
from pathlib import Path
from agent import __main__
from agent.cli import app
from agent.config.settings_files import load

def break_down():
    secret = load(Path(sys.argv[1])).destinations[1].token.read()
    def in_a_thread():
        raise ValueError("thread: " + secret)
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    raise RuntimeError("main: " + secret)

app.main = break_down
__main__.main()
"""


@pytest.fixture
def echoes(tmp_path: Path) -> Iterator[Echoes]:
    with ExitStack() as stack:
        yield Echoes(tmp_path, stack)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def has_happened(document: dict[str, Any]) -> bool:
    """Whether every source and destination has failed in its way, and the healthy one got everything about it."""
    failed = {problem["subject"] for problem in document["problems"]}
    lanes = {destination["name"]: destination["lanes"]["alerts"] for destination in document["destinations"]}
    refused = all(lanes[name]["dead_lettered"] for name in ("hec", "bulk-key", "bulk-basic", "bulk-bearer"))
    sources = {f"{org}/event_log_file" for org in ("client", "refresh", "signed", "proxied")}
    return refused and failed >= {*sources, "hec-proxied", "syslog"} and lanes["file"]["acknowledged"] >= len(sources)


def assert_repeated(echoes: Echoes) -> None:
    """All canaries that are sent were sent, so that they could be repeated."""
    seen = "\n".join(echoes.seen)
    never_sent = {"rotated refresh token", "HEC token behind a proxy"}
    assert {name for name, secret in CANARIES.items() if secret not in seen} - never_sent == set()
    assert echoes.assertions


def assert_found_nowhere(echoes: Echoes, texts: dict[str, str]) -> None:
    """Neither in the texts nor in the state nor in the healthy output; in each something was redacted."""
    assert_repeated(echoes)
    secrets = echoes.secrets()
    texts["output"] = "".join(path.read_text() for path in (echoes.folder / "out").iterdir())
    leaks = found_under(echoes.folder / "state", secrets)
    for where, text in texts.items():
        leaks += found_in(where, text.encode(), secrets)
    assert leaks == []
    assert {where for where, text in texts.items() if "[redacted]" not in text} <= {"metrics"}


@pytest.mark.usefixtures("logging_as_it_was")
def test_what_others_repeat_is_found_nowhere(echoes: Echoes, capsys: pytest.CaptureFixture[str]) -> None:
    """In one process: not in the log, the state, the healthy output, `status`, `check` and `dead-letters`."""
    path = echoes.write(log={"level": "debug"}, rules={"shipped": False})
    settings = load(path)
    logs.set_up(settings.log)
    daemon = Daemon(settings)
    threads = daemon.start_forwarding()
    try:
        until = time.monotonic() + PATIENCE
        while not has_happened(daemon.commands.status()):
            assert time.monotonic() < until, capsys.readouterr().err[-3000:]
            for reading in daemon.readings.by_shard.values():
                for polled in reading.polled:
                    polled.resumes = None
                    reading.polling.poll(polled)
        document = repr(daemon.commands.status())
    finally:
        daemon.stop.set()
        for thread in threads:
            thread.join()
        daemon.close()
    for command in (
        ["check"],
        ["check", "--json"],
        ["dead-letters", "list"],
        ["dead-letters", "show", "client/0"],
        ["status"],
    ):
        app([*command, "-c", str(path)], standalone_mode=False)
    shown = capsys.readouterr()
    assert_found_nowhere(echoes, {"status": document, "stdout": shown.out, "log": shown.err})


@pytest.mark.attack
def test_a_daemon_and_every_command_keep_the_secrets(echoes: Echoes) -> None:
    """With real processes: the log, the metrics and the tracebacks, too."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    agent = AgentProcess(echoes.folder, echoes.document(log={"level": "debug"}, metrics={"port": port}))
    agent.start()
    texts = {}
    try:
        agent.wait_for(lambda: has_happened(agent.status()))
        for command in (["status"], ["status", "--json"], ["problems", "list"], ["check"], ["check", "--json"]):
            texts[" ".join(command)] = said_by(agent, *command)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            texts["metrics"] = answer.read().decode()
    finally:
        agent.stop()
    for command in (
        ["dead-letters", "list"],
        ["dead-letters", "list", "--json"],
        ["dead-letters", "show", "client/0"],
        ["status"],
    ):
        texts[" ".join(command) + ", stopped"] = said_by(agent, *command)
    broken = subprocess.run([sys.executable, "-c", BREAKS, agent.settings], capture_output=True, text=True, check=False)
    assert broken.returncode == 3
    assert "ValueError: thread: " in broken.stderr
    assert "RuntimeError: main: " in broken.stderr
    assert_found_nowhere(echoes, {**texts, "traceback": broken.stderr, "log": agent.log.read_text()})


def said_by(agent: AgentProcess, *command: str) -> str:
    """Both streams of a command."""
    line = [sys.executable, "-m", "agent", *command, "-c", str(agent.settings)]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 1), ended.stderr
    return ended.stdout + ended.stderr
