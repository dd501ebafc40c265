"""Which pack of regimes is in force: under permissions one that weakens waits until people have approved it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.changes.classes.comparisons.regime_pack import pack_differences
from agent.changes.pack_book import APPROVED
from agent.config.settings import Settings
from agent.notice.regimes import pack as packs
from agent.notice.regimes.choice import Holds, PackChoice, choose
from agent.notice.regimes.kept_pack import stored
from agent.notice.regimes.pack import SignedPack
from agent.signing.signed_note import NoteVerifier
from agent.store import keys
from agent.store.directory.stored_value import stored_value


def pack_document(signed: SignedPack) -> dict[str, Any]:
    """A pack as JSON has it, by the names of its file."""
    return signed.pack.model_dump(mode="json", by_alias=True)


def pack_hold(settings: Settings, is_approved: Callable[[str], bool]) -> Holds:
    """What has to wait by these settings. `is_approved`: of the SHA-256 of a pack's file."""

    def holds(before: SignedPack, newer: SignedPack) -> bool:
        if settings.permissions is None or is_approved(newer.sha256):
            return False
        found = pack_differences(pack_document(before), pack_document(newer))
        return any(difference.change_class in ("weaken", "forbidden") for difference in found)

    return holds


def pack_choice(
    settings: Settings, *, shipped: Path = packs.SHIPPED, verifiers: Sequence[NoteVerifier] | None = None
) -> PackChoice:
    """As the daemon of these settings chooses, by what its state directory keeps. `shipped`, `verifiers`: see `choose`. Raises
    PackRefused.
    """
    directory = settings.state.directory
    prefix = keys.shard_prefix(keys.PROCESS) + keys.RESPONSE.key(APPROVED)
    holds = pack_hold(settings, lambda sha256: stored_value(directory, prefix + sha256) is not None)
    file = settings.notice.pack if settings.notice is not None else None
    return choose(stored(directory), file, shipped=shipped, verifiers=verifiers, holds=holds)
