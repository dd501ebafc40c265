"""What is remembered of the times of a feed: how far it is, and how long it was silent before.

All times are in milliseconds since 1970. A feed is what one source brings of one event type.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DAY = 86_400_000
HISTORY = 7 * DAY
"""Of events until a pause says anything: a feed has quiet nights and weekends."""
GENERATION = 28 * DAY
"""A longest pause counts in the generation in which it was and in the next, so that one great outage does not hide smaller
ones for ever. Generations begin at fixed times, whichever batches the rows come in."""
LONGEST = 14 * DAY
"""A longer pause is remembered as this: one cell with a date of long ago would otherwise hide every gap."""
TIMES_LONGER = 2
"""A pause that is more than this many times the longest is remarkable: a long weekend is not twice a weekend."""


@dataclass(frozen=True, slots=True)
class FeedTimes:
    """Of one feed. One that brought nothing yet has no times."""

    since: int | None = None
    """When Leakline first took rows of it."""
    first: int | None = None
    """The time of its first row."""
    newest: int | None = None
    """The newest event's time, but none that was ahead of the clock."""
    longest: int = 0
    """The longest pause of the generation that `newest` is in, of those that are worth remembering."""
    longest_before: int = 0
    """Of the generation before."""

    def begun(self, now: int, first: int) -> FeedTimes:
        """From its first row on."""
        return self if self.newest is not None else FeedTimes(now, first, first)

    def allowed_pause(self, least: int) -> int | None:
        """What a pause must be longer than to be remarkable; None while the feed is too young to say. `least`: it is never
        less than this.
        """
        if self.first is None or self.newest is None or self.newest - self.first < HISTORY:
            return None
        return max(least, TIMES_LONGER * max(self.longest, self.longest_before))

    def moved(self, to: int, pause: int = 0) -> FeedTimes:
        """After a row at `to`, which is not older than the newest, with a pause before it (0: not worth remembering)."""
        pause, newest = min(pause, LONGEST), to if self.newest is None else self.newest
        if to // GENERATION == newest // GENERATION:
            return replace(self, newest=to, longest=max(self.longest, pause))
        return replace(self, newest=to, longest=pause, longest_before=self.longest)
