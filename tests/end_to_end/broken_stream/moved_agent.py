"""As `tests.end_to_end.forking`; what it forks goes by a clock that a test moves, and by a stream's waits in short."""

from __future__ import annotations

import os
from pathlib import Path

from agent.cli import memory_tuning
from tests.end_to_end import forking
from tests.end_to_end.broken_stream.moved_clock import MovedClock

CLOCK = "LEAKLINE_TEST_CLOCK"
"""The environment names the clock's file by it."""
KEEP_ALIVE = 1.5
"""Seconds of an org that is streamed from; Salesforce takes 270."""
SILENCE = 4 * KEEP_ALIVE


def move(path: Path) -> None:
    """From now on, in this process. Call it before the daemon is imported."""
    memory_tuning.set_up()  # before polars is imported
    from agent.daemon import clock
    from agent.sources.real_time import source
    from agent.sources.real_time.pace import StreamPace

    moved = MovedClock(path)
    setattr(clock, "utc_now", moved)  # noqa: B010 - a clock for another
    setattr(source, "StreamPace", lambda: StreamPace(settle=1.0, silence=SILENCE, note=1.0, renew=0.0))  # noqa: B010


if __name__ == "__main__":
    move(Path(os.environ[CLOCK]))
    forking.serve()
