"""Verifying the whole trail at the start, against the newest checkpoints that are here and that destinations hold.

Nothing is repaired. Over years of records it takes a minute: turns are made meanwhile, and it ends early with the daemon.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice

from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_damage import TrailDamage
from agent.store.state import State
from agent.trail.checkpointer import newest_checkpoint, signing_keys
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, public_keys
from agent.trail.verify import TrailFinding, TrailReport, verify
from agent.wording.phrase import listed

LOOK_EVERY = 1_000
"""Records after which verifying looks whether it is to stop."""


class _Stopped(Exception):
    """The daemon stops before everything is verified; the next start verifies it."""


class TrailVerification:
    """For one thread."""

    def __init__(
        self,
        process: State,
        states: Callable[[], Mapping[str, State]],
        inquiry: MirrorInquiry,
        damage: TrailDamage,
        turn: Callable[[], None],
        every: float,
        stop: threading.Event,
    ) -> None:
        """`states`: by the shard's name, as they are now; `turn`: is made every so many seconds."""
        self._process = process
        self._states = states
        self._inquiry = inquiry
        self._damage = damage
        self._turn = turn
        self._every = every
        self._stop = stop
        self._turned = 0.0

    def run(self) -> TrailReport | None:
        """Each difference is reported; None where the daemon stopped before the end."""
        self._turned = time.monotonic()
        with suppress(_Stopped):
            return self._verify(self._held())
        return None

    def _held(self) -> list[str]:
        """Checkpoints that destinations hold. Asked before the chain's length is looked at: it has all that was sent by then."""
        held = list[str]()
        for answer in self._inquiry.ask():
            held += [answer.note] if answer.note else []
            self._go_on()
        return held

    def _verify(self, held: list[str]) -> TrailReport:
        newest = newest_checkpoint(self._process)
        notes = [newest["note"], *held] if newest else held
        known = public_keys(signing_keys(self._process))
        states = self._states()
        size = ShardTrail(self._process).head().size  # what a turn notes meanwhile may be of an org that is new
        chains = {
            name: partial(self._lines, ShardTrail(state), None if name else size) for name, state in states.items()
        }
        report = verify(chains, notes, known, origin_of(self._process.id))
        for finding in report.findings:
            self._damage.report(finding.chain, finding.message + self._holders(finding))
        return report

    def _holders(self, finding: TrailFinding) -> str:
        """Which destinations hold the checkpoint that a finding contradicts, for its sentence."""
        answers = self._inquiry.answers.items()
        names = [
            name for name, answer in answers if finding.checkpoint is not None and answer.size == finding.checkpoint
        ]
        return f" ({listed(names, 'and')} {'hold' if len(names) > 1 else 'holds'} that checkpoint)" if names else ""

    def _lines(self, trail: ShardTrail, most: int | None) -> Iterator[bytes]:
        """Records of a chain."""
        for number, line in enumerate(islice(trail.lines(), most), 1):
            yield line
            if number % LOOK_EVERY == 0:
                self._go_on()

    def _go_on(self) -> None:
        """Make a turn where it is due. Raises _Stopped when the daemon is to stop."""
        if self._stop.is_set():
            raise _Stopped
        if time.monotonic() - self._turned > self._every:
            self._turn()
            self._turned = time.monotonic()
