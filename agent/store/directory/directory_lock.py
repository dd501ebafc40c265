"""The lock of the state directory: one process at a time holds it.

The lock is on the directory itself: a lock file can be deleted, and a second process then locks a new one. The file
`lock` names the holder, and keeps out versions that know only it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from agent.errors import StateError


class DirectoryLock:
    """Both locks; they die with the process."""

    def __init__(self, directory: Path) -> None:
        """Raises StateError when another process holds it, OSError when it cannot be locked."""
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._file = -1
        try:
            _lock(self._directory, directory)
            self._file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _lock(self._file, directory)
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        for descriptor in (self._file, self._directory):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._directory = -1


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            raise
        raise StateError(
            f"the state directory {directory} is held by {_holder(directory)}",
            hint="stop the daemon first, or use a command that works while it runs",
        ) from error


def _holder(directory: Path) -> str:
    try:
        number = (directory / "lock").read_text(errors="replace").strip()[:32]
    except OSError:
        number = ""
    return f"process {number}" if number else "another process"
