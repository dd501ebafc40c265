"""Every secret that the settings name: can it be read, by us alone, and does it look like one."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agent.config.settings import Settings
from agent.errors import SettingsError
from agent.model import Finding
from agent.secret import SecretReference
from agent.signing.signed_note import BadNote, NoteSigner

LONGEST = 1 << 16
"""Bytes; the longest secrets are private keys, of 3 to 8 kB."""


def examine_secrets(settings: Settings) -> Iterator[Finding]:
    """Findings about secrets that cannot be used, or that others can read; one if all is well."""
    references = dict(named(settings))
    findings = [finding for path, reference in references.items() for finding in _look(path, reference)]
    findings += _trail_key(settings)
    yield from findings
    if references and not findings:
        yield Finding("secrets", True, "every secret can be read, and secret files are closed to other users")


def named(value: Any, path: str = "") -> Iterator[tuple[str, SecretReference]]:
    """Key paths in the settings, and the secrets that they name."""
    if isinstance(value, SecretReference):
        yield path, value
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from named(getattr(value, key), f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from named(entry, f"{path}[{number}]")


def _look(path: str, reference: SecretReference) -> Iterator[Finding]:
    if reference.file is not None:
        unusable = _unusable(reference.file)
        if unusable:
            yield Finding("secrets", False, f"{path}: {reference.file} {unusable}", "name a file that holds the secret")
            return
        yield from _readable_by_others(path, reference.file)
    try:
        text = reference.read()
    except SettingsError as error:
        yield Finding("secrets", False, f"{path}: {error.args[0]}", error.hint)
        return
    if text != text.strip():
        message = f"{path}: the secret begins or ends with a space, which counts as part of it"
        yield Finding("secrets", False, message, "remove the space unless it is part of the secret", warning=True)
    elif "\n" in text and "-----BEGIN" not in text:
        message = f"{path}: the secret has more than one line"
        yield Finding("secrets", False, message, "write only the secret into its file", warning=True)


def _trail_key(settings: Settings) -> Iterator[Finding]:
    """With another secret in its place the daemon does not start."""
    key = settings.trail.key
    if key is None or (key.file is not None and _unusable(key.file)):
        return
    try:
        NoteSigner.parse(key.read().strip())
    except SettingsError:
        return  # `_look` says why
    except BadNote as error:
        yield Finding("secrets", False, f"trail.key: {error}", "`leakline trail new-key` prints one")


def _unusable(file: Path) -> str:
    """Why a file cannot hold a secret; empty if it can. Reading a pipe or a device would wait or never end."""
    try:
        found = file.stat()
    except OSError:
        return ""  # `read` says why
    if stat.S_ISDIR(found.st_mode):
        return "is a directory"
    if not stat.S_ISREG(found.st_mode):
        return "is not a plain file"
    return "is too large for a secret" if found.st_size > LONGEST else ""


def _readable_by_others(path: str, file: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        message = f"{path}: others can read or change {file} (mode {mode:04o})"
        yield Finding("secrets", False, message, f"chmod 0400 {file}", warning=True)
