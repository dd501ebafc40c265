"""Files of the state are their owner's alone, whatever the umask was: they hold customers' events."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

OPEN_TO_OTHERS = 0o027
"""Rights nobody but the owner should have on the state directory; a group may be let in to reach the control socket."""

OURS = ("database", "orgs", "process", "downloads", "ballast", "lock", "identity")
"""What Leakline makes in its state directory; anything else there is not touched."""


def make_folder(path: Path) -> None:
    """A folder of mode 0700, with its parents. An umask may only have taken rights of its owner."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)


def openness(directory: Path) -> str:
    """What others may do in the state directory, in words; empty where it is private."""
    mode = stat.S_IMODE(directory.stat().st_mode)
    if not mode & OPEN_TO_OTHERS:
        return ""
    verb = "write" if mode & 0o022 else "look"
    return f"{directory} has mode {mode:04o}: other users of this machine can {verb} there"


def tighten(directory: Path) -> str:
    """Take every right of others from what is ours; `openness` as it was before."""
    found = openness(directory)
    if found:
        _chmod(directory, 0o700)
    for path in _ours(directory):
        _chmod(path, 0o700 if path.is_dir() else 0o600)
    return found


def _ours(directory: Path) -> Iterator[Path]:
    for name in OURS:
        path = directory / name
        yield path
        for folder, folders, files in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *files))


def _chmod(path: Path, mode: int) -> None:
    """Where it is ours to change and too open; links are left alone."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.geteuid() or not status.st_mode & 0o077:
        return
    path.chmod(mode)
