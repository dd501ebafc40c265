"""How far backfills are, for people who wait for them: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console

from agent.status.backfill import BackfillStatus
from agent.terminal import words

Tell = Callable[[Sequence[BackfillStatus]], None]

LINE_EVERY = 30.0
"""Seconds between two lines about one backfill where nobody watches a terminal."""


@contextmanager
def progress(console: Console, *, quiet: bool) -> Iterator[Tell]:
    """`quiet`: nothing is told."""
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        with _bars(console) as tell:
            yield tell
    else:
        yield _lines(console)


def line(known: BackfillStatus) -> str:
    """One backfill in a line."""
    day = f"{known.day:%Y-%m-%d}" if known.day else ""
    rate = f", {known.rows_per_second:,.0f} rows/s" if known.rows_per_second else ""
    left = f", about {_minutes(known.seconds_left)} left" if known.seconds_left is not None else ""
    reason = f": {known.reason}" if known.reason else ""
    return (
        f"{known.org}: {known.state} at {day}, {known.rows:,} of about {known.rows_expected:,} rows, "
        f"{known.calls:,} of about {known.calls_expected:,} API calls{rate}{left}{reason}"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _lines(console: Console) -> Tell:
    told: dict[str, tuple[str, float]] = {}

    def tell(found: Sequence[BackfillStatus]) -> None:
        now = time.monotonic()
        for known in found:
            state, at = told.get(known.org, ("", 0.0))
            if known.state != state or now - at >= LINE_EVERY:
                told[known.org] = known.state, now
                console.print(words(line(known)), soft_wrap=True)

    return tell


@contextmanager
def _bars(console: Console) -> Iterator[Tell]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(20), TaskProgressColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        tasks = {}

        def tell(found: Sequence[BackfillStatus]) -> None:
            for known in found:
                if known.org not in tasks:
                    tasks[known.org] = bar.add_task("", total=None)
                # What comes beyond what was announced must not look like the end.
                total = max(known.rows_expected, known.rows + (known.state != "finished"))
                bar.update(tasks[known.org], description=line(known), completed=known.rows, total=total)

        yield tell
