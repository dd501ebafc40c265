"""The lanes that a destination gets nothing of, because it refused nearly everything of them for good.

They stay stopped over restarts, until the destination accepts a row of them or somebody acknowledges the problem. Each
lane is judged by itself: whoever can have his events refused must not silence the alerts about him.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.delivery_settings import RefusalSettings
from agent.model import Lane
from agent.store import keys
from agent.store.problems import Problems
from agent.store.queue.refusal_window import RefusalWindow
from agent.store.state import State
from agent.wording.number import counted

TRY_EVERY = 300.0
"""Seconds between two looks, with one row, at whether the destination takes rows again."""

KIND = "destination-stopped"


class StoppedLanes:
    """Of one destination. For its loop's thread; `lanes` may be read by any."""

    def __init__(
        self,
        destination: str,
        all_lanes: Sequence[Lane],
        settings: RefusalSettings,
        state: State,
        problems: Problems,
        monotonic: Callable[[], float],
    ) -> None:
        self._destination = destination
        self._all = all_lanes
        self._refusals = {lane: RefusalWindow(settings) for lane in all_lanes}
        self._state = state
        self._problems = problems
        self._monotonic = monotonic
        stored = (state.text(keys.STOPPED.key(destination)) or "").split()
        self.lanes: Sequence[Lane] = [lane for lane in all_lanes if lane in stored]
        self._next_try = monotonic() + TRY_EVERY

    def open_lanes(self) -> Sequence[Lane]:
        """The lanes that are open."""
        if not self.lanes:
            return self._all
        if not self._problems.is_open(KIND, self._destination):
            self.lanes = []  # somebody has acknowledged it
        return [lane for lane in self._all if lane not in self.lanes]

    def record_answer(self, lane: Lane, rows: int, refused: int, reason: str) -> None:
        """The destination answered for `rows` rows and refused some for good; stops the lane when that is too much."""
        refusals = self._refusals[lane]
        refusals.add(rows, refused)
        if not refusals.excessive:
            return
        message = (
            f"{self._destination} refused {refusals.refused:,} of the last {counted(refusals.rows, 'row')} of the lane {lane} for "
            f"good: nothing more is sent; the last reason: {(reason.strip() or 'none').splitlines()[-1]}"
        )
        stopped = [known for known in self._all if known == lane or known in self.lanes]
        with self._state.transact() as transaction:
            transaction.set(keys.STOPPED.key(self._destination), " ".join(stopped))
            self._problems.report(KIND, self._destination, message)
        refusals.forget()
        self.lanes = stopped
        self._next_try = self._monotonic() + TRY_EVERY

    def due_for_retry(self) -> bool:
        """Whether it is time to offer a row; then not again for a while."""
        if not self.lanes or self._monotonic() < self._next_try:
            return False
        self._next_try = self._monotonic() + TRY_EVERY
        return True

    def resume(self) -> None:
        """The destination has accepted a row."""
        self._problems.over(KIND, self._destination, f"{self._destination} accepted a row: delivery continues")
        self.lanes = []
