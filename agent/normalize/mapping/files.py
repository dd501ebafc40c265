"""Mapping files read anew while they are in use: what of them does not load keeps the version from before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import FileError
from agent.file_versions import Versions, settle
from agent.normalize.mapping.load import mapping_files, of_files
from agent.normalize.mapping.mapping import Mappings


@dataclass(frozen=True, slots=True)
class MappingFiles:
    """What the files in use hold, and what does not load of it."""

    versions: Versions[bytes | OSError] = field(default_factory=dict)
    errors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MappingReload:
    """What a reload brought."""

    mappings: Mappings
    files: MappingFiles
    errors: Sequence[FileError]
    """Of new versions as well as of those in use."""
    kept: frozenset[Path]
    """Files, and folders, of which what there was before is in use."""


def read(folders: Sequence[Path], before: MappingFiles) -> MappingReload:
    """The mappings of these folders, as `load_mappings` takes them. Raises nothing."""

    def build(versions: Versions[bytes | OSError]) -> tuple[Mappings, Sequence[FileError]]:
        return of_files(folders, versions)

    new = mapping_files(folders)
    held = set[Path]()
    for folder in (folder for folder in folders if not folder.is_dir()):
        inside = {path: version for path, version in before.versions.items() if path.is_relative_to(folder)}
        new |= inside
        held |= {folder} if inside else set()
    settled = settle(new, before.versions, build, before.errors)
    own = [error for error in settled.errors if error.path not in settled.kept]
    return MappingReload(
        settled.built,
        MappingFiles(settled.versions, frozenset(map(str, settled.errors))),
        [*own, *(error for errors in settled.kept.values() for error in errors)],
        frozenset(held | {path for path in settled.kept if path in before.versions}),
    )
