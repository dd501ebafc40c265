"""The settings file and the files of orgs beside it, read together; and read again while the daemon runs.

At a start the settings file must load; a file of an org that does not load is left out and told. Later, whatever does
not load keeps what was in use of it, so that a slip in one file stops no org.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.config import orgs_folder
from agent.config.changed_keys import changed_keys
from agent.config.governed import with_governed
from agent.config.orgs_folder import OrgFailure, OrgFile, OrgsFolder
from agent.config.settings import Org, Settings, clash, parse
from agent.config.settings_file import read_document
from agent.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """What is in use of them."""

    path: Path
    """The settings file."""
    settings: Settings
    """With all orgs."""
    failures: Sequence[OrgFailure]
    """What does not load; of the settings file only after a start."""
    files: Mapping[Path, OrgFile]
    """The orgs of the folder."""
    restart_for: Sequence[str] = field(default=())
    """Keys of the settings file that are not as they were at the start: they count from the next one on."""
    _main: Sequence[Org] = ()
    """The orgs of the settings file."""
    approved: Mapping[str, Any] | None = None
    """Governed settings (`agent.config.governed`) that count whatever the file says; None where the file alone does."""

    def read_again(self) -> SettingsFiles:
        """What is there now, with the orgs in use in place of those that do not load."""
        folder_path = self.path.parent / orgs_folder.NAME
        found, failures = _folder_of(self.path), list[OrgFailure]()
        has_folder = found is not None or bool(self.files)
        if found is None:
            message = f"{folder_path} is missing: its orgs stay; put it back, with a file for each org that is to stay"
            found = OrgsFolder(failures=[OrgFailure(folder_path, message)] if has_folder else [], is_whole=False)
        main, restart_for = self._main, self.restart_for
        try:
            read = parse(read_document(self.path), str(self.path), has_folder=has_folder)
            in_force = with_governed(read, self.approved) if self.approved is not None else read
            main, restart_for = read.orgs, changed_keys(self.settings, in_force, apart_from={"orgs"})
        except SettingsError as error:
            failures.append(OrgFailure(self.path, f"{error}; its orgs stay as they are"))
        fitting = _fitting(main, self.settings, found, self.files)
        failures += fitting.failures
        orgs = [*main, *(file.org for file in fitting.files.values())]
        if not orgs:
            failures.append(
                OrgFailure(self.path, f"{self.path}: no org is left; those in use stay until the daemon stops")
            )
            return replace(self, failures=failures, restart_for=restart_for)
        settings = self.settings.model_copy(update={"orgs": orgs})
        return SettingsFiles(self.path, settings, failures, fitting.files, restart_for, main, self.approved)


def read_files(path: Path, *, needs_orgs: bool = True) -> SettingsFiles:
    """The settings as a start finds them. `needs_orgs`: at least one must load. Raises SettingsError with a line for each thing
    that is wrong.
    """
    found = _folder_of(path)
    settings = parse(read_document(path), str(path), has_folder=found is not None)
    main, fitting = settings.orgs, _fitting(settings.orgs, settings, found or OrgsFolder(), {})
    orgs = [*main, *(file.org for file in fitting.files.values())]
    if not orgs and needs_orgs:
        reasons = [failure.message for failure in fitting.failures]
        folder = path.parent / orgs_folder.NAME
        message = f"{path}: there is no org, neither under `orgs` nor in a file of {folder} that loads"
        raise SettingsError("\n".join([message, *reasons]))
    settings = settings.model_copy(update={"orgs": orgs})
    return SettingsFiles(path, settings, fitting.failures, fitting.files, (), main)


def load(path: Path) -> Settings:
    """All orgs that load, with the rest of the settings. Raises SettingsError with one line for each thing that is wrong in
    the settings file, or when there is no org at all.
    """
    return read_files(path).settings


def load_for_daemon(path: Path) -> Settings:
    """As `load`, for a command that speaks to a daemon or to a state, which may have orgs that do not load now."""
    return read_files(path, needs_orgs=False).settings


def _folder_of(path: Path) -> OrgsFolder | None:
    """None where there is none."""
    folder = path.parent / orgs_folder.NAME
    return orgs_folder.read_folder(folder) if folder.exists() or folder.is_symlink() else None


def _fitting(main: Sequence[Org], settings: Settings, found: OrgsFolder, before: Mapping[Path, OrgFile]) -> OrgsFolder:
    """The files that go together with the rest, and what does not load. `before`: what was in use, which goes on being used
    in place of what does not load, where what is new has left it room.
    """
    failures, files, orgs = list(found.failures), dict[Path, OrgFile](), list(main)

    def take(file: OrgFile) -> str:
        """Why it cannot be taken; empty where it was."""
        reason = _misfit(file, orgs, settings, files)
        if not reason:
            files[file.path] = file
            orgs.append(file.org)
        return reason

    failures += [OrgFailure(file.path, reason) for file in found.files.values() if (reason := take(file))]
    broken = {failure.path for failure in failures}
    for path, file in before.items():
        if path in broken or not (found.is_whole or path in found.files):
            take(file)
    return OrgsFolder(dict(sorted(files.items())), failures)


def _misfit(file: OrgFile, orgs: Sequence[Org], settings: Settings, files: Mapping[Path, OrgFile]) -> str:
    """Why the org of a file cannot run beside those that come before it; empty where it can."""
    for path, before in files.items():
        if before.org.name == file.org.name:
            return f"{file.path}:{file.line}: the name {file.org.name!r} is given in {path} too; give each org its own `name`"
    reason = clash([*orgs, file.org], settings, has_folder=True)
    return f"{file.path}:{file.line}: {reason}" if reason else ""
