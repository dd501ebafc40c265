"""What the rows of one group came to so far, kept so that a new row is told from what is inside its window alone.

For conditions that more rows can only make hold, as long as the group's rows come in order: a new row then changes no
window that ended before it, and what was a member stays one. What must be known of the past is what lies in the window
that ends now, and which rows no window has covered yet. `grown` with kept rows and new ones begins anew; with new ones
only it goes on. `few_rows` tells the same of rows in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.detection.correlation import windows
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.few_rows import clusters
from agent.detection.correlation.inside_window import (
    ID,
    STEP,
    TIME,
    FewRow,
    InsideWindow,
    OrderedInside,
    by_time,
    inside_of,
    together,
)

PENDING = 16
"""Rows of a group that are kept because a window may still cover them. Of more the group is read again when one does."""

ROW_BYTES = 300
"""Of a pending row, about."""

ROOM = 12 << 20
"""Bytes for the groups of one correlation and org, about: 50,000 rows within windows. Of more those without a row for
longest are let go: of such a group the kept rows are read again when one comes."""

NEVER = -(2**62)
"""Before all times, in milliseconds."""

New = tuple[list[FewRow], float]
"""New members of a group that become part of one alert, by time and id, each id once; and the most that is measured."""


@dataclass(slots=True)
class TermWindows:
    """Of one term of a condition, or of a condition that has none."""

    inside: InsideWindow | OrderedInside
    steps: frozenset[int]
    """Whose rows take part."""
    pending: list[FewRow] = field(default_factory=list)
    """Rows that no window has covered, by time."""
    forgotten: int = NEVER
    """Time of the newest of those that are not kept in `pending`."""

    def copy(self) -> TermWindows:
        return TermWindows(self.inside.copy(), self.steps, self.pending.copy(), self.forgotten)

    def trim(self, floor: int) -> None:
        """With few pending rows; no window to come begins before `floor` (milliseconds)."""
        if len(self.pending) > PENDING:
            self.pending = [row for row in self.pending if row[TIME] >= floor]
            if len(self.pending) > PENDING:
                self.forgotten = self.pending[-PENDING // 2 - 1][TIME]
                self.pending = self.pending[-PENDING // 2 :]

    def covered(self, since: int) -> list[FewRow] | None:
        """The rows that a window covers as the first one; None if not all of them are kept."""
        if self.forgotten >= since:
            return None
        found = [row for row in self.pending if row[TIME] >= since]
        # A window that ends later never begins earlier: those before it wait for nothing more.
        self.pending.clear()
        return found


@dataclass(frozen=True, slots=True)
class GroupGrowth:
    """What new rows of a group come to."""

    anchors: Sequence[tuple[FewRow, float]]
    """New rows at which a window ends, and what is measured there."""
    new: Sequence[New]


class GroupWindows:
    """Of one group; not to be changed once it is remembered: `copy` it before new rows."""

    __slots__ = ("bytes", "newest", "terms")

    def __init__(self, terms: list[TermWindows], newest: int = NEVER) -> None:
        """`newest`: time of the newest row, in milliseconds."""
        self.terms = terms
        self.newest = newest
        self.bytes = 0
        """In memory, about."""

    def copy(self) -> GroupWindows:
        return GroupWindows([term.copy() for term in self.terms], self.newest)

    def grown(self, correlation: Correlation, rows: Sequence[FewRow], first: int) -> GroupGrowth | None:
        """With more rows of the group, all later than those before; None if rows that are not kept are needed.

        `rows`: by time and id; those before `first` (milliseconds) were counted before, as far as windows covered them.
        """
        was: set[bytes] = set()
        now: dict[tuple[bytes, int], tuple[FewRow, float | None]] = {}
        for term in self.terms:
            if not _follow(term, rows, first, was, now):
                return None
        self.newest = rows[-1][TIME]
        members = sorted(now.values(), key=lambda member: by_time(member[0])) if now else []
        counted = was | {row[ID] for row, _ in members} if len(self.terms) > 1 else ()
        for term in self.terms:
            if counted:  # what a window of another term covered counts already
                term.pending = [row for row in term.pending if row[ID] not in counted]
            term.trim(self.newest - correlation.milliseconds)
        self.bytes = sum(400 + term.inside.bytes + ROW_BYTES * len(term.pending) for term in self.terms)
        if not members:
            return NO_GROWTH
        anchors = [(row, measured) for row, measured in members if measured is not None]
        return GroupGrowth(anchors, list(_new(members, was, int(correlation.quiet.total_seconds() * 1000))))


NO_GROWTH = GroupGrowth((), ())


def begun(correlation: Correlation) -> GroupWindows:
    """Of a group without rows."""
    terms = range(max(len(correlation.terms), 1))
    return GroupWindows(
        [TermWindows(inside_of(correlation, term), frozenset(windows.allowed(correlation, term))) for term in terms]
    )


def _follow(
    term: TermWindows,
    rows: Sequence[FewRow],
    first: int,
    was: set[bytes],
    now: dict[tuple[bytes, int], tuple[FewRow, float | None]],
) -> bool:
    """Row by row: `was` gets the ids of what windows before `first` cover, `now` by id and step what later ones do, with
    what is measured where one ends. False if a window covers rows that are not kept.
    """
    for time, of_time in together(rows, term.steps):
        window = term.inside.ended(time, of_time)
        if window is None:
            term.pending += of_time
            continue
        since, measured = window
        covered = term.covered(since)
        if time < first:
            was.update(row[ID] for row in (*(covered or ()), *of_time))
        elif covered is None:
            return False
        else:
            for row in covered:
                now.setdefault((row[ID], row[STEP]), (row, None))
            for row in of_time:
                known = now.get((row[ID], row[STEP]), (row, None))[1]
                now[row[ID], row[STEP]] = row, measured if known is None else max(known, measured)
    return True


def _new(members: Sequence[tuple[FewRow, float | None]], was: set[bytes], quiet: int) -> Iterator[New]:
    """Members no further apart than `quiet` (milliseconds), those whose event was counted before left out."""
    counted = set(was)
    for cluster in clusters(members, quiet):
        new = [row for row, _ in cluster if row[ID] not in counted and not counted.add(row[ID])]  # type: ignore[func-returns-value]
        if new:
            yield new, max(measured for _, measured in cluster if measured is not None)


@dataclass(frozen=True, slots=True)
class LiveGroups:
    """Immutable, and never stored: it follows from the rows. Each group is here with all of its rows or not at all."""

    groups: Mapping[int, GroupWindows] = field(default_factory=dict)
    """By the code of the group."""
    bytes: int = 0

    def with_groups(self, changed: Mapping[int, GroupWindows | None]) -> LiveGroups:
        """With these groups as they are now; None: not followed any more."""
        if not changed:
            return self
        groups, size = dict(self.groups), self.bytes
        for group, now in changed.items():
            before = groups.pop(group, None)
            size -= before.bytes if before else 0
            if now and now.bytes <= ROOM // 2:
                groups[group] = now
                size += now.bytes
        if size > ROOM:
            # Down to three quarters, so that not every batch lets groups go. The last ones were changed last.
            for group in list(groups):
                size -= groups.pop(group).bytes
                if size <= ROOM * 3 // 4:
                    break
        return LiveGroups(groups, size)

    def since(self, time: int) -> LiveGroups:
        """Without groups that had no row from this time on (milliseconds)."""
        groups = {group: windows for group, windows in self.groups.items() if windows.newest >= time}
        if len(groups) == len(self.groups):
            return self
        return LiveGroups(groups, sum(windows.bytes for windows in groups.values()))
