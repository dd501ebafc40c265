"""Which of the packs that are at hand is in force: the highest version of those that are accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.notice.regimes import pack as packs
from agent.notice.regimes.kept_pack import KeptPack, claims
from agent.notice.regimes.pack import PackRefused, SignedPack
from agent.signing.signed_note import NoteVerifier

Place = Literal["package", "state", "notice.pack"]

PLACES: Sequence[Place] = ("package", "state", "notice.pack")

FIXES: Mapping[Place, str] = {
    "package": "install Leakline again: its files were changed",
    "state": "install the Leakline that it came with, or name a newer signed pack in `notice.pack`, then `leakline reload`",
    "notice.pack": "put a newer signed pack there with its `.note` beside it, or remove `notice.pack`; then `leakline reload`",
}
"""By where the pack is from, what a person does about one that is refused."""


@dataclass(frozen=True, slots=True)
class PackRefusal:
    """A pack that is not taken."""

    place: Place
    error: PackRefused

    @property
    def fix(self) -> str:
        return FIXES[self.place]


Holds = Callable[[SignedPack, SignedPack], bool]
"""Whether a newer pack, the second, has to wait for people's approval while the first is in force."""


@dataclass(frozen=True, slots=True)
class PackChoice:
    """The pack that is in force, those that were refused, and those that wait for approval."""

    signed: SignedPack
    refusals: tuple[PackRefusal, ...] = ()
    waiting: tuple[SignedPack, ...] = ()

    def refusal(self, place: Place) -> PackRefusal | None:
        return next((refusal for refusal in self.refusals if refusal.place == place), None)


def choose(
    kept: bytes | None = None,
    file: Path | None = None,
    *,
    running: SignedPack | None = None,
    shipped: Path = packs.SHIPPED,
    verifiers: Sequence[NoteVerifier] | None = None,
    holds: Holds = lambda _before, _newer: False,
) -> PackChoice:
    """Of what runs already, the shipped pack, what the state keeps, and the file of the settings.

    What is in force before is what runs, else what the state keeps: where that cannot be read, nothing is held.

    Raises PackRefused where none of them is accepted: the reason is that of the shipped one.
    """
    known = packs.known_keys() if verifiers is None else verifiers
    readers: list[tuple[Place, Callable[[], SignedPack]]] = [("package", lambda: packs.read(shipped, known))]
    if kept is not None:
        readers.append(("state", lambda: KeptPack.decode(kept).read(known)))
    if file is not None:
        readers.append(("notice.pack", lambda: packs.read(file, known)))
    before = running or (_readable(kept, known) if kept is not None else None)
    best, refusals, waiting = running, list[PackRefusal](), dict[str, SignedPack]()
    for place, read in readers:
        try:
            signed = read()
            if before is not None and signed.order > before.order and holds(before, signed):
                waiting[signed.sha256] = signed
            else:
                best = _better(signed, best, place)
        except PackRefused as error:
            if not (place == "state" and kept is not None and _is_superseded(kept, best)):
                refusals.append(PackRefusal(place, error))
    if best is None:
        raise refusals[0].error
    return PackChoice(best, tuple(refusals), tuple(waiting.values()))


def _readable(kept: bytes, verifiers: Sequence[NoteVerifier]) -> SignedPack | None:
    with suppress(PackRefused):
        return KeptPack.decode(kept).read(verifiers)
    return None


def _better(signed: SignedPack, best: SignedPack | None, place: Place) -> SignedPack:
    """The newer of the two. That a package or what is kept is older is as it should be; who names an older file errs."""
    if best is None:
        return signed
    if signed.sha256 == best.sha256 or (place != "notice.pack" and signed.order < best.order):
        return best
    return packs.newer(signed, best)


def _is_superseded(kept: bytes, by: SignedPack | None) -> bool:
    """Whether it says itself that it is no newer: after an upgrade nobody needs it, whether its key is still known or not."""
    claimed = claims(kept)
    return by is not None and claimed is not None and claimed <= by.order
