"""What became of a load: counts, the rate of what was taken, latencies from when a request was due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.inbound.open_load import CUT, UNSENT, Outcome

HEAD = (
    f"{'load':<34} {'offered':>8} {'2xx':>7} {'429':>7} {'503':>6} {'cut':>5} {'unsent':>6} {'offered/s':>9} {'2xx/s':>7} "
    f"{'reports/s':>9} {'median s':>8} {'99th s':>7} {'core-ms':>8} {'to bare':>8}"
)


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """Of one load without second attempts."""

    statuses: Counter[int]
    offered: float
    """Requests a second that were sent, over the time until the last was."""
    taken: float
    """Requests a second that were answered with 2xx, over the time until the last was answered."""
    reports: float
    """Reports a second in these."""
    median: float
    nearly_most: float
    """Both in seconds, of what was taken, from when a request was due: what it waited at its sender counts."""
    core_ms: float
    """Of the listening process, for each request."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], rate: float, reports: int, core_seconds: float) -> LoadFigures:
        """`rate`: requests a second that were due; `reports`: how many were taken."""
        first = min(outcome.number for outcome in outcomes)
        sent = [(o.number - first) / rate + o.late for o in outcomes if o.status != UNSENT]
        taken = [o for o in outcomes if 200 <= o.status < 300]
        ended = max(((o.number - first) / rate + o.took for o in taken), default=0.0)
        latencies = sorted(o.took for o in taken) or [float("nan")]
        return cls(
            Counter(o.status for o in outcomes),
            len(sent) / max(sent, default=1.0),
            len(taken) / (ended or 1.0),
            reports / (ended or 1.0),
            latencies[len(latencies) // 2],
            latencies[min(len(latencies) - 1, int(0.99 * len(latencies)))],
            1000 * core_seconds / len(outcomes),
        )

    def line(self, name: str, bare: LoadFigures) -> str:
        """`bare`: of the listener alone, in the same run."""
        counts = self.statuses
        taken = sum(count for status, count in counts.items() if 200 <= status < 300)
        return (
            f"{name:<34} {counts.total():>8} {taken:>7} {counts[429]:>7} {counts[503]:>6} {counts[CUT]:>5} "
            f"{counts[UNSENT]:>6} {self.offered:>9.0f} {self.taken:>7.0f} {self.reports:>9.0f} {self.median:>8.3f} "
            f"{self.nearly_most:>7.3f} {self.core_ms:>8.2f} {self.core_ms / bare.core_ms:>8.2f}"
        )
