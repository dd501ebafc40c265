"""The folder beside the settings file in which each file is one org, with the keys of an entry under `orgs`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from agent.config.settings import Org, unprintable
from agent.config.settings_file import SettingsDocument, read_plain_file
from agent.config.validation_message import error_lines
from agent.errors import SettingsError

NAME, SUFFIX = "orgs.d", ".yaml"
MOST_FILES, MOST_ENTRIES = 1_000, 10_000
"""Orgs that one folder may have, and entries of any kind that are looked at."""


@dataclass(frozen=True, slots=True)
class OrgFile:
    """An org, and where it stands."""

    path: Path
    org: Org
    line: int = 1
    """That of its `name`."""


@dataclass(frozen=True, slots=True)
class OrgFailure:
    """A file, or the folder, that does not load as it is now."""

    path: Path
    message: str
    """What is wrong, with file and line, and what to do."""


@dataclass(frozen=True, slots=True)
class OrgsFolder:
    """What is in the folder."""

    files: Mapping[Path, OrgFile] = field(default_factory=dict)
    """By path, sorted by name."""
    failures: Sequence[OrgFailure] = ()

    is_whole: bool = True
    """Whether all that there is was seen; if not, a file that is missing here may be there."""


def read_folder(folder: Path) -> OrgsFolder:
    """Every file whose name ends in `.yaml` and does not begin with a dot. Raises nothing: what does not load is a failure."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_ENTRIES + 1)]
    except OSError as error:
        message = f"{folder} cannot be read ({error.strerror}): let the user that Leakline runs as read it"
        return OrgsFolder(failures=[OrgFailure(folder, message)], is_whole=False)
    found, failures = dict[Path, OrgFile](), list[OrgFailure]()
    visible = sorted(name for name in names if not name.startswith("."))
    wanted = [name for name in visible if name.endswith(SUFFIX)]
    is_whole = len(wanted) <= MOST_FILES and len(names) <= MOST_ENTRIES
    if not is_whole:
        message = (
            f"{folder} has more than {MOST_FILES:,} files, of which the rest is not read: remove what is not an org"
        )
        failures.append(OrgFailure(folder, message))
    for name in visible:
        if name.endswith(".yml"):
            path = folder / name
            failures.append(OrgFailure(path, f"{path}:1: is not read: let its name end in {SUFFIX}"))
    for path in (folder / name for name in wanted[:MOST_FILES]):
        try:
            found[path] = _read_file(path)
        except SettingsError as error:
            failures.append(OrgFailure(path, str(error)))
    return OrgsFolder(found, failures, is_whole)


def _read_file(path: Path) -> OrgFile:
    document = read_plain_file(path)
    if not isinstance(document.values, dict):
        hint = "write the keys of an org, beginning with `name:` and `url:`"
        raise SettingsError(f"{path}:1: is empty or not a mapping", hint=hint)
    if set(document.values) == {"orgs"}:
        message = f"{path}:{document.line('orgs')}: `orgs` is not a key of an org"
        raise SettingsError(message, hint="write its keys, such as `name:` and `url:`, at the beginning of the lines")
    try:
        org = Org.model_validate(document.values)
    except ValidationError as error:
        raise SettingsError("\n".join(_located(path, document, line) for line in error_lines(error, Org))) from error
    for place in unprintable(document.values):
        message = f"{path}:{document.line(place)}: {place}: contains a control character"
        raise SettingsError(message, hint="write plain text on one line")
    return OrgFile(path, org, document.line("name"))


def _located(path: Path, document: SettingsDocument, message: str) -> str:
    """`message`: begins with the path of the key, as `error_lines` writes it."""
    return f"{path}:{document.line(message.partition(': ')[0])}: {message}"
