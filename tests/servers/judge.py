"""Whether what arrived is what was sent: nothing missing, nothing twice, nothing altered, nothing invented.

Receivers may write numbers and times in their own way (`1` as `1.0`, `…45Z` as `…45.000Z`, a date as its midnight),
and Leakline adds `data_stream.*` for Elastic: that is no alteration. `event.created` and `event.ingested` may differ
where two runs are compared: they are left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

VOLATILE = ("event.created", "event.ingested", "data_stream")
TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")


@dataclass(frozen=True)
class DeliveryVerdict:
    """`duplicate`: id to how often it arrived; `altered`: id to (sent, arrived)."""

    missing: frozenset[str]
    invented: frozenset[str]
    duplicate: Mapping[str, int]
    altered: Mapping[str, tuple[Any, Any]]

    @property
    def complete(self) -> bool:
        """Everything arrived, unaltered, and nothing else; some of it perhaps more than once."""
        return not (self.missing or self.invented or self.altered)

    @property
    def exact(self) -> bool:
        """As `complete`, and nothing twice."""
        return self.complete and not self.duplicate

    def __str__(self) -> str:
        example = next(iter(self.altered.items()), None)
        return (
            f"{len(self.missing)} missing, {len(self.invented)} invented, {len(self.duplicate)} more than once, "
            f"{len(self.altered)} altered" + (f", such as {example}" if example else "")
        )


def judge(
    sent: Mapping[str, str], arrived: Iterable[tuple[str, str]], volatile: Iterable[str] = VOLATILE
) -> DeliveryVerdict:
    """`sent`: event id to line (JSON or CEF); `arrived`: (event id, line) as often as it came."""
    leave_out = tuple(volatile)
    expected = {event_id: plain(line, leave_out) for event_id, line in sent.items()}
    seen: Counter[str] = Counter()
    altered: dict[str, tuple[Any, Any]] = {}
    for event_id, line in arrived:
        seen[event_id] += 1
        content = plain(line, leave_out)
        if event_id in expected and content != expected[event_id]:
            altered.setdefault(event_id, (expected[event_id], content))
    return DeliveryVerdict(
        missing=frozenset(sent.keys() - seen.keys()),
        invented=frozenset(seen.keys() - sent.keys()),
        duplicate={event_id: count for event_id, count in seen.items() if count > 1},
        altered=altered,
    )


def plain(line: str, volatile: Iterable[str] = VOLATILE) -> Any:
    """A JSON line as a value without its volatile parts; any other line as it stands."""
    if not line.startswith("{"):
        return line
    document = _normal(json.loads(line))
    for path in volatile:
        *above, last = path.split(".")
        node = document
        for name in above:
            node = node.get(name, {})
        node.pop(last, None)
    return document


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_normal(member) for member in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return _to_millisecond(datetime.fromisoformat(value if "T" in value else f"{value}T00:00:00Z"))
    return value


def _to_millisecond(time: datetime) -> datetime:
    """Receivers that hold times as fractions give `.043999` for `.044`; Salesforce's times have milliseconds."""
    rounded = time + timedelta(microseconds=500)
    return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
