"""Whatever comes between: late rows, ties, pages of any size, expired pages, kills, each row is taken exactly once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.sources.object_query import object_pass, object_reader
from tests.sources.contract.source_loop import SourceLoop
from tests.sources.objects.object_rows import AUDIT_TRAIL, CUSTOM_ROWS, LOGIN_LOG, RowShape
from tests.sources.objects.table_org import SETTINGS, TableHarness, TableSession, drain, poll
from tests.sources.reader import Clock

seconds_ago = st.integers(0, 590) | st.sampled_from([0, 30, 300])
"""Within the shortest overlap, with many ties."""
adding = st.tuples(st.just("add"), st.lists(st.tuples(seconds_ago, st.integers(0, 99)), max_size=8))
polling = st.tuples(st.just("poll"), st.integers(0, 4), st.booleans(), st.integers(0, 3))
waiting = st.tuples(st.just("wait"), st.integers(1, 400))
forgetting = st.tuples(st.just("forget"))
"""An outage after which no id is known any more (`agent.model.TakenOnce`)."""


@pytest.mark.parametrize("shape", [AUDIT_TRAIL, LOGIN_LOG, CUSTOM_ROWS], ids=lambda shape: shape.object)
@settings(max_examples=12, deadline=None)
@given(
    actions=st.lists(adding | polling | waiting | forgetting, max_size=8),
    page=st.integers(3, 7),
    calls=st.integers(3, 6),
)
@example(  # a process that ends within the overlap, when the next one's overlap begins later
    actions=[
        ("add", [(583, 50), (0, 63), (300, 27), (300, 14), (248, 45), (4, 0), (0, 57)]),
        ("poll", 0, False, 0),
        ("add", [(243, 46), (30, 49), (308, 66), (89, 27), (20, 65), (105, 0), (106, 42), (300, 99)]),
        ("wait", 308),
        ("poll", 1, True, 2),
        ("poll", 1, False, 1),
        ("forget",),
        ("add", [(227, 50)]),
    ],
    page=3,
    calls=3,
)
def test_each_row_is_taken_once(shape: RowShape, actions: list[tuple[Any, ...]], page: int, calls: int) -> None:
    """Rows that are equal in every cell as well, of an object without ids."""
    session, clock = TableSession(shape), Clock()
    loop = SourceLoop(TableHarness(session, SETTINGS[shape.object], clock))  # type: ignore[arg-type]
    given_rows = Counter[str]()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(object_reader, "PAGE", page)
        monkeypatch.setattr(object_pass, "CALLS", calls)
        for action, *rest in actions:
            if action == "add":
                given_rows.update(add(session, shape, clock, *rest))
            elif action == "wait":
                clock.advance(seconds=rest[0])
            elif action == "forget":
                loop.taken.clear()
            else:
                poll(loop, session, *rest)
                clock.advance(seconds=1)
        drain(loop, session, clock)
    taken = [(row, batch) for batch in loop.batches if batch.source != "agent" for row in batch.frame[shape.label]]
    assert Counter(row for row, _ in taken) == given_rows


def add(session: TableSession, shape: RowShape, clock: Clock, rows: list[tuple[int, int]]) -> list[str]:
    """Rows become visible now whose times were so many seconds ago, with ids in any order; what they are called."""
    names = []
    for ago, ident in rows:
        number = ident * 10_000 + len(session.rows)
        label = f"row {number}" if "Id" in shape.fields else f"row {ident % 3}"
        row = shape.row(number, clock() - timedelta(seconds=ago), label)
        if "Id" not in shape.fields:
            row["RequestIdentifier"] = f"request {ident % 2}"
        session.rows.append(row)
        names.append(label)
    return names


@pytest.mark.parametrize("shape", [AUDIT_TRAIL, CUSTOM_ROWS], ids=lambda shape: shape.object)
@pytest.mark.parametrize("ahead", [0, 1, 200])
def test_rows_dated_now_are_reached_however_few_calls_there_are(shape: RowShape, ahead: int) -> None:
    """More of them than the calls of a poll give, also by an org's clock that is ahead: the next polls go on."""
    session, clock = TableSession(shape), Clock()
    loop = SourceLoop(TableHarness(session, SETTINGS[shape.object], clock))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(object_reader, "PAGE", 3)
        monkeypatch.setattr(object_pass, "CALLS", 2)
        names = add(session, shape, clock, [(-ahead, number) for number in range(20)])
        for _ in range(12):
            poll(loop, session, 0, False, 0)
            clock.advance(milliseconds=1)
        clock.advance(seconds=ahead)
        drain(loop, session, clock)
    taken = [row for batch in loop.batches if batch.source != "agent" for row in batch.frame[shape.label]]
    assert sorted(taken) == sorted(names)
