"""The process of a benchmark: the allocator that it runs with, and the memory and disk that it takes."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from tests.bench.beside.agent_names import set_up


def ensure_allocator() -> None:
    """Returns when the settings of memory are those of the service; else this program begins anew with them.

    Those of the allocator must be in the environment before Polars is imported.
    """
    before = dict(os.environ)
    set_up()
    if os.environ != before:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def resident() -> float:
    """MB of memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def highest() -> float:
    """MB of memory at most so far. Not `ru_maxrss`: that begins with what the process had before it became this program."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def on_disk(folder: Path) -> float:
    """MB of files, without the ballast that is reserved for a full disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "ballast") / 1e6
