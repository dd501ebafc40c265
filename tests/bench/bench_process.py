"""The process of a benchmark: the allocator that it runs with, and the memory and disk that it takes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from agent.cli.memory_tuning import ALLOCATOR


def ensure_allocator(module: str) -> None:
    """Returns when the allocator's settings are in the environment; else runs `module` anew with them, and exits with its status.

    They must be there before Polars is imported, as they are in the service.
    """
    if all(name in os.environ for name in ALLOCATOR):
        return
    again = [sys.executable, "-m", module, *sys.argv[1:]]
    sys.exit(subprocess.run(again, env={**os.environ, **ALLOCATOR}, check=False).returncode)


def resident() -> float:
    """MB of memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def highest() -> float:
    """MB of memory at most so far; `ru_maxrss` is in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def on_disk(folder: Path) -> float:
    """MB of files, without the ballast that is reserved for a full disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "ballast") / 1e6
