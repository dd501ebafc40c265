"""The past of an org is read while its present goes on: nothing is lost, nothing doubled, and it costs what was announced."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.status.backfill import BackfillCost, BackfillStatus
from tests.end_to_end.backfill.past_judge import PastJudge
from tests.end_to_end.backfill.past_pair import PastPair

NOW = datetime(2026, 11, 19, 18, 40, tzinfo=UTC)
"""The file of the day in which live collection begins comes at 21:00, while the backfill runs."""
LONG_AGO = timedelta(days=40)
"""From then on is asked: before the org began."""
SOME_TYPES = ("Login", "Report", "RestApi", "PermissionSetAssignment")
KILLS = 3
TENTH = 0.1
ASKED_ANEW = 16
"""Calls after a kill at most: which objects there are, the fields of those with rows, and the day's listing."""


@pytest.mark.timeout(600)
def test_four_days_with_three_kills(tmp_path: Path) -> None:
    """A backfill of days is killed three times, while hours pass and are read."""
    with closing(PastPair(tmp_path, NOW, timedelta(days=4), 400, SOME_TYPES)) as pair:
        assert_whole(pair, tmp_path, looks=2)


@pytest.mark.skipif(
    "LEAKLINE_MONTH" not in os.environ, reason="a month takes a quarter of an hour: `make backfill-month`"
)
@pytest.mark.timeout(7200)
def test_a_month_with_three_kills(tmp_path: Path) -> None:
    """The same of four weeks, as long as an org keeps log files."""
    with closing(PastPair(tmp_path, NOW, timedelta(days=28), 1_000, SOME_TYPES)) as pair:
        assert_whole(pair, tmp_path, looks=8)


def assert_whole(pair: PastPair, folder: Path, looks: int) -> None:
    """`looks`: how often an hour passes before the backfill, and while it runs."""
    judge = PastJudge(pair)
    pair.start()
    quiet = [lag(pair, judge) for _ in range(looks)]
    cost = pair.cost(NOW - LONG_AGO)
    pair.begin(cost)
    states, busy = [], list[float]()
    for kill in range(1, KILLS + 1):
        pair.wait_for_rows(cost.rows * kill // (KILLS + 2))
        busy += [lag(pair, judge) for _ in range(looks // 2)]
        states.append(pair.backfill().state)
        pair.kill()
        pair.start()
    done = pair.finish()
    judge.look()
    pair.agent.wait_for(lambda: not judge.lost())
    again = pair.cost(NOW - LONG_AGO)
    pair.begin(again)
    pair.finish()
    pair.agent.wait_for(pair.agent.drained)
    status = pair.agent.status()
    pair.stop()
    verdict = judge.verdict(folder)
    print(summary(cost, done, quiet, busy, states))
    print(f"{sum(verdict.services.values())} events, {verdict.sent_again} lines sent again: {dict(verdict.services)}")
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert status["balanced"]
    assert states.count("running") == KILLS
    assert abs(done.rows - cost.rows) <= TENTH * done.rows
    assert abs(done.calls - cost.calls) <= TENTH * done.calls + KILLS * ASKED_ANEW
    assert again.rows < cost.rows / 2


def lag(pair: PastPair, judge: PastJudge) -> float:
    """Seconds until everything has arrived of what the audit trail has of an hour that passes."""
    pair.pass_hours(1)
    judge.look_at_records()
    wanted = {str(row["Id"]) for row in pair.org.setup_changes()[-3:]}

    def has_arrived() -> bool:
        judge.arrivals.look()
        return wanted <= {event.record for event in judge.arrivals.events.values()}

    return pair.seconds_until(has_arrived)


def summary(
    cost: BackfillCost, done: BackfillStatus, quiet: Sequence[float], busy: Sequence[float], states: Sequence[str]
) -> str:
    return (
        f"announced {cost.rows} rows in {cost.calls} calls (found out with {cost.asked}); read {done.rows} rows in "
        f"{done.calls} calls, killed while {states}; lag of the audit trail: median {statistics.median(quiet):.2f} s, "
        f"at most {max(quiet):.2f} s before, median {statistics.median(busy):.2f} s, at most {max(busy):.2f} s during"
    )
