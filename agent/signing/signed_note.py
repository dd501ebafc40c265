"""Signed notes as C2SP has them (c2sp.org/signed-note, version 1.0.0): a text, an empty line, signatures with Ed25519.

A key has a name and an id of four bytes, so that whoever verifies knows which of several keys to try:

    — leakline.example/regimes 1f2e3d4cAAAA…

A public key in text is `<name>+<id in hex>+<base64 of 0x01 and the key>`; a private one is `PRIVATE+KEY+` before that form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ED25519 = b"\x01"
"""The algorithm's byte in keys (c2sp.org/signed-note, "Ed25519")."""

MOST_BYTES = 1 << 20
"""A longer note is not read."""

_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_ID_BYTES = 4


class BadNote(ValueError):
    """A note that cannot be read, or that no known key has signed; `str` says which."""


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key and its name."""

    name: str
    key: bytes
    """32 bytes."""

    @classmethod
    def parse(cls, text: str) -> NoteVerifier:
        """Raises BadNote."""
        name, id_, key = _parts(text.strip())
        verifier = cls(name, key)
        if verifier.id.hex() != id_:
            raise BadNote(f"the public key of {name} does not belong to its id {id_}")
        return verifier

    @property
    def id(self) -> bytes:
        """Four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    def accepts(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key and its name."""

    name: str
    _key: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> NoteSigner:
        """A new key. Raises BadNote for a name that a note cannot hold."""
        _check_name(name)
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> NoteSigner:
        """Raises BadNote, whose words do not show the key."""
        if not text.startswith(_PRIVATE):
            raise BadNote(f"this is not a private key; it begins with {_PRIVATE}")
        name, id_, seed = _parts(text.strip().removeprefix(_PRIVATE))
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if signer.verifier.id.hex() != id_:
            raise BadNote(f"the private key of {name} does not belong to its id {id_}")
        return signer

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(self.name, self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def renamed(self, name: str) -> NoteSigner:
        """The same key under another name, so that its id is another one. Raises BadNote."""
        _check_name(name)
        return NoteSigner(name, self._key)

    def private_text(self) -> str:
        """The private key, as `parse` reads it."""
        seed = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        key = base64.b64encode(ED25519 + seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{key}"

    def sign(self, text: str) -> str:
        """The note: `text`, which ends with a line's end, and a signature of it. Raises BadNote for another text."""
        _check_text(text)
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.name} {signature}\n"


def verified(note: str, verifiers: Sequence[NoteVerifier]) -> str:
    """The text of a note that one of these keys has signed.

    Raises BadNote: it is not a note, none of the keys signed it, or a signature with the name and id of one of them is not
    its own.
    """
    text, signatures = parted(note)
    accepted = False
    for name, id_, signature in signatures:
        for verifier in verifiers:
            if (verifier.name, verifier.id) == (name, id_):
                if not verifier.accepts(text, signature):
                    raise BadNote(f"the signature of {name} does not fit the text: one of the two was changed")
                accepted = True
    if not accepted:
        signed_by = ", ".join(f"{name} ({id_.hex()})" for name, id_, _ in signatures)
        raise BadNote(f"no known key has signed it; it is signed by {signed_by}")
    return text


def parted(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Text, and name, key id and signature of each signature; nothing is verified. Raises BadNote."""
    if len(note) > MOST_BYTES:
        raise BadNote(f"it is longer than {MOST_BYTES:,} bytes")
    text, empty, below = note.rpartition("\n\n")
    if not empty or not below.endswith("\n"):
        raise BadNote("it is not a signed note: a text, an empty line, and lines that begin with a dash and a name")
    _check_text(text + "\n")
    return text + "\n", [_signature(line) for line in below[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.removeprefix(_DASH).split(" ")
    try:
        raw = base64.b64decode(parts[-1], validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not line.startswith(_DASH) or len(parts) != 2 or len(raw) < _ID_BYTES + 1:
        raise BadNote(f"{line[:80]!r} is not a signature")
    return parts[0], raw[:_ID_BYTES], raw[_ID_BYTES:]


def _parts(text: str) -> tuple[str, str, bytes]:
    """Name, id in hex and the 32 bytes of a key in text."""
    name, _, rest = text.partition("+")
    id_, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 33 or raw[:1] != ED25519:
        raise BadNote("this is not a key of a signed note: <name>+<id>+<key>")
    _check_name(name)
    return name, id_, raw[1:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() for letter in name):
        raise BadNote(f"{name[:60]!r} is not a key's name; write one without spaces and `+`")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(letter) < 0x20 and letter != "\n" for letter in text):
        raise BadNote("a note's text ends with a line's end and has no other control characters")
