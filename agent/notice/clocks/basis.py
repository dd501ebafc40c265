"""By what clocks are reckoned: a pack of regimes and what of the settings says whom it binds. Both are kept with the incidents that
were judged by them, so that any date can be reckoned again years later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter

from agent.notice.floors.spans import SpanFloors, presumed_after
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import SignedPack
from agent.notice.settings import NoticeSettings


@dataclass(frozen=True, slots=True)
class BasisContract:
    """As `ContractSettings` has it."""

    name: str
    anchor: str
    hours: float
    recipient: str


@dataclass(frozen=True, slots=True)
class Basis:
    """A `Scope` of regimes, as it was when an incident was judged."""

    pack_id: str
    pack_version: str
    pack_sha256: str
    zone: str | None
    jurisdictions: tuple[str, ...]
    roles: tuple[str, ...]
    sectors: tuple[str, ...]
    contracts: tuple[BasisContract, ...]
    presume_aware_after: timedelta

    @property
    def pack(self) -> Path | None:
        """Which file it came from matters to nobody any more."""
        return None

    @property
    def digest(self) -> str:
        """32 hexadecimal digits: the same for the same content."""
        return hashlib.blake2b(encode(self), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class KnownBasis:
    """A basis with the pack that it names."""

    digest: str
    basis: Basis
    pack: RegimePack

    @property
    def title(self) -> str:
        return f"{self.basis.pack_id} {self.basis.pack_version}"


def basis_of(settings: NoticeSettings, signed: SignedPack) -> Basis:
    """In an order of its own: the same names in another order are no other basis. Awareness is presumed no later than the pack's terms
    allow, whatever the settings say: a newer pack may come while they stay.
    """
    contracts = [BasisContract(known.name, known.anchor, known.hours, known.recipient) for known in settings.contracts]
    head = signed.pack.pack
    return Basis(
        head.id,
        head.version,
        signed.sha256,
        settings.zone,
        tuple(sorted(set(settings.jurisdictions))),
        tuple(sorted(set(settings.roles))),
        tuple(sorted(set(settings.sectors))),
        tuple(sorted(contracts, key=lambda contract: contract.name)),
        presumed_after(settings, SpanFloors.of(settings, signed.pack)),
    )


_ADAPTER = TypeAdapter(Basis)


def encode(basis: Basis) -> bytes:
    return _ADAPTER.dump_json(basis)


def decode(data: bytes) -> Basis:
    """Raises ValueError for what is not a basis."""
    return _ADAPTER.validate_json(data)
