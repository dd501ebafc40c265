"""Rows with remarkable times, and the machine's clock, as `leakline status` shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cli.output.status_parts.status_lines import clock_lines, flagged_lines
from agent.model import TimeFlag
from agent.status.times import KernelClock, KernelClockState, RowsFlagged
from agent.status_document import OrgStatus, StateStatus, StatusDocument, decode, encode
from agent.store.queue.status import counted_status
from tests.pipeline.event_times.test_flags_at_the_commit import batch, take
from tests.pipeline.fakes import NOW, Loops

EMPTY = StatusDocument("1", StateStatus("/state"), running=True, balanced=True, problems=())


def test_flags_are_counted_by_source_over_all_event_types(loops: Loops) -> None:
    """From the state, so after a restart as well; duplicates are counted among the rows read."""
    take(loops, batch(1, NOW, None, duplicates=2), replace(batch(2, None, time_flags=("late",)), event_type="Other"))
    status = counted_status(loops.state.directory, {"acme": loops.restarted().stores}, {}, lambda *_: True)
    expected: set[tuple[TimeFlag, int]] = {("unparsable", 2), ("late", 1)}
    assert {(flagged.flag, flagged.rows) for flagged in status.rows_flagged} == expected
    assert {(flagged.source, flagged.org) for flagged in status.rows_flagged} == {("acme/list", "acme")}
    assert status.is_well


def test_a_line_says_which_flags_a_source_brought() -> None:
    """None where no source did."""
    flagged = [RowsFlagged("acme/list", "late", 1200), RowsFlagged("acme/list", "future", 1)]
    (line,) = flagged_lines(replace(EMPTY, rows_flagged=flagged))
    assert line.plain == "acme/list brought rows whose time is remarkable (leakline.time.flags): 1,200 late, 1 future"
    assert list(flagged_lines(EMPTY)) == []


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("synchronised", 0.02, "a time service keeps it (wrong by at most 0.02 s)"),
        ("unsynchronised", 16.0, "no time service keeps it"),
        ("may_not_ask", None, "the kernel may not be asked whether a time service keeps it"),
        ("not_there", None, "the kernel does not say whether a time service keeps it"),
    ],
)
def test_a_line_says_whether_the_clock_is_right(state: KernelClockState, error: float | None, said: str) -> None:
    """And how far it is from each org's, where that is known."""
    near = OrgStatus("acme", 0, 0, True, {}, (), clock_ahead_seconds=-0.31, clock_error_seconds=0.42)
    unknown = OrgStatus("other", 0, 0, True, {}, ())
    status = replace(EMPTY, clock=KernelClock(state, error), orgs=[near, unknown])
    assert encode(decode(encode(status))) == encode(status)
    (line,) = clock_lines(status)
    assert line.plain == f"this machine's clock: {said}, -0.3 s (± 0.4 s) from acme"
    assert list(clock_lines(EMPTY)) == []
