"""Sums of what is behind a position."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.store.batch_file import BatchFile, BatchPart
from agent.store.lane_sums import LaneSums


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(0, 99)), max_size=12),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_sums_are_those_of_the_batches_that_are_there(batches: list[tuple[int, int, int]], trimmed: list[int]) -> None:
    """Whatever gaps their numbers have, after some came and some of the oldest went, from every number on."""
    sums, there, number = LaneSums(), {}, -1
    for step, rows, size in batches:
        number += step
        there[number] = (rows, size)
        sums.add(number, BatchFile("x", size, "", (BatchPart(rows),)))
        if trimmed:
            for gone in list(there)[: trimmed.pop()]:
                del there[gone]
                sums.remove(gone)
                sums.remove(gone)  # two may trim at once
        assert sums.oldest() == min(there, default=None)
        for start in range(max(min(there, default=0) - 2, 0), number + 3):
            later = [there[other] for other in there if other >= start]
            assert sums.behind(start) == (sum(rows for rows, _ in later), sum(size for _, size in later))
