"""Going on while the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from agent.errors import DiskFull
from agent.store.directory.state_directory import StateDirectory

log = structlog.get_logger()


@contextmanager
def despite_a_full_disk(directory: StateDirectory) -> Iterator[None]:
    """Around what is done again in a while."""
    try:
        yield
    except DiskFull as error:
        log.warning("there is no room on the disk", reason=str(error))
        directory.give_up_ballast()
