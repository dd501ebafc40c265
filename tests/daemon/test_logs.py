"""The log: whatever a value is, no secret is in it, and on a terminal it steers nothing."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import orjson
import pytest
import structlog

from agent import __main__
from agent.config.settings import LogSettings
from agent.daemon import logs, uncaught
from agent.redaction.redaction import MARK, register

SECRET = "hunter2!hunter2!"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers, root.level, (threading.excepthook, sys.unraisablehook)
    register(SECRET)
    yield
    root.handlers = handlers
    root.setLevel(level)
    threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


def test_no_value_of_the_log_holds_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages, values, lists, objects and tracebacks, of ours and of libraries."""
    logs.set_up(LogSettings())
    log = structlog.get_logger()
    try:
        raise ValueError(f"bad header {SECRET}")
    except ValueError as error:
        log.error(f"x {SECRET}", a=SECRET, b=[{SECRET: (SECRET, 1)}], c=error, exc_info=True)
        logging.getLogger("httpx").warning("sent %s", SECRET, exc_info=True)
    lines = capsys.readouterr().err.splitlines()
    assert SECRET not in "".join(lines)
    ours, theirs = (orjson.loads(line) for line in lines)
    assert ours["event"] == f"x {MARK}"
    assert ours["b"] == [{MARK: [MARK, 1]}]
    assert f"ValueError: bad header {MARK}" in ours["exception"]
    assert theirs["event"] == f"sent {MARK}"
    assert f"ValueError: bad header {MARK}" in theirs["exception"]


def test_the_log_for_people_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape codes in a message or a value are shown."""
    logs.set_up(LogSettings(format="console"))
    structlog.get_logger().warning("x\x1b[2J", a="\x9b2J")
    text = capsys.readouterr().err
    assert "\x1b[2J" not in text
    assert "\x9b" not in text


def test_an_unexpected_end_tells_no_secret(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback of a command that breaks is redacted and printable; its exit status is 3."""

    def break_down() -> None:
        raise RuntimeError(f"\x1b[2J{SECRET}") from ValueError(SECRET)

    monkeypatch.setattr("agent.cli.app.main", break_down)
    with pytest.raises(SystemExit) as end:
        __main__.main()
    text = capsys.readouterr().err
    assert end.value.code == 3
    assert rf"RuntimeError: \x1b[2J{MARK}" in text
    assert SECRET not in text


def test_a_thread_that_breaks_tells_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Its traceback goes the same way."""

    def break_down() -> None:
        raise RuntimeError(SECRET)

    uncaught.install()
    thread = threading.Thread(target=break_down)
    thread.start()
    thread.join()
    assert f"RuntimeError: {MARK}" in capsys.readouterr().err
