"""The pack of regimes that the daemon goes by, read at its start and at each reload.

A pack that is refused changes nothing: the last good one stays, and the problem says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import structlog

from agent.errors import DiskFull
from agent.notice.regimes import pack as packs
from agent.notice.regimes.choice import PLACES, Holds, PackChoice, choose
from agent.notice.regimes.doubtful_names import unknown_names
from agent.notice.regimes.kept_pack import KeptPack, claims
from agent.notice.regimes.pack import SignedPack
from agent.notice.regimes.scope import Scope
from agent.signing.signed_note import NoteVerifier
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State

log = structlog.get_logger()

REFUSED = "regimes-refused"


@dataclass(frozen=True, slots=True)
class PackSummary:
    """What is told of the pack in force."""

    id: str
    version: str
    regimes: int
    sha256: str
    signed_by: str
    review_by: date
    review_due: bool
    """Whether nobody has looked at it by that day; it stays in force."""


class PackInForce:
    """Of the process. For one thread at a time; what is in force may be read from any."""

    def __init__(
        self,
        state: State,
        problems: Problems,
        shipped: Path = packs.SHIPPED,
        verifiers: Sequence[NoteVerifier] | None = None,
        holds: Holds = lambda _before, _newer: False,
    ) -> None:
        """`state`, `problems`: of the process's shard; `verifiers`: keys that may sign packs, those of the package unless
        given; `holds`: what has to wait.
        """
        self._state = state
        self._problems = problems
        self._shipped = shipped
        self._verifiers = verifiers
        self._holds = holds
        self._signed: SignedPack | None = None

    def load(self, settings: Scope | None, now: datetime) -> PackChoice:
        """The pack that is in force from now on, and those that wait; to be called at the start and at each reload.

        Raises PackRefused where not one pack is accepted and none was before.
        """
        kept = self._state.data(keys.PACK.key())
        file = settings.pack if settings else None
        choice = choose(
            kept, file, running=self._signed, shipped=self._shipped, verifiers=self._verifiers, holds=self._holds
        )
        self._keep(choice, kept)
        self._tell(choice)
        _warn(choice.signed, settings, now.date())
        self._signed = choice.signed
        return choice

    def summary(self, now: datetime) -> PackSummary | None:
        """Of the pack in force; None before the first `load`."""
        return summary(self._signed, now.date()) if self._signed else None

    def _keep(self, choice: PackChoice, kept: bytes | None) -> None:
        """Unless what is kept is a whole pack that is newer and refused, as after a return to an older Leakline that does not
        know its key: it is in force again once that is over.
        """
        content = KeptPack.of(choice.signed).encode()
        refused_whole = choice.refusal("state") and kept is not None and claims(kept) is not None
        if kept == content or refused_whole:
            return
        try:
            with self._state.transact() as transaction:
                transaction.set(keys.PACK.key(), content)
        except DiskFull:
            log.warning("the pack of regimes is not kept", version=choice.signed.pack.pack.version, reason="no room")

    def _tell(self, choice: PackChoice) -> None:
        head = choice.signed.pack.pack
        for place in PLACES:
            refusal = choice.refusal(place)
            try:
                if refusal is None:
                    self._problems.over(REFUSED, place, f"the pack of regimes {head.id} {head.version} is in force")
                    continue
                message = f"{refusal.error}; the pack {head.id} {head.version} stays in force"
                self._problems.report(REFUSED, place, message, fix=refusal.fix)
            except DiskFull:  # a full disk ends neither a start nor a reload
                log.warning(
                    "a pack of regimes is not reported", place=place, refused=str(refusal.error) if refusal else ""
                )


def summary(signed: SignedPack, day: date) -> PackSummary:
    """`day`: today."""
    head = signed.pack.pack
    return PackSummary(
        head.id,
        head.version,
        len(signed.pack.regimes),
        signed.sha256,
        signed.signed_by,
        head.review_by,
        head.review_due(day),
    )


def _warn(signed: SignedPack, settings: Scope | None, day: date) -> None:
    """In the log, for those who start without `leakline check`."""
    head = signed.pack.pack
    log.info("regimes in force", pack=head.id, version=head.version, regimes=len(signed.pack.regimes))
    if head.review_due(day):
        log.warning("regimes due for review", version=head.version, review_by=head.review_by.isoformat())
    for doubt in unknown_names(signed.pack, settings) if settings else ():
        log.warning("doubtful settings", subject=doubt.setting, problem=doubt.message, fix=doubt.fix)
