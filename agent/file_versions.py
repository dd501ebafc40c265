"""Files that hang together, read anew: of what does not load, the version that is in use stays.

A file whose new version has an error keeps the one from before. Where a change of one file makes another one fail that
did not change (a name it takes away, an id it takes), the changed file keeps the one from before as well. A file that
is gone is gone on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from agent.errors import FileError

Version = TypeVar("Version")
Built = TypeVar("Built")

Versions = Mapping[Path, Version]
"""Of each file; two versions are equal where nothing changed."""

Build = Callable[[Versions[Version]], tuple[Built, Sequence[FileError]]]

MOST = 100
"""Files whose changes are judged one by one; when there are more that fail, all changes wait."""


@dataclass(frozen=True, slots=True)
class VersionsInUse(Generic[Version, Built]):
    """What came of it."""

    built: Built
    versions: Versions[Version]
    """Those in use."""
    errors: Sequence[FileError]
    """What does not load of the versions in use."""
    kept: Mapping[Path, Sequence[FileError]]
    """Files of which the version from before stays in use, or nothing if they are new; and why."""


def settle(
    new: Versions[Version], before: Versions[Version], build: Build[Version, Built], known: Collection[str] = ()
) -> VersionsInUse[Version, Built]:
    """`build` gives what some versions are together, and the errors of it, each under the path of its file; it is
    called again for every file that keeps its version. `known`: errors of the versions before, as text.
    """
    chosen, kept = dict(new), dict[Path, list[FileError]]()
    known = set(known)
    while True:
        built, errors = build(chosen)
        fresh = [error for error in errors if str(error) not in known] if before else []
        changed = {path for path, version in chosen.items() if path in before and version != before[path]}
        failing = {error.path for error in fresh} & changed
        stray = next((error for error in fresh if error.path in before and error.path not in changed), None)
        if failing:
            blamed = {path: [error for error in fresh if error.path == path] for path in failing}
        elif stray is not None:
            loose = [path for path in chosen if path not in before or path in changed]
            blamed = {path: [_because(path, stray)] for path in _culprits(stray, loose, chosen, before, build)}
            if not blamed:  # of a file that is gone, or of something that is no file
                known.add(str(stray))
                continue
        else:
            return VersionsInUse(built, chosen, errors, kept)
        kept |= blamed
        if len(kept) > MOST:
            kept |= {path: [_waits(path)] for path in changed - kept.keys()}
        chosen = _without(chosen, kept, before)


def _without(chosen: Versions[Version], kept: Collection[Path], before: Versions[Version]) -> dict[Path, Version]:
    return {
        path: before[path] if path in kept else version
        for path, version in chosen.items()
        if path not in kept or path in before
    }


def _culprits(
    stray: FileError,
    loose: Sequence[Path],
    chosen: Versions[Version],
    before: Versions[Version],
    build: Build[Version, Built],
) -> list[Path]:
    """The one of the `loose` files with whose new version the error begins; none if it does not hang on them."""

    def fails_without(count: int) -> bool:
        errors = build(_without(chosen, set(loose[:count]), before))[1]
        return str(stray) in {str(error) for error in errors}

    if not loose or fails_without(len(loose)):
        return []
    low, high = 0, len(loose)  # it fails without the first `low`, and does not without the first `high`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fails_without(middle) else (low, middle)
    return [loose[high - 1]]


def _because(path: Path, stray: FileError) -> FileError:
    return FileError(path, 1, f"with this change another file no longer loads: {stray}")


def _waits(path: Path) -> FileError:
    return FileError(path, 1, f"more than {MOST} changed files do not load, so all changes wait")
