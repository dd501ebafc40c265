"""What clocks on a wall show, as instants.

A time that clocks leave out is the instant at which they go on from before it to after it; of a time that they show twice,
something begins with the first and ends with the second. So what ends and what begins at one time leave no hole between them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def beginning(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which clocks in `zone` show `at` on `day`, or a later time. `at`: in whole seconds."""
    local = datetime.combine(day, at, zone)
    first = local.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return first
    # Left out: with the offset from after the change it lies before the change, with the one from before after it (PEP 495).
    before, after = local.replace(fold=1).astimezone(UTC), first
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        between = before + (after - before) // SECOND // 2 * SECOND
        if between.astimezone(zone).utcoffset() == old:
            before = between
        else:
            after = between
    return after


def end(day: date, at: time, zone: ZoneInfo) -> datetime:
    """As `beginning`; of two, the second."""
    return max(beginning(day, at, zone), datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC))
