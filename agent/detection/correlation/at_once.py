"""New rows of a condition that more rows can only make hold: what it comes to as soon as they are there.

Groups that have too little in a window are told without their rows (`row_times`). Of the others those whose rows come
in order are followed (`group_windows`), so that their kept rows are read once. What remains is found anew from the kept
rows around the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from agent.detection.correlation import few_rows, group_windows, growth, near_rows
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.few_rows import RowGrowth
from agent.detection.correlation.group_windows import GroupGrowth, GroupWindows, LiveGroups
from agent.detection.correlation.growth import NO_GROWTH, Growth
from agent.detection.correlation.inside_window import PLACE, TIME, FewRow
from agent.detection.correlation.memory import Memory, MemoryWriter
from agent.detection.correlation.text_codes import TextCodes
from agent.detection.correlation.windows import FOREVER

READ = 100_000
"""Rows that are looked at row by row at once; more are told in columns."""

AGAIN = 16
"""A group of so few rows that cannot fire is read again when more come: to read three rows costs 10 µs, to begin following
it 100.
"""


@dataclass(slots=True)
class Followed:
    """What following the groups of a batch comes to."""

    found: RowGrowth = field(default_factory=RowGrowth)
    changed: dict[int, GroupWindows | None] = field(default_factory=dict)
    """Groups as they are from now on; None: not followed any more."""

    def add(self, group: int, windows: GroupWindows, grown: GroupGrowth) -> None:
        self.changed[group] = windows
        self.found.anchors += [(row[PLACE], measured) for row, measured in grown.anchors]
        self.found.clusters += [(group, rows, measured) for rows, measured in grown.new]


def grown(
    correlation: Correlation,
    memory: Memory,
    writer: MemoryWriter,
    fresh: pl.DataFrame,
    texts: TextCodes,
    *,
    in_order: bool,
) -> tuple[Memory, pl.DataFrame, Growth]:
    """The memory, which knows the times of the new rows but not yet the rows; these without what was read before; growth.

    `fresh`: new rows, `memory.schema`; `in_order`: whether all rows of an event have one time, so that groups can be
    followed.
    """
    around = near_rows.around(correlation, fresh)
    memory = near_rows.with_times(correlation, memory, writer, fresh, int(around["from"].min()))  # type: ignore[arg-type]
    if memory.times is None:  # never: `with_times` has put them there
        return memory, fresh, NO_GROWTH
    follows = in_order and few_rows.can_tell(correlation)
    fires = near_rows.could_fire(correlation, memory.times, around)
    if memory.live.groups:
        # Of these more rows come than are followed.
        dropped = [group for group in around["group"].filter(~fires).to_list() if group in memory.live.groups]
        memory = replace(memory, live=memory.live.with_groups(dict.fromkeys(dropped)))
    around = around.filter(fires)
    if not around.height:
        return memory, fresh, NO_GROWTH
    new, parts = fresh.join(around, on="group", how="semi", maintain_order="left"), []
    if follows:
        followed = _followed(correlation, memory.live, few_rows.by_group(new))
        parts.append(growth.of_places(new, followed.found, texts))
        memory = replace(memory, live=memory.live.with_groups(followed.changed))
        if len(followed.changed) == around.height:
            return memory, fresh, growth.joined(parts)
        around, new = (_without(part, followed.changed) for part in (around, new))
    near = near_rows.near_rows(correlation, memory, writer, around, fresh.clear())
    # What was read twice, as after a crash between two commits, counts once. Rows of groups that could not fire are not
    # looked at here; `BatchUpdate._judge` leaves out doubles by itself. What is followed is later than all of its group.
    again = new.join(near, on=["id", "step"], how="semi")
    if again.height:
        fresh, new = (part.join(again, on=["id", "step"], how="anti", maintain_order="left") for part in (fresh, new))
    if follows and near.height <= READ:
        late = _late(memory, around, near, new)
        on_time = [_without(part, late) for part in (near, new)] if late else [near, new]
        followed, unfollowed = _begun(correlation, *on_time)
        parts.append(growth.of_places(pl.concat(on_time), followed.found, texts))
        rest = sorted([*late, *unfollowed])
        memory = replace(memory, live=memory.live.with_groups({**followed.changed, **dict.fromkeys(rest)}))
        near, new = (part.filter(pl.col("group").is_in(rest)) for part in (near, new))
    elif follows:
        memory = replace(memory, live=memory.live.with_groups(dict.fromkeys(around["group"].to_list())))
    if new.height:
        parts.append(_anew(correlation, near, new, around, texts))
    return memory, fresh, growth.joined(parts) if parts else NO_GROWTH


def _without(rows: pl.DataFrame, groups: Iterable[int]) -> pl.DataFrame:
    codes = pl.Series(list(groups), dtype=pl.UInt32)
    return rows.filter(~pl.col("group").is_in(codes.implode()))


def _followed(correlation: Correlation, live: LiveGroups, rows: Mapping[int, list[FewRow]]) -> Followed:
    """Groups that were followed before, and whose new rows are later than all that they had."""
    followed = Followed()
    for group, of_group in rows.items():
        windows = live.groups.get(group)
        # One at the same time may be the same row, read twice.
        if windows is None or of_group[0][TIME] <= windows.newest:
            continue
        windows = windows.copy()
        grown = windows.grown(correlation, of_group, of_group[0][TIME])
        if grown:
            followed.add(group, windows, grown)
    return followed


def _late(memory: Memory, around: pl.DataFrame, near: pl.DataFrame, new: pl.DataFrame) -> set[int]:
    """Of the groups of `around` those that have a kept row as late as their first new one, or later: they are not followed.

    `near`: kept rows of all groups of `around`; `new`: their new rows.
    """
    # Where log files of an hour come one after another most rows lie in such groups: two columns tell it before all rows
    # are looked at one by one.
    if memory.times is None:
        return set(around["group"].to_list())
    forever = pl.Series([FOREVER]).new_from_index(0, around.height)
    later = memory.times.counts(around["group"], around["to"], forever)
    late = set(around["group"].filter(later > 0).to_list())
    firsts: dict[int, int] = {}
    for group, time in zip(new["group"].to_list(), new["time"].to_list(), strict=True):
        firsts[group] = min(time, firsts.get(group, time))
    for group, time in zip(near["group"].to_list(), near["time"].to_list(), strict=True):
        if time >= firsts.get(group, FOREVER):
            late.add(group)
    return late


def _begun(correlation: Correlation, near: pl.DataFrame, new: pl.DataFrame) -> tuple[Followed, list[int]]:
    """Groups that are followed from now on; and those that cannot be. `near`: kept rows; `new`: later ones."""
    followed, unfollowed, kept = Followed(), [], near.height
    for group, rows in few_rows.by_group(pl.concat([near, new])).items():
        if rows[-1][PLACE] < kept:  # all of its new ones were read before
            continue
        if len(rows) <= AGAIN and not near_rows.could_hold(correlation, rows):
            followed.changed[group] = None
            continue
        first = next(row[TIME] for row in rows if row[PLACE] >= kept)
        windows = group_windows.begun(correlation)
        grown = windows.grown(correlation, rows, first)
        if grown:
            followed.add(group, windows, grown)
        else:
            unfollowed.append(group)
    return followed, unfollowed


def _anew(
    correlation: Correlation, near: pl.DataFrame, new: pl.DataFrame, around: pl.DataFrame, texts: TextCodes
) -> Growth:
    """Found from all rows. `near`: kept rows of the groups of `new`; `around`: group, from, to of these and others."""
    if near.height + new.height > few_rows.FEW:
        around = near_rows.promising(correlation, near, new, around)
        near, new = (part.join(around, on="group", how="semi", maintain_order="left") for part in (near, new))
        if not new.height:
            return NO_GROWTH
    rows = pl.concat([near, new])
    if rows.height <= few_rows.FEW and few_rows.can_tell(correlation):
        return growth.of_places(rows, few_rows.grown(correlation, rows, near.height), texts)
    return growth.by_columns(correlation, near, new, texts)
