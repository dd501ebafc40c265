"""A schedule that has stopped is a problem, until the drills have passed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from agent.daemon.clock import utc_now
from tests.drills.asking.drilled_daemon import DrilledDaemon

SCENARIO = "mass_report_export"
DRILLS = {"schedule": "0 9 1 * *", "scenarios": [SCENARIO], "overdue_after": "35d"}


def test_a_schedule_that_never_ran_is_overdue_until_the_drills_pass(tmp_path: Path) -> None:
    """Counted from when the settings asked for them first; the problem names what is missing."""
    ahead = [timedelta(0)]

    def now() -> datetime:
        return utc_now() + ahead[0]

    daemon = DrilledDaemon(tmp_path, now=now, drills=DRILLS)
    look = daemon.daemon.drills.watch.look
    daemon.start()
    try:
        for days, problems in ((0, 0), (34, 0), (36, 1)):
            ahead[0] = timedelta(days=days)
            look()
            assert len(_overdue(daemon)) == problems, days
        assert SCENARIO in _overdue(daemon)[0]
        assert daemon.ask("status")["drills"]["overdue"] == 1
        assert daemon.ended(daemon.run(SCENARIO))["verdict"] == "passed"
        look()
        assert _overdue(daemon) == []
    finally:
        daemon.stop()


def _overdue(daemon: DrilledDaemon) -> list[str]:
    return [problem["message"] for problem in daemon.ask("status")["problems"] if problem["kind"] == "drills-overdue"]
