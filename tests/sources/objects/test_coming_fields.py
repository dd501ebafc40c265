"""Fields that come and go change the names of rows that are named by their cells, and yet each row is taken once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.sources.object_query import object_pass, object_reader
from agent.sources.object_query.overlap.overlap_ledger import OVERLAP
from tests.sources.contract.source_loop import SourceLoop
from tests.sources.objects.object_rows import LOGIN_LOG
from tests.sources.objects.table_org import SETTINGS, TableHarness, TableSession, drain, poll
from tests.sources.reader import Clock

CHANGING = ("ClientIp", "RequestIdentifier", "UserIdentifier")
"""Fields that are hidden and shown; the label is always seen."""
row = st.tuples(st.sampled_from([0, 1, 30, 300]), st.integers(0, 1), st.integers(0, 7))
"""Seconds ago, the label's number, and the cells of the changing fields as bits: many are equal."""
adding = st.tuples(st.just("add"), st.lists(row, min_size=1, max_size=6))
showing = st.tuples(st.just("show"), st.sets(st.sampled_from(CHANGING)))
polling = st.tuples(st.just("poll"), st.integers(0, 3), st.booleans())
forgetting = st.tuples(st.just("forget"))
Action = tuple[Any, ...]


class FieldOrg:
    """An org whose one object shows what a test says, and who reads it."""

    def __init__(self) -> None:
        self.session, self.clock = TableSession(LOGIN_LOG), Clock()
        self.loop = SourceLoop(TableHarness(self.session, SETTINGS["LoginEventLog"], self.clock))  # type: ignore[arg-type]
        self.given = Counter[str]()

    def add(self, *rows: tuple[int, int, int]) -> None:
        for ago, label, bits in rows:
            made = LOGIN_LOG.row(0, self.clock() - timedelta(seconds=ago), f"label {label}")
            cells = {name: f"cell {bits >> place & 1}" for place, name in enumerate(CHANGING)}
            self.session.rows.append(made | cells)
            self.given[f"label {label}"] += 1

    def show(self, names: set[str]) -> None:
        for name in CHANGING:
            self.session.visible.pop(name, None)
        self.session.visible.update(dict.fromkeys(sorted(names), "string"))

    def poll(self, kill: int = 0, is_committed: bool = False) -> None:
        poll(self.loop, self.session, kill, is_committed, 0)
        self.clock.advance(seconds=1)

    def forget(self) -> None:
        """No id is known by its time any more."""
        self.loop.taken.clear()

    @property
    def taken(self) -> Counter[str]:
        frames = [batch.frame for batch in self.loop.batches if batch.source != "agent"]
        return Counter(label for frame in frames for label in frame[LOGIN_LOG.label])


@settings(max_examples=25, deadline=None)
@given(actions=st.lists(adding | showing | polling | forgetting, max_size=12), page=st.integers(4, 9))
@example(  # two rows of one moment that were seen with fields neither of which includes the other's
    actions=[
        ("show", {"ClientIp"}),
        ("add", [(0, 0, 0)]),
        ("poll", 0, False),
        ("show", {"RequestIdentifier"}),
        ("add", [(1, 0, 1)]),
        ("poll", 0, False),
        ("show", {"ClientIp", "RequestIdentifier"}),
    ],
    page=9,
)
def test_each_row_is_taken_once_whatever_is_visible(actions: list[Action], page: int) -> None:
    """Also when processes end, and when all ids are forgotten by their time."""
    org = FieldOrg()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(object_reader, "PAGE", page)
        monkeypatch.setattr(object_pass, "CALLS", 6)
        for action, *rest in actions:
            arguments = rest[0] if action == "add" else rest
            getattr(org, action)(*arguments)
        drain(org.loop, org.session, org.clock)
    assert org.taken == org.given


def test_a_late_row_is_told_from_a_taken_one_by_what_is_still_seen() -> None:
    """Both are of one moment; a field is hidden between them, and another one is new."""
    org = FieldOrg()
    org.show({"ClientIp", "RequestIdentifier"})
    org.add((0, 0, 0b01))
    org.poll()
    org.show({"ClientIp", "UserIdentifier"})
    org.add((1, 1, 0b00))
    org.poll()
    assert [batch.frame["ClientIp"].to_list() for batch in org.loop.batches if batch.frame.height] == [
        ["cell 1"],
        ["cell 0"],
    ]


def test_equal_rows_of_one_moment_keep_their_numbers() -> None:
    """A third one that comes with other fields visible has an id of its own, and so has a fourth when they are back."""
    org = FieldOrg()
    org.add((0, 0, 0), (0, 0, 0))
    org.poll()
    for ago, names in ((1, {"ClientIp"}), (2, set(CHANGING))):
        org.show(names)
        org.add((ago, 0, 0))
        org.poll()
    ids = [ident for batch in org.loop.batches if batch.frame.height for ident in batch.frame["event.id"]]
    assert (len(ids), len(set(ids))) == (4, 4)


def test_rows_are_forgotten_behind_the_overlap() -> None:
    """By the position: an outage of a month forgets none of those that are read again after it."""
    org = FieldOrg()
    org.add((0, 0, 0), (1_790, 0, 1))
    org.poll()
    org.clock.advance(days=30)
    org.forget()
    org.add((0, 1, 0))
    org.poll()
    assert org.taken == org.given
    assert len(list(org.loop.memory.keys(OVERLAP))) == 1
