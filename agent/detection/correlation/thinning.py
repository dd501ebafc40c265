"""Which rows go when a correlation has too many: those of the fullest hours, there of the most numerous groups first.

Rows that go are counted under the reason `crowded`: the crowd is the flood of rows that leaves no room.

Whoever floods a correlation, with rows of one group or with ever new groups, fills the hours of his flood; what others
did at other times stays, and so does, as far as there is room, a fair share of everybody in the same hours. Groups of
a single row go before those that have begun something.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from agent.detection.correlation.memory import Memory, MemoryWriter

ROWS = 3_000_000
"""Rows kept for one correlation and org: about 100 MB on disk."""


def thinned(memory: Memory, writer: MemoryWriter, most: int) -> Memory:
    """With seven eighths of `most` rows at most, if there are more than `most`: so not every batch of a flood thins."""
    if memory.height <= most:
        return memory
    sizes: dict[int, int] = {}
    for piece in memory.pieces:
        sizes[piece.bucket] = sizes.get(piece.bucket, 0) + piece.rows
    room = level(((size, 1) for size in sizes.values()), most * 7 // 8)
    for bucket in [bucket for bucket, size in sizes.items() if size > room]:
        pieces = [piece for piece in memory.pieces if piece.bucket == bucket]
        parts = [frame for piece in pieces if (frame := writer.piece(memory, piece)) is not None]
        memory = writer.replaced(memory, pieces, fair(pl.concat(parts), room))
    return memory


def level(sizes: Iterable[tuple[int, int]], room: int) -> int:
    """The greatest number so that all sizes fit, none counting for more. `sizes`: size and how many have it."""
    ascending = sorted(sizes)
    # From the least size up: one that is below an equal share of what is left takes only what it needs.
    several = sum(many for _, many in ascending)
    for size, many in ascending:
        if size * several > room:
            return room // several
        room -= size * many
        several -= many
    return ascending[-1][0] if ascending else 0


def fair(rows: pl.DataFrame, room: int) -> pl.DataFrame:
    """Of each group its newest rows, as many for all as there is room for; or one of the groups with the most rows.

    `rows`: as `memory.schema` has them, of one bucket of time; `room`: how many may stay.
    """
    ranked = rows.sort("time", "id", descending=True).with_columns(
        pl.int_range(pl.len()).over("group").alias("rank"), pl.len().over("group").alias("size")
    )
    counts = ranked.filter(pl.col("rank") == 0)["size"].value_counts()
    each = level(counts.iter_rows(), room)
    if each:
        kept = ranked.filter(pl.col("rank") < each)
    else:
        kept = ranked.filter(pl.col("rank") == 0).sort("size", "id", descending=True).head(room)
    return kept.drop("rank", "size")
