"""Rule files read anew while they are in use: what of them does not load keeps the version from before.

A file that did not change, nor the placeholders it asks for, is not parsed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import orjson

from agent.detection import dependencies
from agent.detection.load import PLACEHOLDERS, Placeholders, file_data, files, parsed_or_known, together
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.cache import RuleCache, digest, values
from agent.detection.sigma.parsed_file import ParsedFile
from agent.errors import FileError, RuleError
from agent.file_versions import Versions, VersionsInUse, settle


@dataclass(frozen=True, slots=True, eq=False)
class RuleFile:
    """One version of a file, which is equal to itself only."""

    digest: str
    placeholders: Mapping[str, str | None]
    """Those it asks for, each with a digest of its values."""
    parsed: ParsedFile


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The versions in use, and what does not load of them."""

    versions: Versions[RuleFile] = field(default_factory=dict)
    errors: frozenset[str] = frozenset()

    @property
    def sha256(self) -> str:
        """Over every version in use: its path, its digest, and those of the lists of values it asks for. So it changes with a
        rule and with a value, and a file that no longer loads counts as it was before.
        """
        versions = {str(path): [version.digest, version.placeholders] for path, version in self.versions.items()}
        return hashlib.sha256(orjson.dumps(versions, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class RuleReload:
    """What a reload brought."""

    rules: RuleSet
    """Its errors are of new versions as well as of those in use."""
    files: RuleFiles
    kept: frozenset[Path]
    """Files of which the version from before is in use."""


def read(
    places: Sequence[Path],
    before: RuleFiles,
    *,
    placeholders: Placeholders | None = None,
    cache: Path | None = None,
    held: Mapping[Path, bytes | None] | None = None,
) -> RuleReload:
    """The rules in files and folders, as `load` takes them. `held`: what counts in place of what files have, or of files that
    are gone; None where a file counts as empty. Raises nothing.
    """
    held_data = held or {}
    known = {**PLACEHOLDERS, **(placeholders or {})}
    # Only of a start: a reload asks for few files, and what it does not ask for would go from the cache.
    memory = RuleCache(cache, places) if cache and not before.versions else None
    closed: list[RuleError] = []

    def version(path: Path) -> RuleFile:
        data = (held_data[path] or b"") if path in held_data else file_data(path)
        return _version(path, data, known, before.versions.get(path), memory)

    new = {path: version(path) for path in dict.fromkeys([*files(places, closed), *held_data])}
    kept = set[Path]()
    for place in [*(error.path for error in closed), *(place for place in places if not place.exists())]:
        inside = {path: version for path, version in before.versions.items() if path.is_relative_to(place)}
        new |= inside
        kept |= {place} if inside else set()
    needed = dependencies.needed(
        (version.parsed for version in new.values()),
        lambda path: new.setdefault(path, version(path)).parsed,
    )
    if memory:
        memory.write()
    settled = settle(new, before.versions, partial(_build, dependencies.ids(needed.values())), before.errors)
    errors = [*closed, *(error for errors in settled.kept.values() for error in errors), *_own(settled)]
    kept |= {path for path in settled.kept if path in before.versions}
    built = settled.built
    return RuleReload(
        replace(built, errors=errors),
        RuleFiles(settled.versions, frozenset(map(str, settled.errors))),
        frozenset(kept),
    )


def _own(settled: VersionsInUse[RuleFile, RuleSet]) -> list[FileError]:
    """Errors of versions in use, but of those that a newer one would have replaced."""
    return [error for error in settled.errors if error.path not in settled.kept]


def _version(
    path: Path,
    data: bytes | RuleError,
    placeholders: Placeholders,
    before: RuleFile | None,
    memory: RuleCache | None,
) -> RuleFile:
    if isinstance(data, RuleError):
        return RuleFile("", {}, ParsedFile(errors=[data]))
    name = digest(data)
    if (
        before is not None
        and before.digest == name
        and before.placeholders == values(before.placeholders, placeholders)
    ):
        return before
    parsed = parsed_or_known(data, path, placeholders, memory)
    return RuleFile(name, values(parsed.placeholders, placeholders), parsed)


def _build(dependency_ids: frozenset[str], versions: Versions[RuleFile]) -> tuple[RuleSet, Sequence[FileError]]:
    built = together((version.parsed for version in versions.values()), dependency_ids=dependency_ids)
    return built, built.errors
