"""What rows of orgs that are well wait while each way of failing befalls another org, as a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.orgs.lag import NOWHERE, Lag, LagRun, in_turn, lag_run

UNDISTURBED = 3
"""Rounds before the turns, and as many after them."""


def print_lags(folder: Path, orgs: int, every: int, ways: Sequence[str]) -> None:
    """`every`: seconds between two polls of an org. In each round all orgs show a file at the same moment.

    The last round is that of another daemon: a name that does not resolve stands in its settings.
    """
    print(f"\nrows of orgs that are well, while one of {orgs} fails; each is polled every {every} s; seconds")
    print(f"{'':36} {'median':>8} {'most':>8} {'polls above':>12} {'core-ms/s':>10} {'Pss MB':>8}")
    with lag_run(folder / "lag", orgs, f"{every}s") as run:
        before = list(_undisturbed(run, range(orgs)))
        most = max(lag.most for lag in before)
        for way, lag in itertools.chain((("none fails", lag) for lag in before), in_turn(run, ways, orgs)):
            _print(way, lag, (lag.most - most) / every)
        for lag in _undisturbed(run, range(len(ways), orgs)):
            _print("none fails, at the end", lag, (lag.most - most) / every)
    with lag_run(folder / "nowhere", orgs, f"{every}s", changes={0: {"url": NOWHERE}}) as run:
        run.round(range(1, orgs))  # makes what every org makes once
        lag = run.round(range(1, orgs))
        _print("its name does not resolve", lag, (lag.most - most) / every)


def _undisturbed(run: LagRun, orgs: Sequence[int]) -> Iterator[Lag]:
    run.round(orgs)  # makes what every org makes once, such as its detector; or gets over what was before
    for _ in range(UNDISTURBED):
        yield run.round(orgs)


def _print(way: str, lag: Lag, above: float) -> None:
    print(f"{way:36} {lag.median:>8.2f} {lag.most:>8.2f} {above:>12.2f} {lag.core:>10.0f} {lag.pss:>8.0f}", flush=True)
