"""The machine's clock is set while a drill runs: that is said, and the drills after it are as good as ever."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.daemon.clock import utc_now
from agent.demo.receiver import Receiver
from tests.drills.asking.drilled_daemon import drilled
from tests.drills.drilled_agent import settings

SCENARIO, FASTEST = "mass_report_export", 3600.0
ONE_MINUTE = 15.0
"""At that speed the second tier comes after a minute: there is time to set the clock."""


pytestmark = pytest.mark.usefixtures("hasty")


@pytest.mark.parametrize("days", [-1, 1])
def test_a_drill_says_that_the_clock_was_set_and_the_next_one_passes(tmp_path: Path, hook: Receiver, days: int) -> None:
    """Set back, the incidents of a drill before are later than the next drill; they are not taken for its own."""
    set_by = [timedelta(0)]
    with drilled(tmp_path, now=lambda: utc_now() + set_by[0], **settings(tmp_path, [hook.url])) as daemon:
        before = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
        cut = daemon.run(SCENARIO, speed=ONE_MINUTE)
        daemon.wait(lambda: len(daemon.drill(cut)["stages"]) >= 5)
        set_by[0] = timedelta(days=days)
        drill = daemon.ended(cut)
        after = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
        assert daemon.ask("incidents_list", origin="drill")["incidents"] == []
    assert before["verdict"] == "passed", before
    (failed,) = [stage["sentence"] for stage in drill["stages"] if stage["verdict"] == "failed"]
    assert f"clock was set by {days * 86_400:+,} s" in failed
    assert after["verdict"] == "passed", after
    assert not set(before["incidents"]) & set(after["incidents"])
