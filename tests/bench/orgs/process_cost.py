"""What a running process costs: core time, memory of its own, threads, file descriptors. All from /proc (proc(5))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds. `pss`, `private`: MB of memory, shared pages by share and not at all."""

    pss: float
    private: float
    threads: int
    descriptors: int

    @classmethod
    def of(cls, pid: int) -> Held:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes = {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB", rollup, flags=re.MULTILINE)}
        return cls(
            kilobytes["Pss"] / 1e3,
            (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1e3,
            len(os.listdir(f"/proc/{pid}/task")),  # noqa: PTH208
            len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208
        )


def core_seconds(pid: int) -> float:
    """Of all its threads since it started, in user mode and in the kernel; exact to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
