"""What a run came to, as a table for a document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tests.bench.latency.alert_watch import nearly_most
from tests.chaos.run import SILENCE, ChaosResult
from tests.chaos.verdict import IN_TIME

BEGIN, END = "<!-- chaos -->\n", "<!-- /chaos -->\n"
WIDTH = 150
"""Characters of a line."""


def section(result: ChaosResult) -> str:
    """Markdown."""
    canaries = result.canaries
    downs = ", ".join(f"{name} {count}" for name, count in result.downs.items())
    said = (
        f"**Messages while things fail** (`make chaos`, {result.minutes:.0f} minutes, seed {result.seed}): a daemon that is killed "
        f"{result.kills} times, two receivers of which one was down for {result.down_share:.0%} of the time ({downs}), "
        f"{result.busy_spells} spells in which the machine is busy. A canary each {result.every:g} s over both channels; it counts where "
        f"either has it within {IN_TIME:.0f} s of its time, by the receiver's clock. Times at which the daemon was down count too: their "
        "canaries are made at its start, as a step is told that fell due meanwhile."
    )
    outcome = "it is kept" if canaries.is_kept else "it is NOT kept"
    return f"{textwrap.fill(said, WIDTH)}\n\n" + "\n".join(_rows(result)) + f"\n\nAim: 99.9 %; {outcome}.\n"


def _rows(result: ChaosResult) -> Iterator[str]:
    canaries, incidents = result.canaries, result.incidents
    delays = canaries.delays or [0.0]
    yield "| what | figure |"
    yield "|---|---|"
    yield f"| canaries planned | {canaries.planned:,} |"
    yield f"| in time, late, lost | {canaries.in_time:,}, {canaries.late:,}, {canaries.lost:,} |"
    yield (
        f"| availability; above this with a confidence of 95 % (Clopper and Pearson) | {_share(canaries.availability)}; "
        f"{_share(canaries.bound)} |"
    )
    yield f"| to the first receipt: median, 99th, most, s | {delays[len(delays) // 2]:.2f}, {nearly_most(delays):.1f}, {delays[-1]:.1f} |"
    yield f"| received again under the same id; under two ids | {canaries.again:,}; {canaries.two_ids + incidents.two_ids} |"
    yield (
        f"| incidents; first tier within {IN_TIME:.0f} s; slowest, s | {incidents.opened}; {incidents.in_time}; {incidents.slowest:.1f} |"
    )
    yield f"| acknowledged by a link; messages more than a minute after that | {incidents.acknowledged}; {incidents.after} |"
    yield (
        f"| longest silence of the heartbeat, s; silences over {SILENCE:.0f} s | {result.longest_silence:.0f}; {result.silences} |"
    )
    yield f"| starts; ends by itself; webhooks with a wrong signature | {result.starts}; {len(result.ended_otherwise)}; {result.unsigned} |"


def replaced(page: str, text: str) -> str:
    """The page with this in place of what a run before wrote; at its end where none did."""
    before, found, rest = page.partition(BEGIN)
    if not found:
        return f"{page.rstrip()}\n\n{BEGIN}{text}{END}"
    return before + BEGIN + text + END + rest.partition(END)[2]


def _share(proportion: float) -> str:
    """In percent, never rounded up to more than it is."""
    return f"{int(proportion * 100_000) / 1_000:.3f} %"
