"""Open alerts of baselines: raised once, growing with what comes later, final when the watermark has passed them.

What adds to an alert gives the same alert in any order: counts are added, the first and the last event are a minimum
and a maximum, and the numbers are those of the most striking finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from agent.detection.baseline.baseline import Baseline

OPEN = 2_000
"""Open alerts that may still change, per baseline and org; of more, those are closed that would be closed first."""

RAISED = 1_000
"""Open alerts that one baseline raises in one batch; more are counted and logged."""

NAMES = 20
"""Users and addresses that an alert names."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """Times are milliseconds of event time."""

    id: str
    group: str
    closes: int
    """When the watermark is here, nothing that comes can change it."""
    first: str = ""
    """Mark (`rows.SCHEMA`) of the first event."""
    last: str = ""
    count: int = 0
    measured: float = 0.0
    threshold: float = 0.0
    rank: float = 0.0
    """How striking it is; of findings of one alert the numbers of the most striking are shown."""
    place: int = 0
    """Of findings of the same rank, the one with the least place counts."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What it was compared with: `leakline.baseline.<name>`."""
    texts: Mapping[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    told: float = 0.0
    """What it measured when it was last told, and below what it counted. Names of fields here are stored."""
    told_count: int = 0
    revision: int = -1
    """How often it was told, less one."""
    changed: bool = False
    """Whether something changed since."""

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def adding(self, other: OpenAlert) -> OpenAlert:
        """With the rows of another finding that is not counted in this one."""
        best = max(self, other, key=_rank)
        return replace(
            self,
            closes=max(self.closes, other.closes),
            first=min(filter(None, (self.first, other.first)), default=""),
            last=max(self.last, other.last),
            count=self.count + other.count,
            measured=best.measured,
            threshold=best.threshold,
            rank=best.rank,
            place=best.place,
            numbers=best.numbers,
            texts=best.texts,
            users=_merged_names(self.users, other.users),
            addresses=_merged_names(self.addresses, other.addresses),
            changed=True,
        )

    def or_better(self, other: OpenAlert) -> OpenAlert:
        """The other finding in its place, if it is more striking or a later look at the same."""
        better = (_rank(other), other.count) >= (_rank(self), self.count)
        if not better or _content(other) == _content(self):
            return self
        return replace(other, told=self.told, told_count=self.told_count, revision=self.revision, changed=True)


def _rank(alert: OpenAlert) -> tuple[float, int]:
    return alert.rank, -alert.place


def _content(alert: OpenAlert) -> tuple[object, ...]:
    return (alert.first, alert.last, alert.count, alert.measured, alert.threshold, alert.rank, alert.place,
            alert.numbers, alert.texts, alert.users, alert.addresses, alert.closes)  # fmt: skip


def _merged_names(names: Iterable[str], further: Iterable[str]) -> list[str]:
    return sorted({*names, *further})[:NAMES]


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert raised or revised, as `alert.frames` makes a row of it."""

    baseline: Baseline
    alert: OpenAlert
    org: str

    @property
    def action(self) -> str:
        return "alert-revised" if self.alert.revision else "alert-raised"


class OpenAlerts:
    """A working copy of the alerts of one baseline and org."""

    def __init__(
        self, baseline: Baseline, org: str, alerts: Mapping[str, OpenAlert], mark: int, most: int | None = RAISED
    ) -> None:
        """`mark`: the watermark of before the batch; what it has passed is closed and not opened again."""
        self._baseline = baseline
        self._org = org
        self._mark = mark
        self._most = most
        self.open = dict(alerts)
        self._before = frozenset(alerts)
        self.left_out = 0
        """Open alerts that were too many."""

    def identity(self, *parts: object) -> str:
        """32 hexadecimal digits: BLAKE2b-128 over the rule's id, the org and `parts`."""
        text = "\n".join(map(str, (self._baseline.rule.id, self._org, *parts)))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def add(self, alert: OpenAlert) -> None:
        """Rows that are not counted in the alert yet."""
        old = self.open.get(alert.id)
        self.open[alert.id] = old.adding(alert) if old else replace(alert, changed=True)

    def put(self, alert: OpenAlert) -> None:
        """All there is of an alert, as it looks now."""
        if alert.closes <= self._mark:
            return
        old = self.open.get(alert.id)
        self.open[alert.id] = old.or_better(alert) if old else replace(alert, changed=True)

    def changes(self, mark: int) -> Iterator[AlertChange]:
        """The alerts to raise or revise now; closes what the watermark has passed. To be called once, at the end of a batch."""
        self._leave_out()
        if not any(alert.changed or alert.closes <= mark for alert in self.open.values()) and len(self.open) <= OPEN:
            return
        order = sorted(self.open.values(), key=lambda alert: (alert.closes, alert.id))
        for place, alert in enumerate(order):
            over = alert.closes <= mark or place < len(order) - OPEN
            grown = alert.measured >= 2 * alert.told or alert.count >= 2 * alert.told_count
            if alert.changed and (over or grown or alert.revision < 0):
                alert = replace(alert, told=alert.measured, told_count=alert.count, revision=alert.revision + 1, changed=False)  # fmt: skip
                yield AlertChange(self._baseline, alert, self._org)
            if over:
                del self.open[alert.id]
            else:
                self.open[alert.id] = alert

    def _leave_out(self) -> None:
        new = [alert for key, alert in self.open.items() if key not in self._before]
        if self._most is not None and len(new) > self._most:
            new.sort(key=lambda alert: (-alert.measured, alert.id))
            for alert in new[self._most :]:
                del self.open[alert.id]
            self.left_out = len(new) - self._most
