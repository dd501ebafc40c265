"""Work on a state in a process of its own, which is killed in the middle of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def die() -> None:
    """As by `kill -9`: nothing is closed, nothing is written any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_and_die(work: Callable[..., None], *arguments: Any, **named: Any) -> None:
    """`work` with these arguments in a new process, which `die` ends. Fails when it ends otherwise."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments, kwargs=named)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def note(path: Path, data: bytes) -> None:
    """A line that is there after the kill, for the test."""
    with path.open("ab", buffering=0) as file:
        file.write(data + b"\n")
