"""The state directory: is it one, is it ours alone, what file system is it on, how much room is there; is the database whole."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from agent.model import Finding
from agent.store.directory import database_check

LEAST_FREE_BYTES = 2 << 30
"""Below this much room for the state directory a long SIEM outage becomes a pause in reading."""

NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "gpfs",
    "fuse.sshfs",
    "fuse.glusterfs",
}
MEMORY = {"tmpfs", "ramfs"}

_OCTAL = re.compile(rb"\\([0-7]{3})")
"""How blanks and line ends in a mount point are written (proc_pid_mounts(5))."""

MOUNTS = Path("/proc/self/mounts")


def examine_state_directory(directory: Path, *, running: bool) -> Iterator[Finding]:
    barred = list(in_the_way(directory))
    if barred:
        yield from barred
        return
    place = next(parent for parent in (directory, *directory.absolute().parents) if exists(parent))
    if running:
        yield Finding("state", True, f"a daemon is running on {directory}")
    elif not os.access(place, os.W_OK | os.X_OK):
        yield Finding("state", False, f"{place} cannot be written to", "give the service's user the right to write")
    elif not exists(directory):
        yield _warning("state", f"{directory} does not exist yet", "the first start creates it")
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        yield Finding("state", False, f"{place} is on a file system that is read-only", "mount it read-write")
    yield from _open_to_others(directory)
    yield from _file_system(place)
    yield _room(directory, shutil.disk_usage(place).free)
    if exists(directory):
        yield from database_check.findings(directory)


def in_the_way(directory: Path) -> Iterator[Finding]:
    """A file where a directory should be."""
    for path in (directory, *directory.absolute().parents):
        if exists(path):
            if not path.is_dir():
                message = f"state.directory: {path} is a file, not a directory"
                yield Finding("state", False, message, "move the file away, or write another directory")
            return


def _open_to_others(directory: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError:
        return
    if mode & 0o027:
        message = f"other users can open {directory} (mode {mode:04o}), which holds what waits to be sent"
        yield _warning("state", message, f"chmod 0700 {directory}")


def _file_system(place: Path) -> Iterator[Finding]:
    kind = file_system(place)
    if kind in NETWORK:
        message = f"{place} is on a network file system ({kind}): locks and fsync are not reliable there"
        yield _warning("state", message, "write a directory on a local disk as `state.directory`")
    elif kind in MEMORY:
        message = f"{place} is in memory ({kind}): a restart of the machine loses what was read and not yet sent"
        yield _warning("state", message, "write a directory on a local disk as `state.directory`")


def file_system(place: Path, mounts: Path = MOUNTS) -> str:
    """The kind of file system that `place` lies on, as the kernel names it; empty if that cannot be seen."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return ""
    found, kind = Path(), ""
    for line in lines:
        _, point, name, *_ = line.split(b" ")
        mounted = Path(os.fsdecode(_OCTAL.sub(lambda octal: bytes([int(octal[1], 8)]), point)))
        # The last of several mounts at one point covers the others.
        if place.resolve().is_relative_to(mounted) and len(mounted.parts) >= len(found.parts):
            found, kind = mounted, name.decode(errors="replace")
    return kind


def _room(directory: Path, free: int) -> Finding:
    if free >= LEAST_FREE_BYTES:
        return Finding("state", True, f"{free >> 30} GB are free for {directory}")
    fix = "make more room, or a long outage of a destination pauses reading"
    return _warning("state", f"only {free >> 20} MB are free for {directory}", fix)


def exists(path: Path) -> bool:
    """As `Path.exists`, which raises where a folder above may not be entered."""
    return os.path.exists(path)  # noqa: PTH110


def _warning(subject: str, message: str, fix: str) -> Finding:
    return Finding(subject, False, message, fix, warning=True)
