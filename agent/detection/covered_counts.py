"""How many rows of log files the stream had told of already, by event type: for `leakline status` and a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from agent import metrics
from agent.detection.memory.undo import Undo

KEY = "covered"
"""Where the state holds them: a JSON object of event types to rows, ever."""


@dataclass(frozen=True, slots=True)
class CoveredCount:
    """What a batch adds."""

    event_type: str
    rows: int
    remembered: Mapping[str, bytes]
    """What must be stored for it."""


class CoveredCounts:
    """Of one shard."""

    def __init__(self, recall: Callable[[str], bytes | None]) -> None:
        self._rows: dict[str, int] = orjson.loads(recall(KEY) or b"{}")

    def counting(self, event_type: str, rows: int) -> CoveredCount | None:
        """Rows of a batch; None if there are none. Nothing counts before `advance`."""
        if not rows:
            return None
        whole = {**self._rows, event_type: self._rows.get(event_type, 0) + rows}
        return CoveredCount(event_type, rows, {KEY: orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)})

    def advance(self, counted: CoveredCount | None) -> Undo:
        """Returns what takes it back."""
        before = self._rows
        if counted is not None:
            self._rows = {**before, counted.event_type: before.get(counted.event_type, 0) + counted.rows}

        def take_back() -> None:
            self._rows = before

        return take_back

    def count(self, counted: CoveredCount | None) -> None:
        """After the batch's transaction."""
        if counted is not None:
            metrics.ROWS_COVERED.labels(counted.event_type).inc(counted.rows)
