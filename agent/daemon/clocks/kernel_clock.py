"""Whether a time service keeps the machine's clock, as the kernel says (adjtimex(2), which changes nothing with `modes` 0).

What counts is the greatest error that the kernel reckons with. It grows by 500 µs a second, a time service sets it back, and
at 16 s it grows no more. The flag STA_UNSYNC says less: chrony leaves it set unless `rtcsync` is in its settings. timedatectl
goes by the error as well (systemd pull request 13245).
"""

from __future__ import annotations

import ctypes
import errno
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.status.times import KernelClock

UNSYNCHRONISED_FROM = 16_000_000
"""Microseconds: NTP_PHASE_LIMIT of the kernel."""
PROBE_WITHIN = 30.0
"""Seconds."""
_SECCOMP_FILTER = "2"

_PROBE = "import ctypes; ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024))"


class Timex(ctypes.Structure):
    """`struct timex` of the C library on machines of 64 bits; the same on all that Linux has."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_long * 32),
    )
    modes: int
    maxerror: int
    tick: int


def ask(times: Timex) -> int:
    """Fill `times`; 0, or the error number."""
    library = ctypes.CDLL(None, use_errno=True)
    try:
        answer = library.adjtimex(ctypes.byref(times))
    except AttributeError:  # a C library without it
        return errno.ENOSYS
    return ctypes.get_errno() if answer == -1 else 0


def kernel_clock(question: Callable[[Timex], int] = ask) -> KernelClock:
    """What the kernel says now. Not to be called where `is_deadly` says so."""
    times = Timex(modes=0)
    failed = question(times)
    if failed:
        return KernelClock("may_not_ask" if failed in (errno.EPERM, errno.EACCES) else "not_there")
    kept = times.maxerror < UNSYNCHRONISED_FROM
    return KernelClock("synchronised" if kept else "unsynchronised", times.maxerror / 1e6)


def is_deadly() -> bool:
    """Whether a filter of system calls ends who asks. Costs a short process where there is a filter, and nothing elsewhere."""
    if not _is_filtered():
        return False
    try:
        asked = subprocess.run([sys.executable, "-I", "-S", "-c", _PROBE], check=False, timeout=PROBE_WITHIN)
    except (OSError, subprocess.TimeoutExpired):
        return True  # not known: then it is not tried
    return asked.returncode == -signal.SIGSYS


def _is_filtered() -> bool:
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return f"Seccomp:\t{_SECCOMP_FILTER}" in lines
    return True
