"""The filter of system calls that the shipped unit has systemd install, installed here by hand in a child process.

What the unit names is resolved by `systemd-analyze syscall-filter`, as systemd itself does; numbers are those of the kernel's
headers. `python unit_filter.py ERROR NUMBER…` installs a filter that allows these calls, answers others with the error
(or, for `kill`, ends the process), and prints what the kernel's clock says under it.
"""

from __future__ import annotations

import ctypes
import platform
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "packaging" / "leakline.service"
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")

_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD_NUMBER = struct.pack("=HBBI", 0x20, 0, 0, 0)
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def missing() -> str:
    """What is to be installed for this; empty if all is there."""
    if platform.machine() != "x86_64":
        return "the test knows the numbers of system calls of x86_64 alone"
    if shutil.which("systemd-analyze") is None:
        return "systemd-analyze resolves the unit's filter: apt-get install systemd"
    return "" if HEADER.exists() else "the numbers of system calls are in a header: apt-get install linux-libc-dev"


@cache
def group(name: str) -> frozenset[str]:
    """The system calls of a group such as `@clock`, those of groups inside it included."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    found: set[str] = set()
    for line in listed.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= group(word) if word.startswith("@") else {word}
    return frozenset(found)


def calls(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        found |= group(name) if name.startswith("@") else {name}
    return found


def allowed(unit: str) -> set[str]:
    """The system calls that the unit of this text leaves to a service: its list, less what `ProtectClock=` takes away."""
    lines = re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE)
    found = calls([*lines[0].split(), "@default"])
    for line in lines[1:]:
        named = calls(line.removeprefix("~").split())
        found = found - named if line.startswith("~") else found | named
    protects = re.search(r"^ProtectClock=(\w+)$", unit, re.MULTILINE)
    return found - calls(["@clock"]) if protects is not None and protects[1] == "yes" else found


def numbers(names: Iterable[str]) -> list[int]:
    """Of the system calls that this machine has."""
    known = dict(re.findall(r"^#define __NR_(\w+) (\d+)$", HEADER.read_text(), re.MULTILINE))
    return sorted(int(known[name]) for name in names if name in known)


def install(refusal: str, permitted: Sequence[int]) -> None:
    """From here on this process may make no other calls. Needs no privilege."""
    refused = _KILL_PROCESS if refusal == "kill" else _ERRNO | int(refusal)
    program = _LOAD_NUMBER
    for number in permitted:  # one comparison and one answer each: jumps reach no further than 255
        program += struct.pack("=HBBI", 0x15, 0, 1, number) + struct.pack("=HBBI", 0x06, 0, 0, _ALLOW)
    program += struct.pack("=HBBI", 0x06, 0, 0, refused)
    code = ctypes.create_string_buffer(program, len(program))
    table = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    for command in ((_SET_NO_NEW_PRIVS, 1, 0), (_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(table))):
        if library.prctl(*command, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "a filter of system calls cannot be installed")


if __name__ == "__main__":
    from agent.daemon.clocks.kernel_clock import is_deadly, kernel_clock

    install(sys.argv[1], [int(number) for number in sys.argv[2:]])
    print("deadly" if is_deadly() else kernel_clock().state)
