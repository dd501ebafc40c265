"""The key of a trail's checkpoints: from the settings, or made once and kept beside the state."""

from __future__ import annotations

import os
from pathlib import Path

from agent.errors import SettingsError
from agent.signing.signed_note import BadNote, NoteSigner, NoteVerifier
from agent.trail.settings import TrailSettings

FILE = "trail-key"
"""In the state directory, where the settings name no key."""

_MODE = 0o600


def origin_of(state_id: str) -> str:
    """What a state's trail is called in checkpoints. `state_id`: eight hexadecimal digits, given once."""
    return f"leakline/{state_id}/trail"


def signer(settings: TrailSettings, directory: Path, origin: str) -> NoteSigner:
    """The key, with the trail's name. Raises SettingsError for a secret that is not there or is no key, and OSError."""
    if settings.key is not None:
        return _named(settings.key.read(), origin, "trail.key")
    path = directory / FILE
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        made = NoteSigner.generate(origin)
        _write(path, made.private_text())
        return made
    return _named(text, origin, str(path))


def _named(text: str, origin: str, where: str) -> NoteSigner:
    """The key under the trail's name, whatever it was called when it was made."""
    try:
        return NoteSigner.parse(text.strip()).renamed(origin)
    except BadNote as error:
        raise SettingsError(f"{where}: {error}", hint="`leakline trail new-key` prints one") from error


def _write(path: Path, text: str) -> None:
    """On the disk when it returns, whole or not at all: a checkpoint that no key of ours verifies would look like an attack."""
    begun = path.with_name(f"{path.name}.new")
    descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    begun.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def public_keys(texts: list[str]) -> list[NoteVerifier]:
    """Keys that have signed checkpoints, as `keys` of the state has them."""
    return [NoteVerifier.parse(text) for text in texts]
