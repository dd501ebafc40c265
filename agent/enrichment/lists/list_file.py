"""Lists and databases that the settings name: of each what it held when it could last be used."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import FileError, SettingsError

T = TypeVar("T")

Report = Callable[[Path, Sequence[FileError]], None]
"""Hears what of a file cannot be used, which is nothing when all of it can be (again)."""


class ListFiles:
    """Reads lists, again and again; safe for threads. What a list held when it could last be used is used while it cannot be; `strict`: it
    is an error if it could never be.
    """

    def __init__(self, before: ListFiles | None = None, *, strict: bool = False) -> None:
        """`before`: where the contents of before are taken from."""
        self._strict = strict
        self._lock = threading.Lock()
        self.held: dict[tuple[Path, str], Any] = dict(before.held) if before else {}
        self.kept: set[Path] = set()
        """Files that cannot be used now, and of which what they held before is in use."""
        self.problems: dict[Path, Sequence[FileError]] = {}
        """What of each file cannot be used now: all of it, or some lines."""
        self.tell: Report = lambda _path, _problems: None
        """Called for each change of `problems`."""

    def read(
        self,
        path: Path,
        read: Callable[[Path], T],
        purpose: str = "",
        lines: Callable[[T], Sequence[FileError]] = lambda _: (),
    ) -> T | None:
        """What `read` makes of the file; what it made of it before, if it raises; None if there was nothing before.

        `purpose` tells apart what is made of one file for different ends; `lines`: what was left out of it. Raises what
        `read` raises, if strict.
        """
        key = path, purpose
        try:
            found = read(path)
        except Exception as error:  # whatever a list holds: events are read and delivered without it
            if self._strict and key not in self.held:
                raise
            problems: Sequence[FileError] = [located(path, error)]
            with self._lock:
                self.kept |= {path} if key in self.held else set()
        else:
            problems = lines(found)
            with self._lock:
                self.held[key] = found
                self.kept.discard(path)
        held: T | None = self.held.get(key)
        with self._lock:
            before = self.problems.pop(path, ())
            if problems:
                self.problems[path] = problems
        if list(map(str, before)) != list(map(str, problems)):
            self.tell(path, problems)
        return held


def located(path: Path, error: Exception) -> FileError:
    """An error of reading a list as one that has the file's path and line."""
    if isinstance(error, FileError):
        return error
    text, hint = (str(error.args[0]), error.hint) if isinstance(error, SettingsError) else (str(error), "")
    found = re.search(re.escape(str(path)) + r"(?::(\d+):)? (.+)$", text, re.DOTALL)
    line, reason = (int(found[1] or 1), found[2]) if found else (1, f"cannot be used ({text})")
    return FileError(path, line, reason, hint=hint)
