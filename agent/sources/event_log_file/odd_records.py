"""Listed records that cannot be read: passed over, told once, tried again at each poll, told when they read well.

They do not hold the high water: what is odd may be the very time of creation, and a record that stays odd would then
hold it for ever. Instead each poll lists from the earliest time at which one of them can have been created; a first
poll after a start lists three days back anyway. After three days a record counts as lost, and is told as a gap.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import orjson

from agent import metrics
from agent.model import Batch
from agent.own_event import own_event, rowless
from agent.source import Recall
from agent.sources.event_log_file.listed_file import OddRecord
from agent.wording.number import counted

PREFIX = "odd/"
MOST = 200
"""Records that are remembered; more of them at a time are counted only."""
SHOWN = 3
"""Records that a message names."""
GIVE_UP_AFTER = timedelta(days=3)
"""So long a file may be listed anew (Object Reference: EventLogFile)."""


@dataclass(frozen=True, slots=True)
class _StoredRecord:
    """What is remembered of one."""

    first: str
    """When it was first passed over (ISO 8601)."""
    since: str
    """From when on it can have been created (ISO 8601)."""
    reason: str
    lost: bool = False
    """Whether it was told as a gap."""


class OddRecords:
    """One source's; `source` is its name, `recall` what its batches asked to remember."""

    def __init__(self, source: str, recall: Recall) -> None:
        self._source = source
        self._recall = recall

    def earliest(self) -> datetime | None:
        """From when on to list, so that what is still awaited is listed again; None if nothing is."""
        return min(
            (datetime.fromisoformat(record.since) for record in self._stored().values() if not record.lost),
            default=None,
        )

    def settle(self, odd: Sequence[OddRecord], since: datetime, now: datetime, org: str) -> Generator[Batch]:
        """What changed with a listing of everything created from `since` on, as events of our own."""
        if odd:
            metrics.RECORDS_PASSED_OVER.labels(self._source).inc(len(odd))
        before = self._stored()
        after = self._after(odd, before, since, now)
        lost = {name: known for name, known in after.items() if known.lost and not _is_lost(before, name)}
        if lost:
            event = own_event(
                org,
                "log-gap",
                _gap(lost),
                now,
                failure=True,
                fields={**self._fields(len(lost)), "leakline.gap_hours": len(lost)},
            )
            # Each loss is a problem of its own, not one that the next loss replaces.
            yield replace(event, remember=_changes({}, lost), input=f"{self._source} {min(lost)}")
            before = {**before, **lost}
        awaited, was = _awaited(after), _awaited(before)
        changes = _changes(before, after)
        if awaited and awaited != was:
            count = len(awaited) + len({record.name for record in odd} - after.keys())
            message = f"{self._source} skips {counted(count, 'listed record')} that cannot be read: {_shown(awaited)}"
            event = own_event(org, "record-passed-over", message, now, failure=True, fields=self._fields(count))
            yield replace(event, remember=changes, input=self._source)
        elif (was or lost) and not awaited:
            event = own_event(org, "record-read", f"{self._source} no longer skips listed records", now)
            yield replace(event, remember=changes, input=self._source)
        elif changes:
            yield rowless(org, remember=changes)

    def _after(
        self, odd: Sequence[OddRecord], before: Mapping[str, _StoredRecord], since: datetime, now: datetime
    ) -> dict[str, _StoredRecord]:
        """What is to be remembered: records that were listed, and those that this listing does not reach.

        One that this listing reaches and does not hold any more reads well now, or is gone: it is forgotten.
        """
        listed = {record.name: record for record in odd}
        after = {
            name: replace(known, reason=listed[name].reason) if name in listed else known
            for name, known in before.items()
            if name in listed or (datetime.fromisoformat(known.since) < since and not _is_forgotten(known, now))
        }
        # In the order of their names, so that of more than MOST the same ones are kept at each poll.
        for name in sorted(listed.keys() - after.keys())[: max(0, MOST - len(after))]:
            after[name] = _StoredRecord(now.isoformat(), listed[name].since.isoformat(), listed[name].reason)
        return {
            name: replace(known, lost=known.lost or now - datetime.fromisoformat(known.first) >= GIVE_UP_AFTER)
            for name, known in after.items()
        }

    def _stored(self) -> dict[str, _StoredRecord]:
        stored = {key.removeprefix(PREFIX): self._recall(key) for key in self._recall.keys(PREFIX)}
        return {name: _StoredRecord(**orjson.loads(data)) for name, data in stored.items() if data}

    def _fields(self, count: int) -> dict[str, str | int | float | bool]:
        return {"event.provider": self._source, "leakline.problem.count": count}


def _changes(before: Mapping[str, _StoredRecord], after: Mapping[str, _StoredRecord]) -> dict[str, bytes | None]:
    changed = {name: orjson.dumps(asdict(known)) for name, known in after.items() if before.get(name) != known}
    return {PREFIX + name: data for name, data in changed.items()} | {
        PREFIX + name: None for name in before if name not in after
    }


def _awaited(known: Mapping[str, _StoredRecord]) -> dict[str, str]:
    """Those that may still read well, with what is odd about them."""
    return {name: record.reason for name, record in known.items() if not record.lost}


def _is_lost(known: Mapping[str, _StoredRecord], name: str) -> bool:
    return name in known and known[name].lost


def _is_forgotten(known: _StoredRecord, now: datetime) -> bool:
    """A lost one that no listing reaches any more: three days until it is lost, and three that a sweep looks back, make
    six; nine leave some to spare.
    """
    return known.lost and now - datetime.fromisoformat(known.first) >= 3 * GIVE_UP_AFTER


def _shown(reasons: Mapping[str, str]) -> str:
    named = [f"EventLogFile {name}: {reason}" for name, reason in sorted(reasons.items())[:SHOWN]]
    return "; ".join(named) + (" and others" if len(reasons) > SHOWN else "")


def _gap(lost: Mapping[str, _StoredRecord]) -> str:
    reasons = {name: known.reason for name, known in lost.items()}
    files = counted(len(lost), "listed log file")
    return f"{files} could not be read for three days, so events are missing: {_shown(reasons)}"
