"""`kill -9` in the middle of a drill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.daemon.control.client import ask
from agent.daemon.drills.drill_run import STOPPED
from agent.demo.receiver import receiver
from tests.drills.drilled_agent import settings
from tests.end_to_end.agent_process import AgentProcess

SCENARIO = "mass_report_export"


def test_a_drill_that_a_kill_cuts_off_has_failed_and_the_next_one_passes(tmp_path: Path) -> None:
    """After the next start it says why, its incidents are closed, and every row is accounted for."""
    with receiver() as hook:
        document = settings(tmp_path, [hook.url])
        agent = AgentProcess(tmp_path, document)
        socket = Path(document["state"]["directory"]) / "control.sock"

        def drill(number: str) -> dict[str, Any]:
            found: dict[str, Any] = ask(socket, "drill_show", number=number)
            return found

        agent.start()
        try:
            # At its own speed its second tier comes after a quarter of an hour.
            cut = ask(socket, "drill_run", scenario=SCENARIO, speed=1.0, by="eva")["id"]
            agent.wait_for(lambda: len(drill(cut)["stages"]) >= 5)
            agent.kill()
            agent.start()
            agent.wait_for(lambda: drill(cut)["ended_at"] is not None)
            assert (drill(cut)["verdict"], drill(cut)["interrupted"]) == ("failed", STOPPED)
            agent.wait_for(lambda: ask(socket, "incidents_list", origin="drill")["incidents"] == [])
            (known,) = (row for row in ask(socket, "drill_status")["newest"] if row["id"] == cut)
            assert known["verdict"] == "failed"
            after = ask(socket, "drill_run", scenario=SCENARIO, speed=3600.0, by="eva")["id"]
            agent.wait_for(lambda: drill(after)["ended_at"] is not None)
            assert drill(after)["verdict"] == "passed", drill(after)
            agent.wait_for(agent.drained)
            status = agent.status()
            assert status["balanced"] is True
            assert [problem for problem in status["problems"] if problem["kind"] == "drill-failed"] == []
        finally:
            agent.stop()
