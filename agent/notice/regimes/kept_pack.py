"""The pack that was in force last, kept by its content: a package that brings an older one does not take its place.

It is verified whenever it is read, like one that comes from a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from agent.notice.regimes.pack import PackRefused, SignedPack, accepted, order
from agent.signing.signed_note import NoteVerifier
from agent.store import keys
from agent.store.directory.stored_value import stored_value

PLACE = Path("state") / keys.PACK.prefix
"""What is shown as its path."""

_STATEMENT = re.compile(r"[^\n]*\n\S+ (\d{4}\.\d{2}\.\d{2}(?:\.\d+)?)\n([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class KeptPack:
    """A file and its signature, as text."""

    pack: str
    note: str

    def encode(self) -> bytes:
        return orjson.dumps({"pack": self.pack, "note": self.note})

    @classmethod
    def of(cls, signed: SignedPack) -> KeptPack:
        return cls(signed.raw.decode(), signed.note)

    @classmethod
    def decode(cls, data: bytes) -> KeptPack:
        """Raises PackRefused for what is damaged."""
        try:
            values = orjson.loads(data)
            return cls(str(values["pack"]), str(values["note"]))
        except (ValueError, TypeError, KeyError):
            raise PackRefused(PLACE, "what is kept of it cannot be read") from None

    def read(self, verifiers: Sequence[NoteVerifier]) -> SignedPack:
        """Raises PackRefused."""
        return accepted(self.pack.encode(), self.note, PLACE, verifiers)


def claims(data: bytes) -> list[int] | None:
    """The order of the version that a kept pack's note states, where the note is about it; who signed it is not asked. None
    for what is damaged.
    """
    try:
        kept = KeptPack.decode(data)
    except PackRefused:
        return None
    stated = _STATEMENT.match(kept.note)
    if stated is None or hashlib.sha256(kept.pack.encode()).hexdigest() != stated[2]:
        return None
    return order(stated[1])


def stored(directory: Path) -> bytes | None:
    """What a state directory keeps (`agent.store.directory.stored_value`)."""
    return stored_value(directory, keys.shard_prefix(keys.PROCESS) + keys.PACK.key())
