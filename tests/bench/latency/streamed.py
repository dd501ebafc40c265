"""From a streamed event to its alert.

A simulated org streams events over twenty channels at 1, 20 and 200 a second, some of which are alerts by themselves. From the
time that the event says it happened to the alert's line in the file, and to its arrival at a HEC server over TLS. Core time is of
the whole process while events come, less what it takes while none do.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from agent.normalize.vendor_identity import identify_named
from tests.bench.latency.alert_watch import AlertWatch, alert_watch, nearly_most
from tests.bench.latency.publisher import LEAK, Facts, Publisher
from tests.bench.orgs.process_cost import core_seconds

LOADS = ((1.0, 1.0), (20.0, 4.0), (200.0, 8.0))
"""Events a second, and how many of them are alerts."""
ENOUGH = 60.0
"""Seconds after the last event in which its alert must have come."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Of one load: `latencies`, seconds by destination; `lost`: leaks without an alert; `core_ms`: an event."""

    latencies: Mapping[str, Sequence[float]]
    lost: int
    core_ms: float


def measure(folder: Path, org: Publisher, loads: Sequence[tuple[float, float]], seconds: float) -> None:
    """Each of `loads`, so many seconds long."""
    with alert_watch(folder / "streamed", org.facts, {"type": "real_time", "endpoint": org.facts.pubsub}) as watch:
        _warm_up(watch, org)
        idle = _idle_share(watch.agent.pid)
        _tell_head(idle)
        for rate, leaks in loads:
            _tell(rate, _measured(watch, org, (rate, leaks, seconds), idle))


def _warm_up(watch: AlertWatch, org: Publisher) -> None:
    """Until alerts come: every stream is open, every channel has been seen once."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        wanted = set(_ids(org.publish(40.0, 1.0, 2.0), org.facts))
        watch.agent.wait_for(watch.agent.drained)
        if wanted & watch.file.arrived.keys():
            return
    raise SystemExit(f"no alert came in 60 s: {watch.agent.status()}\nthe log ends with\n{watch.agent.words()}")


def _idle_share(pid: int, seconds: float = 10.0) -> float:
    """The share of a core that the process takes while nothing comes."""
    time.sleep(2.0)
    began, used = time.monotonic(), core_seconds(pid)
    time.sleep(seconds)
    return (core_seconds(pid) - used) / (time.monotonic() - began)


def _measured(watch: AlertWatch, org: Publisher, load: tuple[float, float, float], idle: float) -> Arrived:
    rate, leaks, seconds = load
    began, used = time.monotonic(), core_seconds(watch.agent.pid)
    by_id = _ids(org.publish(rate, leaks, seconds), org.facts)
    latencies = watch.latencies(by_id, ENOUGH)
    core = core_seconds(watch.agent.pid) - used - idle * (time.monotonic() - began)
    lost = sum(len(by_id) - len(found) for found in latencies.values())
    return Arrived(latencies, lost, 1000 * core / int(rate * seconds))


def _ids(happened: Mapping[str, float], facts: Facts) -> dict[str, float]:
    """By `event.id` in place of EventIdentifier."""
    names = pl.Series(list(happened), dtype=pl.String)
    return dict(zip(identify_named(names, facts.org, LEAK).to_list(), happened.values(), strict=True))


def _tell_head(idle: float) -> None:
    print(f"idle: {idle:.1%} of a core")
    print(
        f"{'events/s':>8} {'to':>6} {'alerts':>7} {'median s':>9} {'99th s':>8} {'most s':>8} {'core-ms an event':>17}"
    )


def _tell(rate: float, arrived: Arrived) -> None:
    for name, latencies in arrived.latencies.items():
        if latencies:
            print(
                f"{rate:>8g} {name:>6} {len(latencies):>7} {statistics.median(latencies):>9.3f} {nearly_most(latencies):>8.3f} "
                f"{latencies[-1]:>8.3f} {arrived.core_ms:>17.1f}",
                flush=True,
            )
    if arrived.lost:
        print(f"{rate:>8g} {arrived.lost} alerts did not come within {ENOUGH:.0f} s", flush=True)
