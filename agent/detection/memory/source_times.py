"""How far each log source is, by org: what watermarks are made of. Stored once, for correlations and baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from agent.detection.sigma.log_source import LogSource

KEY = "sources"
"""Where the state holds them: JSON, org to a list of [product, service, category, newest, seen]."""


class SourceTime(NamedTuple):
    """Of one log source; milliseconds."""

    newest: int
    """Event time of its newest row."""
    seen: int
    """The clock when something last came of it; 0 without one."""


@dataclass(frozen=True, slots=True)
class SourceTimes:
    """Of all log sources that anything came of. Immutable: a batch makes new ones, which count from its commit on."""

    by_org: Mapping[str, Mapping[LogSource, SourceTime]] = field(default_factory=dict)

    def of(self, org: str) -> Mapping[LogSource, SourceTime]:
        return self.by_org.get(org, {})

    def noting(self, org: str, source: LogSource, newest: int, clock: int) -> SourceTimes:
        """With a batch whose newest row is of `newest`; late rows move nothing back. Milliseconds."""
        before = self.of(org)
        known = before.get(source, SourceTime(newest, 0))
        of_org = {**before, source: SourceTime(max(newest, known.newest), clock)}
        return SourceTimes({**self.by_org, org: of_org})

    def stored(self) -> bytes:
        """The value for `KEY`."""
        listed = {
            org: [(source.product, source.service, source.category, *time) for source, time in times.items()]
            for org, times in self.by_org.items()
        }
        return orjson.dumps(listed)


def watermark(times: Mapping[LogSource, SourceTime], late: Callable[[LogSource], int | None]) -> int | None:
    """Milliseconds of event time: nothing older is expected of any of these sources. None as long as nothing came.

    `late`: how late rows of a source may come, in milliseconds; None for one that does not matter. The slowest counts.
    """
    marks = [time.newest - by for source, time in times.items() if (by := late(source)) is not None]
    return min(marks, default=None)


def recalled(recall: Callable[[str], bytes | None]) -> SourceTimes:
    """What is stored under `KEY`."""
    stored = orjson.loads(recall(KEY) or b"{}")
    return SourceTimes(
        {
            org: {LogSource(*source): SourceTime(newest, seen) for *source, newest, seen in listed}
            for org, listed in stored.items()
        }
    )
