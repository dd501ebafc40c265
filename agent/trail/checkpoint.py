"""Checkpoints: how long the process's chain is and the root of its tree, signed (c2sp.org/tlog-checkpoint).

The process's chain notes the heads of all other chains, so that one checkpoint covers every record of all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from agent.signing.signed_note import BadNote, NoteSigner, NoteVerifier, verified
from agent.trail.tree import HASH_BYTES


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed."""

    origin: str
    """Whose trail it is; also the key's name."""
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def short(self) -> str:
        """For the head of an alert: enough to tell this trail from one that was written anew."""
        return f"{self.size}:{self.root.hex()[:12]}"


def signed(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """The note."""
    return signer.sign(str(checkpoint))


def opened(note: str, verifiers: Sequence[NoteVerifier]) -> Checkpoint:
    """A checkpoint that one of the keys signed. Raises BadNote."""
    lines = verified(note, verifiers).split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (IndexError, ValueError, binascii.Error) as error:
        raise BadNote("it is signed, and not a checkpoint") from error
    if not origin or size < 0 or str(size) != lines[1] or len(root) != HASH_BYTES or lines[3:] != [""]:
        raise BadNote("it is signed, and not a checkpoint")
    return Checkpoint(origin, size, root)
