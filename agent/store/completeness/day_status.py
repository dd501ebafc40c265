"""What `leakline status` says of the days that were compared, and of those that wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from agent.status.completeness import DayCompleteness, DayState, FeedCompleteness
from agent.store import keys
from agent.store.completeness.day_books import DayBooks, by_source
from agent.store.completeness.feed_figures import FeedFigures, missing, share, total
from agent.store.state import State


def completeness(state: State, org: str) -> Iterator[DayCompleteness]:
    """Each day of each source of a shard, the oldest first. `org`: the shard's name."""
    books = DayBooks(state)
    for (day, source), feed_days in groupby(sorted(books.days(), key=by_source), key=by_source):
        feeds = {feed_day.feed: books.figures(feed_day) for feed_day in feed_days}
        whole, unknown = total(feeds.values()), missing(feeds)
        was_told = state.data(keys.COMPARED_TOLD.key(day.isoformat(), source)) is not None
        yield DayCompleteness(
            source=source,
            day=day,
            state=_state(feeds, was_told=was_told),
            expected=whole.expected,
            in_time=whole.in_time,
            late=whole.late,
            never=whole.never,
            share=round(share(whole.in_time + whole.late, whole.expected), 6),
            feeds=[
                FeedCompleteness(
                    name, figures.expected, figures.in_time, figures.late, figures.never, unknown.get(name, "")
                )
                for name, figures in feeds.items()
            ],
            org=org,
        )


def _state(feeds: Mapping[str, FeedFigures], *, was_told: bool) -> DayState:
    """Without a clock: what is not compared waits until that was told."""
    if missing(feeds):
        return "incomplete" if was_told else "waiting"
    return "incomplete" if total(feeds.values()).never else "complete"
