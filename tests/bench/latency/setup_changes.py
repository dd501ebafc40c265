"""From a change in Setup to its alert: at most the time between two polls, and less than two seconds.

Changes come at random moments of the interval, each of another administrator, so that none is folded into another's alert. As
in an org, a row can be seen at once and says the second in which it was made (CreatedDate): the alert's age is reckoned from both.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from agent.normalize.vendor_identity import identify_named
from tests.bench.latency.alert_watch import AlertWatch, alert_watch, nearly_most
from tests.bench.latency.publisher import Change, Publisher

INTERVALS = (5, 60)
"""Seconds between two polls; the second is the default."""
POLLS = {5: 20, 60: 5}
"""So many intervals the changes are spread over: few enough that the whole takes seven minutes."""
AIM = 2.0
"""Seconds above the interval."""
PATIENCE = 60.0
"""Seconds above the interval in which an alert must have come."""


def measure(folder: Path, org: Publisher, intervals: Sequence[int], changes: int) -> None:
    print(
        f"{'every s':>8} {'from':>12} {'to':>6} {'alerts':>7} {'median s':>9} {'99th s':>8} {'most s':>8} "
        f"{'most - every':>13}",
        flush=True,
    )
    for every in intervals:
        source = {"type": "setup_audit_trail", "every": f"{every}s", "start": "1h"}
        with alert_watch(folder / f"setup {every}", org.facts, source) as watch:
            _warm_up(watch, org, every)
            _tell(every, watch, _by_id(org.change(changes, float(every * POLLS[every])), org))


def _warm_up(watch: AlertWatch, org: Publisher, every: int) -> None:
    """Until the alert about a change has come: the first polls load what later ones have."""
    change = _by_id(org.change(1, 0.0), org)
    if not watch.latencies({name: made.seen for name, made in change.items()}, every + PATIENCE)["HTTPS"]:
        raise SystemExit(f"no alert came: {watch.agent.status()}\nthe log ends with\n{watch.agent.words()}")


def _by_id(changes: Sequence[Change], org: Publisher) -> dict[str, Change]:
    """By `event.id` in place of the row's Id."""
    names = pl.Series([change.id for change in changes], dtype=pl.String)
    return dict(zip(identify_named(names, org.facts.org, "SetupAuditTrail").to_list(), changes, strict=True))


def _tell(every: int, watch: AlertWatch, changes: Mapping[str, Change]) -> None:
    for since, moments in (
        ("seen", {name: change.seen for name, change in changes.items()}),
        ("CreatedDate", {name: change.created for name, change in changes.items()}),
    ):
        for place, latencies in watch.latencies(moments, every + PATIENCE).items():
            if latencies:
                print(
                    f"{every:>8} {since:>12} {place:>6} {len(latencies):>7} {statistics.median(latencies):>9.3f} "
                    f"{nearly_most(latencies):>8.3f} {latencies[-1]:>8.3f} {latencies[-1] - every:>13.3f}",
                    flush=True,
                )
            if lost := len(moments) - len(latencies):
                print(f"{every:>8} {lost} alerts did not come within {every + PATIENCE:.0f} s", flush=True)
            elif since == "seen" and latencies[-1] >= every + AIM:
                print(f"{every:>8} the aim is missed: less than {AIM:.0f} s above the interval", flush=True)
