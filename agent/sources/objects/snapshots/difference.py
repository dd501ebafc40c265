"""What is different between what is remembered of a bucket and what a look shows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.sources.object_query.span import read_time
from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.snapshots.look import Cells
from agent.sources.objects.snapshots.record_bucket import RecordBucket

_SECONDS = re.compile(r"[0-9]{1,9}")
LATE = 600_000
"""Milliseconds: a record may become visible so long after it was made."""


@dataclass(frozen=True, slots=True)
class BucketDifference:
    """Ids of records."""

    bucket: int
    known: int
    """How many are remembered that were there at the last look."""
    known_early: int
    """Of these, how many had not reached their end at the time of this look."""
    gone_early: int
    """The same of those that are gone."""
    granted: tuple[str, ...]
    appeared: tuple[str, ...]
    """New to us, but made before the last look: the user could not see them then."""
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    """Missing for the first time."""
    missing: tuple[str, ...]
    """Missing as they were at the last look."""
    is_refreshed: bool
    """Whether there is something to be stored beside these: other cells, or a record that is back."""

    @property
    def is_any(self) -> bool:
        found = self.granted or self.appeared or self.changed or self.gone or self.missing
        return bool(found) or self.is_refreshed


def compare(
    number: int, before: RecordBucket, after: Mapping[str, Cells], watched: WatchedObject, taken: int, now: int
) -> BucketDifference:
    """`taken`, `now`: when the last look was and when this one is, in milliseconds."""
    new = [ident for ident in after if ident not in before.records]
    appeared = {ident for ident in new if (made_at(after[ident], watched) or taken) < taken - LATE}
    both = [ident for ident in after if ident in before.records]
    changed = [ident for ident in both if changes(before.records[ident].cells, after[ident], watched)]
    absent = [ident for ident in before.records if ident not in after]
    missing = [ident for ident in absent if before.records[ident].missing]
    known = [ident for ident, record in before.records.items() if not record.missing]
    early = {ident for ident in known if not has_ended(before.records[ident].cells, watched, now)}
    return BucketDifference(
        number,
        len(known),
        len(early),
        len(early.intersection(absent)),
        granted=tuple(ident for ident in new if ident not in appeared),
        appeared=tuple(ident for ident in new if ident in appeared),
        changed=tuple(changed),
        gone=tuple(ident for ident in absent if not before.records[ident].missing),
        missing=tuple(missing),
        is_refreshed=any(
            before.records[ident].missing
            or {**before.records[ident].cells, **after[ident]} != before.records[ident].cells
            for ident in both
        ),
    )


def changes(before: Cells, after: Cells, watched: WatchedObject) -> list[str]:
    """The names of the fields whose change is one of the record, in alphabetical order. A field that was hidden then or is
    now is not compared.
    """
    return sorted(name for name in watched.compared if name in before and name in after and before[name] != after[name])


def has_ended(cells: Cells, watched: WatchedObject, now: int) -> bool:
    """Whether a record may have ended without anybody's doing: never where the table names no field for it."""
    made, seconds = read_time(cells.get("CreatedDate")), cells.get(watched.lasts or "") or ""
    return made is not None and _SECONDS.fullmatch(seconds) is not None and made + int(seconds) * 1_000 <= now


def made_at(cells: Cells, watched: WatchedObject) -> int | None:
    """When a new record was made, in milliseconds, where the object tells: created, or changed for the last time."""
    return read_time(cells.get("CreatedDate") or cells.get(watched.time or ""))


def changed_at(cells: Cells, watched: WatchedObject) -> int | None:
    """When a record was changed for the last time."""
    return read_time(cells.get(watched.time or ""))
