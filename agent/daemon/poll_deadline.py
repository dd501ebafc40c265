"""The deadline by which polls end once the daemon is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from agent.sources.salesforce.session import Session

POLLS_END_WITHIN = 3.0
"""Seconds; a batch in hand looks up its users first. Then what still waits for an org, or reads on in a file, is cut off."""


@contextmanager
def polls_end_in_time(sessions: Collection[Session], seconds: float = POLLS_END_WITHIN) -> Iterator[None]:
    """Around the wait for polls to end."""

    def close() -> None:
        for session in sessions:
            session.close()

    timer = threading.Timer(seconds, close)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
