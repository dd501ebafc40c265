"""Parsed files of rules by their content, kept from one start to the next, so that thousands load in an instant.

One file for each set of folders: a checksum of what follows and of all that made it, then JSON. Whatever is wrong
with it (another version, damage, another user's, no right to write) makes a start slow and nothing else: rules are
then read as if there were no cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent import yaml_lines
from agent.detection.sigma.cache_codec import restored, stored
from agent.detection.sigma.parsed_file import ParsedFile

KEPT = 20
"""Sets of folders that are remembered; the longest unused go."""

MADE_BY = (Path(__file__).parents[1], Path(yaml_lines.__file__).parent)
"""Folders of all code that has a say in what a file is parsed to: another version of it reads the files anew."""


def directory() -> Path | None:
    """Where a user's caches go (XDG base directory specification); None for a user without a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named.startswith("/"):
        return Path(named) / "leakline" / "rules"
    home = os.environ.get("HOME", "")
    return Path(home) / ".cache" / "leakline" / "rules" if home.startswith("/") else None


class RuleCache:
    """What is remembered of some folders. Safe beside others that use it: a file is replaced as a whole."""

    def __init__(self, folder: Path, places: Sequence[Path]) -> None:
        """`folder` is made when something is to be kept; `places`: what the user named."""
        name = "\n".join(str(place.absolute()) for place in places).encode(errors="surrogateescape")
        self._path = folder / f"{hashlib.blake2b(name, digest_size=16).hexdigest()}.json"
        self._known = self._read()
        self._used: dict[str, Any] = {}
        self._fresh = False

    def find(self, data: bytes, path: Path, placeholders: Mapping[str, Sequence[str]]) -> ParsedFile | None:
        """What a file with this content says, if it is known and the placeholders it asks for have not changed."""
        key = digest(data)
        entry = self._known.get(key)
        try:
            if entry is None or entry["placeholders"] != values(entry["placeholders"], placeholders):
                return None
            found = restored(entry, path)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            return None
        self._used[key] = entry
        return found

    def put(self, data: bytes, parsed: ParsedFile, placeholders: Mapping[str, Sequence[str]]) -> None:
        """Keep what a file with this content says, if JSON can say it."""
        entry = stored(parsed)
        if entry is not None:
            self._used[digest(data)] = {**entry, "placeholders": values(parsed.placeholders, placeholders)}
            self._fresh = True

    def write(self) -> None:
        """What was used since, if anything of it is new."""
        if not self._fresh:
            return
        with suppress(OSError, TypeError):
            body = orjson.dumps(self._used)
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._path.with_suffix(f".{os.getpid()}.draft")
            draft.unlink(missing_ok=True)
            try:
                draft.touch(0o600, exist_ok=False)
                draft.write_bytes(_seal(body) + b"\n" + body)
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)
            _prune(self._path.parent)

    def _read(self) -> Mapping[str, Any]:
        try:
            with self._path.open("rb") as file:
                state = os.fstat(file.fileno())
                seal, _, body = file.read().partition(b"\n")
            is_ours = state.st_uid == os.geteuid() and not state.st_mode & 0o022
            known = orjson.loads(body) if is_ours and seal == _seal(body) else {}
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def digest(data: bytes) -> str:
    """Of a file's content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def values(names: Iterable[str], placeholders: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """Each name with a digest of its values."""
    return {
        name: digest(orjson.dumps(list(placeholders[name]))) if name in placeholders else None for name in sorted(names)
    }


def _seal(body: bytes) -> bytes:
    """A checksum of the content and of what it hangs on: this code, pySigma, Polars (whose engine tried the regular
    expressions), Python.
    """
    sigma = importlib.util.find_spec("sigma")
    library = [Path(sigma.origin).parent] if sigma and sigma.origin else []
    files = [*(file for folder in MADE_BY for file in sorted(folder.rglob("*.py"))), *library]
    made_by = [str(sys.version_info[:2]), pl.__version__, *(f"{file.name} {_state(file)}" for file in files)]
    return hashlib.blake2b("\n".join(made_by).encode() + b"\0" + body).hexdigest().encode()


def _state(file: Path) -> str:
    state = file.stat()
    return f"{state.st_mtime_ns} {state.st_size}"


def _prune(folder: Path) -> None:
    packs = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in packs[KEPT:]:
        path.unlink(missing_ok=True)
