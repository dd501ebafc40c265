"""A schedule that has stopped is a problem, until the drills have passed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.daemon.clock import utc_now
from agent.drills import book
from agent.errors import LeaklineError
from agent.store import keys
from tests.drills.asking.drilled_daemon import DrilledDaemon, drilled

SCENARIO = "mass_report_export"
DRILLS = {"schedule": "0 9 1 * *", "scenarios": [SCENARIO], "overdue_after": "35d"}


def test_a_schedule_that_never_ran_is_overdue_until_the_drills_pass(tmp_path: Path) -> None:
    """Counted from when the settings asked for them first; the problem names what is missing."""
    ahead = [timedelta(0)]
    with drilled(tmp_path, now=lambda: utc_now() + ahead[0], drills=DRILLS) as daemon:
        look = daemon.daemon.drills.watch.look
        for days, problems in ((0, 0), (34, 0), (36, 1)):
            ahead[0] = timedelta(days=days)
            look()
            assert len(_overdue(daemon)) == problems, days
        assert SCENARIO in _overdue(daemon)[0]
        assert daemon.ask("status")["drills"]["overdue"] == 1
        assert daemon.ended(daemon.run(SCENARIO))["verdict"] == "passed"
        look()
        assert _overdue(daemon) == []


def test_what_passed_by_a_clock_that_was_ahead_is_overdue_once_the_clock_is_right(tmp_path: Path) -> None:
    """Else nothing would be overdue for as long as the clock was ahead."""
    ahead = [timedelta(days=400)]
    with drilled(tmp_path, now=lambda: utc_now() + ahead[0], drills=DRILLS) as daemon:
        look = daemon.daemon.drills.watch.look
        look()
        assert daemon.ended(daemon.run(SCENARIO))["verdict"] == "passed"
        for days, problems in ((0, 0), (34, 0), (36, 1)):
            ahead[0] = timedelta(days=days)
            look()
            assert len(_overdue(daemon)) == problems, days


def test_a_damaged_drill_ends_neither_the_watch_nor_the_answers(tmp_path: Path) -> None:
    """It is named, and with it nothing else that is kept is out of sight."""
    with drilled(tmp_path, drills=DRILLS) as daemon:
        damaged = daemon.run("legal:eu-gdpr-33")
        daemon.ended(damaged)
        state = daemon.daemon.node.shards[keys.PROCESS].stores.state
        with state.transact() as transaction:
            transaction.apply(keys.RESPONSE.prefix, {book.DRILL + damaged: b"{"})
        daemon.daemon.drills.watch.look()
        assert daemon.ended(daemon.run("legal:holiday"))["verdict"] == "passed"
        status = daemon.ask("drill_status")
        assert (status["damaged"], [drill["scenario"] for drill in status["newest"]]) == ([damaged], ["legal:holiday"])
        with pytest.raises(LeaklineError, match=f"{damaged} is damaged"):
            daemon.drill(damaged)


def _overdue(daemon: DrilledDaemon) -> list[str]:
    return [problem["message"] for problem in daemon.ask("status")["problems"] if problem["kind"] == "drills-overdue"]
