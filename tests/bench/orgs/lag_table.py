"""What rows of orgs that are well wait while each way of failing befalls another org, as a table."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.orgs.lag import NOWHERE, Lag, lag_run

UNDISTURBED = 3
"""Rounds before the turns, and as many after them."""
GOLDEN = 0.618
"""Of an interval: its multiples fall evenly into it."""
SHOWING = 25
"""Orgs that show a file in a round, at most, spread over all: with more, the cores are what they wait for."""


def print_lags(folder: Path, orgs: int, every: int, ways: Sequence[str]) -> None:
    """`every`: seconds between two polls of an org. In each round orgs show a file at the same moment.

    The last round is that of another daemon: a name that does not resolve stands in its settings.
    """
    print(f"\nrows of orgs that are well, while one of {orgs} fails; each is polled every {every} s; seconds")
    print(f"{'':36} {'median':>8} {'most':>8} {'polls above':>12} {'core-ms/s':>10} {'Pss MB':>8}")
    table = _Table(every)
    # Rounds begin anywhere between two polls: right after that of the failing org they would be short for its neighbours.
    pauses = (every * (number * GOLDEN % 1) for number in itertools.count(1))
    with lag_run(folder / "lag", orgs, f"{every}s") as run:
        run.round(range(orgs))  # makes what every org makes once, such as its detector
        for _ in range(UNDISTURBED):
            time.sleep(next(pauses))
            table.measure(run.round(_spread(range(orgs))))
        for turn, way in enumerate(ways):
            table.line(way, run.failing(turn, way, _spread(range(turn + 1, orgs)), pause=next(pauses)))
        for _ in range(UNDISTURBED):
            time.sleep(next(pauses))
            table.line("none fails, at the end", run.round(_spread(range(len(ways), orgs))))
    with lag_run(folder / "nowhere", orgs, f"{every}s", changes={0: {"url": NOWHERE}}) as run:
        run.round(range(1, orgs))
        table.line("its name does not resolve", run.round(_spread(range(1, orgs))))


class _Table:
    """The longest wait of any round in which none fails is what all others are measured by."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._undisturbed = 0.0

    def measure(self, lag: Lag) -> None:
        """A round in which none fails."""
        self._undisturbed = max(self._undisturbed, lag.most)
        self.line("none fails", lag)

    def line(self, way: str, lag: Lag) -> None:
        """Print a round."""
        above = (lag.most - self._undisturbed) / self._every
        print(
            f"{way:36} {lag.median:>8.2f} {lag.most:>8.2f} {above:>12.2f} {lag.core:>10.0f} {lag.pss:>8.0f}", flush=True
        )


def _spread(orgs: Sequence[int]) -> Sequence[int]:
    """At most `SHOWING` of them, as far apart as they go."""
    return orgs[:: -(-len(orgs) // SHOWING)]
