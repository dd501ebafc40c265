"""The end of the process in time, whatever hangs: systemd must never have to kill it.

What bounds each wait once the daemon is asked to stop:

- a poll, a look-up, a download, a repair: its session is closed after `POLLS_END_WITHIN`, which cuts what it waits for;
- a send to a SIEM that does not answer: the destination's `timeout` (60 s unless set, for syslog 30 s), and then no further
  chunk is sent; a pause between attempts ends at once;
- a control request in hand: `control.server.COMMANDS_END_WITHIN`; a request that does not come in holds up nothing;
- the listener of metrics: 1 s for answers in hand, 5 s for its thread;
- everything else, and a timeout that is set higher: `STOP_WITHIN`, after which the process exits.

Exiting with threads in mid-work is safe, because a kill at any moment is: a transaction that has not committed is rolled
back by SQLite at the next start, a batch file that no transaction names is removed there, and rows whose acceptance is
not noted are sent again with the same ids. What must not be done is to close the database under a thread that uses it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self

import orjson
import structlog

from agent import stacks
from agent.sources.salesforce.session import Session
from agent.store.problems import Problems

log = structlog.get_logger()

POLLS_END_WITHIN = 3.0
"""Seconds; a batch in hand looks up its users first. Then what still waits for an org, or reads on in a file, is cut off."""
STOP_WITHIN = 75.0
"""Seconds from being asked to stop to the end of the process. More than a destination's default `timeout`, so that what is
being sent is still noted; less than TimeoutStopSec of packaging/leakline.service, so that the log says what hung."""
LOG_WITHIN = 5.0
"""Seconds for the last lines; whoever reads the log may hang too."""

MARK = "stopped-late.json"
"""In the state directory: that the last run did not stop in time, until the next one has said so."""


class ShutdownDeadline:
    """Around all that is done between the start and the end of a daemon. Its thread is a daemon, which holds up nothing."""

    def __init__(self, stop: threading.Event, missed: Callable[[], None], seconds: float = STOP_WITHIN) -> None:
        """`missed` is called `seconds` after `stop` was set, unless this has been left by then; in a thread of its own, for
        the main thread may be what hangs.
        """
        self._stop = stop
        self._missed = missed
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="shutdown deadline", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._stop.set()  # whatever ended it: nobody waits for an order to stop any more

    def join(self, seconds: float) -> None:
        """Wait until nothing can miss it any more."""
        self._thread.join(seconds)

    def _watch(self) -> None:
        self._stop.wait()
        if not self._ended.wait(self._seconds):
            self._missed()


@contextmanager
def polls_end_in_time(sessions: Collection[Session], seconds: float = POLLS_END_WITHIN) -> Iterator[None]:
    """Around the wait for whatever may be asking an org."""

    def close() -> None:
        for session in sessions:
            session.close()

    timer = threading.Timer(seconds, close)
    timer.daemon = True  # the end of the process does not wait for it
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def exit_late(state: Path, status: int, now: datetime) -> None:
    """End the process with `status`: the log names the threads that hang, with the stacks of all, and the state directory
    keeps a mark for the next start. Does not return.
    """
    threads = late_threads()
    _leave_mark(state, threads, now)
    writer = threading.Thread(target=_log, args=(threads,), name="last words", daemon=True)
    with suppress(RuntimeError):  # no thread to be had: then without words
        writer.start()
        writer.join(LOG_WITHIN)
    os._exit(status)


def late_threads() -> list[str]:
    """Names of the threads that the end of the process would wait for, the main thread aside, with where they are."""
    waited_for = [thread for thread in threading.enumerate() if not thread.daemon]
    late = [thread for thread in waited_for if thread is not threading.main_thread()]
    return [f"{thread.name} at {stacks.where(thread.ident or 0)}" for thread in late or waited_for]


def announce_late_stop(state: Path, problems: Problems) -> None:
    """An event about the mark that the last run left, if it did. Raises StateError."""
    mark = state / MARK
    try:
        left = orjson.loads(mark.read_bytes())
        message = f"Leakline did not stop in time at {left['time']}; these threads were still running: {'; '.join(left['threads'])}"
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError):  # cut short by a full disk, say
        message = "Leakline did not stop in time when it was last stopped; the log of that time names what hung"
    problems.announce("stopped-late", message)
    with suppress(OSError):
        mark.unlink()


def _leave_mark(state: Path, threads: list[str], now: datetime) -> None:
    with suppress(OSError):
        file = os.open(state / MARK, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(orjson.dumps({"time": now.isoformat(timespec="seconds"), "threads": threads}))


def _log(threads: list[str]) -> None:
    log.error("did not stop in time", seconds=STOP_WITHIN, threads=threads)
    stacks.log_all()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
