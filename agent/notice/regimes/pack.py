"""Reading a pack of regimes: the shipped one, or a newer one beside its signature.

A pack is a YAML file and a signed note beside it (`.note`), which names the file's version and SHA-256. The keys that may sign
packs are in this package (`keys.txt`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from agent.errors import FileError
from agent.notice.regimes.model import SCHEMA, RegimePack
from agent.signing.signed_note import BadNote, NoteSigner, NoteVerifier, verified

HERE = Path(__file__).parent
SHIPPED = HERE / "core.yaml"
NOTE = ".note"

MOST_BYTES = 4 << 20
"""A longer file is not read."""


class PackRefused(FileError):
    """A pack that is not used; the one in force stays. The text says why."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(path, 1, message)


@dataclass(frozen=True, slots=True)
class SignedPack:
    """A pack and what vouches for it."""

    pack: RegimePack
    path: Path
    sha256: str
    """Of the file, in hexadecimal digits."""
    signed_by: str
    """The name of the key."""
    raw: bytes = field(repr=False)
    """The file."""
    note: str = field(repr=False)
    """Its signature, as text."""

    @property
    def order(self) -> list[int]:
        """Higher for a newer one."""
        return order(self.pack.pack.version)


@lru_cache(maxsize=1)
def shipped() -> SignedPack:
    """The pack of this package. Raises PackRefused where it was changed."""
    return read(SHIPPED, known_keys())


def known_keys() -> list[NoteVerifier]:
    """Those that may sign packs."""
    lines = (HERE / "keys.txt").read_text(encoding="utf-8").splitlines()
    return [NoteVerifier.parse(line) for line in lines if line.strip() and not line.startswith("#")]


def read(path: Path, keys: Sequence[NoteVerifier]) -> SignedPack:
    """A pack that one of these keys signed.

    Raises PackRefused for what is not there, too long, unsigned, changed after it was signed, or no pack.
    """
    note_path = path.with_name(path.name + NOTE)
    return accepted(_bytes(path), _bytes(note_path).decode("utf-8", "replace"), path, keys)


def accepted(raw: bytes, note: str, path: Path, keys: Sequence[NoteVerifier]) -> SignedPack:
    """A pack whose file and signature are at hand; `path`: where they are from. Raises PackRefused as `read` does."""
    try:
        text = verified(note, keys)
    except BadNote as error:
        raise PackRefused(path, f"the signature is not accepted: {error}") from error
    digest, pack = hashlib.sha256(raw).hexdigest(), _parsed(raw, path)
    if text != _statement(pack, digest):
        raise PackRefused(path, "the file is not the one that was signed: it was changed since")
    return SignedPack(pack, path, digest, _signer(note), raw, note)


def newer(candidate: SignedPack, in_force: SignedPack) -> SignedPack:
    """`candidate`, which may take the place of the pack in force. Raises PackRefused for an older one, or another's."""
    if candidate.pack.pack.id != in_force.pack.pack.id:
        raise PackRefused(candidate.path, f"it is the pack {candidate.pack.pack.id}, not {in_force.pack.pack.id}")
    if candidate.order < in_force.order:
        message = f"version {candidate.pack.pack.version} is older than {in_force.pack.pack.version}, which is in force"
        raise PackRefused(candidate.path, message)
    if candidate.order == in_force.order and candidate.sha256 != in_force.sha256:
        message = (
            f"version {candidate.pack.pack.version} is in force with another content; a newer pack has a higher version"
        )
        raise PackRefused(candidate.path, message)
    return candidate


def sign(path: Path, signer: NoteSigner) -> Path:
    """Write the note of a pack beside it; returns its path. Raises PackRefused for what is no pack."""
    raw = _bytes(path)
    statement = _statement(_parsed(raw, path), hashlib.sha256(raw).hexdigest())
    note = path.with_name(path.name + NOTE)
    note.write_text(signer.sign(statement), encoding="utf-8")
    return note


def _parsed(raw: bytes, path: Path) -> RegimePack:
    try:
        return RegimePack.model_validate(yaml.load(raw, yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise PackRefused(path, f"it is not a pack of regimes: {_shortened(error)}") from error


def _statement(pack: RegimePack, digest: str) -> str:
    """What is signed."""
    return f"{SCHEMA}\n{pack.pack.id} {pack.pack.version}\n{digest}\n"


def order(version: str) -> list[int]:
    """Versions as what can be compared."""
    return [int(part) for part in version.split(".")]


def _signer(note: str) -> str:
    return note.rpartition("\n\n")[2].split(" ")[1]


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PackRefused(path, f"it cannot be read ({error.strerror})") from error
    if len(raw) > MOST_BYTES:
        raise PackRefused(path, f"it is longer than {MOST_BYTES:,} bytes")
    return raw


def _shortened(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split())[:300]
