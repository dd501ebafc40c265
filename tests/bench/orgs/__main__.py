"""`make bench-orgs`: what idle orgs cost, how fast busy ones are, and how long one waits while others are in trouble.

The orgs are in another process, which is not counted, and are reached over HTTPS. Idle: with the shipped rules, between
two polls and for a poll; the share of an org is a slope over the numbers of orgs, to which its polls are added at their
default rate. Polled: the same with all sources that are polled. Busy: the same rows from one org and from several, to one file destination and to several, beside a plain loop over the same rows in the same run.
Delays: from a file being there to its alert in the output, polled every second, which is in all of them.
Failing: one org of many fails in each way in turn; how long rows of all others wait, beside rounds in which none fails.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench import plain_loop
from tests.bench.orgs.busy import FILES, Busy, busy
from tests.bench.orgs.busy import write_files as write_busy_files
from tests.bench.orgs.delays import ENOUGH, TROUBLES, Delays, delays
from tests.bench.orgs.delays import write_files as write_delay_files
from tests.bench.orgs.failing_ways import FAILING_WAYS
from tests.bench.orgs.idle import POLLED_SOURCES, POLLS_AN_HOUR, Idle, PollCost, idle, idle_polled, poll_cost, slope
from tests.bench.orgs.lag_table import print_lags

PARTS = ("idle", "polled", "busy", "delays", "failing")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.orgs", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append", help="all parts unless named")
    parser.add_argument("--window", type=float, default=120.0, help="seconds of idling that are measured")
    parser.add_argument("--settle", type=float, default=15.0, help="seconds from the last first poll to the window")
    parser.add_argument("--rows", type=int, default=480_000, help="of all busy orgs together")
    parser.add_argument("--megabytes", type=int, default=128, help="the long file; 1024 is one of 1 GB")
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument(
        "--orgs", type=int, default=100, help="with all polled sources, and of which one fails at a time"
    )
    parser.add_argument("--every", type=int, default=10, help="seconds between two polls of those of which one fails")
    given = parser.parse_args(arguments)
    if given.quick:
        given.runs, given.window, given.settle, given.rows, given.megabytes = 1, 1.0, 0.0, FILES * 50, 1
    parts = given.only or PARTS
    print(f"{os.cpu_count()} cores; smallest, median and largest of {given.runs} runs")
    with tempfile.TemporaryDirectory() as folder:
        if "idle" in parts:
            _idle(Path(folder), given.runs, given.window, given.settle, (1,) if given.quick else (1, 10, 100))
        if "polled" in parts:
            _polled(Path(folder), *((1, given.settle, given.window) if given.quick else (given.orgs, 60.0, 300.0)))
        if "busy" in parts:
            _busy(
                Path(folder),
                given.runs,
                given.rows,
                (2,) if given.quick else (1, 2, 4, 16),
                (3,) if given.quick else (1, 2, 3),
            )
        if "delays" in parts:
            _delays(Path(folder), given.runs, given.megabytes, 1 if given.quick else 5, given.quick)
        if "failing" in parts:
            ways = ["500"] if given.quick else list(FAILING_WAYS)
            print_lags(Path(folder), 3 if given.quick else given.orgs, 1 if given.quick else given.every, ways)


def _idle(folder: Path, runs: int, window: float, settle: float, numbers: Sequence[int]) -> None:
    print(f"\nidle orgs, over {window:.0f} s between two polls")
    print(
        f"{'orgs':>6} {'% of a core':>26} {'Pss MB':>26} {'private MB':>26} {'threads':>8} {'files':>6} "
        f"{'start s':>8} {'polled s':>8} {'status s':>8}"
    )
    rounds: list[list[Idle]] = [[] for _ in range(runs)]
    for orgs in numbers:
        for run in range(runs):
            place = folder / f"idle-{orgs}-{run}"
            place.mkdir()
            rounds[run].append(idle(place, orgs, settle=settle, window=window))
        last = [measured[-1] for measured in rounds]
        print(
            f"{orgs:>6} {_three([idle.core for idle in last], '.3f')} {_three([idle.held.pss for idle in last], '.1f')} "
            f"{_three([idle.held.private for idle in last], '.1f')} {last[-1].held.threads:>8} {last[-1].held.descriptors:>6} "
            f"{last[-1].started:>8.1f} {last[-1].polled:>8.1f} {last[-1].status:>8.2f}",
            flush=True,
        )
    costs = []
    for run in range(runs):
        place = folder / f"polls-{run}"
        place.mkdir()
        costs.append(poll_cost(place, min(10, max(numbers)), window))
    _tell_share(rounds, costs)


def _tell_share(rounds: Sequence[Sequence[Idle]], costs: Sequence[PollCost]) -> None:
    """What an org adds."""
    between = [slope(measured, "core") for measured in rounds]
    polled = [share + cost.percent() for share, cost in zip(between, costs, strict=True)]
    print("an idle org adds")
    for name, values, form in (
        ("% of a core between polls", between, ".4f"),
        ("core-ms for a poll", [cost.poll for cost in costs], ".2f"),
        ("core-ms for one over three days", [cost.sweep for cost in costs], ".2f"),
        (f"% of a core, {POLLS_AN_HOUR:.0f} polls an hour", polled, ".4f"),
        ("Pss MB", [slope(measured, "pss") for measured in rounds], ".2f"),
        ("private MB", [slope(measured, "private") for measured in rounds], ".2f"),
        ("threads", [slope(measured, "threads") for measured in rounds], ".2f"),
        ("file descriptors", [slope(measured, "descriptors") for measured in rounds], ".2f"),
    ):
        print(f"  {name:34} {_three(values, form)}", flush=True)


def _polled(folder: Path, orgs: int, settle: float, window: float) -> None:
    print(f"\n{orgs} idle orgs with {len(POLLED_SOURCES)} sources each, polled as by default, over {window:.0f} s")
    (folder / "polled").mkdir()
    found = idle_polled(folder / "polled", orgs, settle=settle, window=window)
    print(f"{found.core:.1f} % of a core, {found.core * 10 / orgs:.2f} core-ms a second for an org")
    print(f"Pss {found.held.pss:.0f} MB, {found.held.threads} threads, {found.held.descriptors} files")
    print(f"started in {found.started:.1f} s, all polled in {found.polled:.1f} s, status in {found.status:.2f} s")


def _busy(folder: Path, runs: int, rows: int, numbers: Sequence[int], destinations: Sequence[int]) -> None:
    files = write_busy_files(folder / "busy files", rows)
    plain = [plain_loop.run(folder / "busy files" / "0.csv", folder / "plain") for _ in range(max(3, runs))]
    print(f"\nbusy orgs: {rows:,} RestApi rows in {FILES} files, shared out among them; 100 rules; file destinations")
    print(f"{'orgs':>6} {'dest.':>6} {'rows/s':>26} {'core-µs a row':>26} {'times the plain loop':>26}")
    for orgs, count in itertools.product(numbers, destinations):
        found: list[Busy] = [
            busy(folder / f"busy-{orgs}-{count}-{run}", orgs, count, files, rows) for run in range(runs)
        ]
        ratios = [run.rate / statistics.median(plain) for run in found]
        print(
            f"{orgs:>6} {count:>6} {_three([run.rate for run in found], ',.0f')} {_three([run.core for run in found], '.1f')} "
            f"{_three(ratios, '.2f')}",
            flush=True,
        )
        for run in range(runs):
            shutil.rmtree(folder / f"busy-{orgs}-{count}-{run}")  # some GB over all
    print(f" plain {_three(plain, ',.0f')}")


def _delays(folder: Path, runs: int, megabytes: int, leaks: int, quick: bool) -> None:
    files = write_delay_files(folder / "delay files", megabytes, leaks)
    print(f"\ndelays of an org that is well, seconds; {leaks} leaks a run; the long file has {megabytes} MB")
    print(f"{'':30} {'file there to alert told':>26} {'a tick late, at most':>26}")
    for name, troubled in TROUBLES.items():
        if quick and troubled:
            continue
        found = [delays(folder / f"{name} {run}", troubled, files) for run in range(runs)]
        print(f"{name:30} {_told(found)} {_three([run.tick_lag for run in found], '.2f')}", flush=True)


def _told(found: Sequence[Delays]) -> str:
    """The delays of all runs, or why there is none."""
    every = [seconds for run in found for seconds in run.alerts]
    if any(run.ended for run in found):
        return f"{'the daemon ended':>26}"
    if None in every:
        return f"{f'not told within {ENOUGH:.0f} s':>26}"
    return _three([seconds for seconds in every if seconds is not None], ".2f")


def _three(values: Sequence[float], form: str) -> str:
    """Smallest, median and largest."""
    chosen = (min(values), statistics.median(values), max(values))
    return " ".join(f"{format(value, form):>8}" for value in chosen)


if __name__ == "__main__":
    main()
