"""Where every thread is, for the log when a loop hangs."""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger()

THREADS, FRAMES = 64, 24
"""At most so many threads are logged, and the innermost so many frames of each: a line must fit the journal."""

_OURS = Path(__file__).parent


def log_all() -> None:
    """A line for each thread, with its stack, the innermost frame last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in list(sys._current_frames().items())[:THREADS]:  # noqa: SLF001 - documented, despite its name
        lines = [f"{_short(at.filename)}:{at.lineno} {at.name}" for at in traceback.extract_stack(frame)[-FRAMES:]]
        log.error("stack", thread=names.get(ident, "unknown"), frames=lines)


def where(ident: int) -> str:
    """The innermost place in Leakline's own code where a thread is; empty for a thread that is gone."""
    frame: FrameType | None = sys._current_frames().get(ident)  # noqa: SLF001
    innermost = frame
    while frame is not None and not frame.f_code.co_filename.startswith(str(_OURS)):
        frame = frame.f_back
    frame = frame or innermost
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno} ({frame.f_code.co_name})" if frame else ""


def _short(filename: str) -> str:
    """Of our own files the path from `agent` on, of others the last two parts."""
    path = Path(filename)
    return str(path.relative_to(_OURS.parent)) if path.is_relative_to(_OURS) else "/".join(path.parts[-2:])
