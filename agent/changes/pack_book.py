"""Which pack of regimes is approved: kept by content under `keys.RESPONSE` of the process's own shard, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.changes import book
from agent.changes.book import InForce
from agent.store.state import StateRecall

IN_FORCE, APPROVED = "settings/pack/in-force", "settings/pack/approved/"
"""JSON `InForce` of a `document`; by SHA-256 of its file, each pack that people approved although it weakens."""

_PACK, _SHA256 = "pack", "sha256"


def document(pack: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """What is kept of a pack, and what votes bind to. `pack`: as JSON has it; `sha256`: of its file, which is signed."""
    return {_PACK: pack, _SHA256: sha256}


def pack_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pack of a document, as JSON has it."""
    pack: Mapping[str, Any] = found[_PACK]
    return pack


def file_of(found: Mapping[str, Any]) -> str:
    """SHA-256 of the file of a document."""
    return str(found[_SHA256])


def in_force(recall: StateRecall) -> InForce | None:
    """None before the first start. Raises DamagedBook."""
    return book.in_force(recall, IN_FORCE)


def is_approved(recall: StateRecall, sha256: str) -> bool:
    """Whether people approved it although it weakens. `sha256`: of its file."""
    return recall(APPROVED + sha256) is not None


def stored_in_force(known: InForce) -> dict[str, bytes]:
    return book.stored_in_force(known, IN_FORCE)


def stored_approval(sha256: str) -> dict[str, bytes]:
    """`sha256`: of its file."""
    return {APPROVED + sha256: b""}
