"""Whether a file has been replaced since it was last looked at."""

from __future__ import annotations

import os
from pathlib import Path

Stamp = tuple[int, int, int]


def stamp_of(path: Path) -> Stamp | None:
    """Time, size and number of a file, which together tell one version of it from the next; None if it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - Path.stat costs twice as much, and this runs for every batch
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
