"""Where every thread is, for the log when a loop hangs."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger()

STACKS, FRAMES, NAMES = 64, 24, 32
"""At most so many stacks are logged, the innermost so many frames of each, and the names of so many threads that are there: a
line must fit the journal.
"""

_COLLECTING = threading.Lock()
"""One thread at a time: another would find collection disabled, and leave it so."""

_OURS = Path(__file__).parent


def log_all() -> None:
    """A line for each stack, the innermost frame last, with the threads that are there.

    A hundred threads that wait for their turn in a pool have one stack, and a thread that hangs has its own: stacks of few
    threads come first, so that none of these is left out for want of room.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    threads: dict[tuple[str, ...], list[str]] = {}
    for ident, frame in _current_frames().items():
        stack = traceback.extract_stack(frame)[-FRAMES:]
        lines = tuple(f"{_short(at.filename)}:{at.lineno} {at.name}" for at in stack)
        threads.setdefault(lines, []).append(names.get(ident, "unknown"))
    stacks = sorted(threads.items(), key=lambda stack: len(stack[1]))
    for lines, there in stacks[:STACKS]:
        log.error("stack", threads=sorted(there)[:NAMES], count=len(there), frames=list(lines))
    if len(stacks) > STACKS:
        log.error("more stacks than are logged", left_out=len(stacks) - STACKS)


def where(ident: int) -> str:
    """The innermost place in Leakline's own code where a thread is; empty for a thread that is gone."""
    frame: FrameType | None = _current_frames().get(ident)
    innermost = frame
    while frame is not None and not frame.f_code.co_filename.startswith(str(_OURS)):
        frame = frame.f_back
    frame = frame or innermost
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno} ({frame.f_code.co_name})" if frame else ""


def _current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its id, with no garbage collection meanwhile.

    Before Python 3.11.9 the interpreter makes them under a lock that every thread takes that begins or ends: a collection that
    begins then and gives another thread its turn stops all of them for good (https://github.com/python/cpython/issues/106883).
    """
    with _COLLECTING:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()  # noqa: SLF001 - documented, despite its name
        finally:
            if was_enabled:
                gc.enable()


def _short(filename: str) -> str:
    """Of our own files the path from `agent` on, of others the last two parts."""
    path = Path(filename)
    return str(path.relative_to(_OURS.parent)) if path.is_relative_to(_OURS) else "/".join(path.parts[-2:])
