"""What of rules, mappings and lists does not load, as problems: one for each file, over when it loads or is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.errors import FileError, SettingsError

KIND = "file-not-loaded"
SETTINGS = "rules.adjust"
"""The subject of a reload that does not fit the settings."""


class ProblemRegister(Protocol):
    """Of the register of problems what is needed here."""

    def report(self, kind: str, subject: str, message: str) -> None: ...

    def over(self, kind: str, subject: str, message: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A file, or a folder, that does not load as it is now."""

    path: Path
    line: int
    message: str
    """What is wrong, with file and line, and what is in use instead."""


def of_errors(errors: Iterable[FileError], kept: Collection[Path]) -> list[LoadFailure]:
    """One for each file. `kept`: those of which the version from before is in use."""
    by_file: dict[Path, list[FileError]] = {}
    for error in errors:
        by_file.setdefault(error.path, []).append(error)
    return [_of_file(path, file_errors, kept=path in kept) for path, file_errors in by_file.items()]


def _of_file(path: Path, errors: Sequence[FileError], *, kept: bool) -> LoadFailure:
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    instead = "the previous version stays in use" if kept else "the part that is wrong is left out"
    return LoadFailure(path, errors[0].line, f"{errors[0]}{rest}; {instead}")


def report(register: ProblemRegister, found: Sequence[LoadFailure], open_subjects: Iterable[str]) -> None:
    """Report what does not load, and end what does again. `open_subjects`: of the problems of this kind."""
    for failure in found:
        register.report(KIND, str(failure.path), failure.message)
    for subject in set(open_subjects) - {str(failure.path) for failure in found}:
        gone = subject != SETTINGS and not Path(subject).exists()
        register.over(
            KIND,
            subject,
            f"{subject} was deleted, with everything that it defined" if gone else f"{subject} loads again",
        )


def report_settings(register: ProblemRegister, error: SettingsError) -> None:
    """The rules do not fit the settings, so that nothing was taken over."""
    register.report(KIND, SETTINGS, f"{error}; all rules, mappings and lists stay as they are")
