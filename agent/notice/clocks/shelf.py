"""The bases of one shard: the one of now, and those by which its incidents were reckoned before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog
import yaml

from agent.notice.clock import BASIS, PACK
from agent.notice.clocks import basis as bases
from agent.notice.clocks.basis import KnownBasis, basis_of
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import SignedPack
from agent.notice.settings import NoticeSettings
from agent.source import Recall

log = structlog.get_logger()

PACKS = 8
"""Packs that are kept in memory, of the whole process."""


@dataclass(frozen=True, slots=True)
class CurrentBasis:
    """What new incidents are judged by."""

    known: KnownBasis
    raw: bytes
    """The text of its pack."""

    @classmethod
    def of(cls, settings: NoticeSettings, signed: SignedPack) -> CurrentBasis:
        basis = basis_of(settings, signed)
        return cls(KnownBasis(basis.digest, basis, signed.pack), signed.raw)

    def stored(self) -> dict[str, bytes | None]:
        """What of it is kept, by key under `keys.RESPONSE`."""
        basis = self.known.basis
        return {BASIS + self.known.digest: bases.encode(basis), PACK + basis.pack_sha256: self.raw}


class BasisShelf:
    """Reads bases of one shard, each once."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self._known: dict[str, KnownBasis | None] = {}

    def find(self, digests: Sequence[str], current: CurrentBasis | None) -> list[KnownBasis]:
        """Those of them that can be read, in their order. Of one that cannot, what was reckoned by it stays as it is."""
        now = current.known if current is not None else None
        found = [now if now is not None and digest == now.digest else self._get(digest) for digest in digests]
        return [known for known in found if known is not None]

    def _get(self, digest: str) -> KnownBasis | None:
        if digest not in self._known:
            try:
                self._known[digest] = self._read(digest)
            except (ValueError, yaml.YAMLError) as error:
                log.error("a basis of clocks cannot be read", digest=digest, reason=str(error)[:300])
                self._known[digest] = None
        return self._known[digest]

    def _read(self, digest: str) -> KnownBasis:
        data = self._recall(BASIS + digest)
        if data is None:
            raise ValueError("it is not there")
        basis = bases.decode(data)
        raw = self._recall(PACK + basis.pack_sha256)
        if basis.digest != digest or raw is None or hashlib.sha256(raw).hexdigest() != basis.pack_sha256:
            raise ValueError("it is not what was stored, or its pack is not")
        return KnownBasis(digest, basis, _pack(raw))


@lru_cache(maxsize=PACKS)
def _pack(raw: bytes) -> RegimePack:
    """It was verified when it came into force, and is the one that was: its digest says so."""
    return RegimePack.model_validate(yaml.load(raw, yaml.CSafeLoader))
