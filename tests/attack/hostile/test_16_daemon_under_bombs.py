"""A daemon that is sent bombs and endless answers goes on within its memory, and ends when it is told to."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.attack.four_places import problems_of
from tests.attack.hostile.bombs import HEADER, MB, ZIPPED, bomb, now
from tests.attack.hostile_org import HostileOrg, document_of, file_of
from tests.end_to_end.agent_process import AgentProcess


@pytest.mark.attack
def test_a_daemon_outlives_bombs_in_bounded_memory(orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path) -> None:
    """Gigabytes, packed, as files and as pages: the other org is read, both are told, and memory stays as it is."""
    bad, good = orgs
    good.org.files = [file_of(2, "good", at=now())]
    bad.org.status["listing"] = (200, bomb(b'{"done":true,"records":[[]', b",[]", 1024 * MB, b"]}"), ZIPPED)
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad"), good.settings("good")))
    agent.start()
    events = tmp_path / "out" / "events.ndjson"
    agent.wait_for(lambda: events.exists() and "good" in events.read_text())
    agent.wait_for(lambda: problems_of(agent, "source-failed"))
    before = agent.peak_mb()
    bad.org.files = [file_of(1, "bad", at=now()), file_of(3, "worse", at=now())]
    bad.org.bodies = {file.id: (bomb(HEADER, b'"Login","","",""\n', 2048 * MB), "gzip") for file in bad.org.files}
    bad.org.files += [file_of(4, "commas", at=now()), file_of(5, "well", at=now())]
    bad.org.bodies[bad.org.files[2].id] = (bomb(HEADER + b'"Login"', b',"a"', 15 * MB, b"\n"), "gzip")
    bad.org.status.clear()
    agent.wait_for(lambda: "well" in events.read_text())
    agent.wait_for(lambda: any("were listed" in problem["message"] for problem in problems_of(agent, "source-failed")))
    assert before < 700
    assert agent.peak_mb() < 900
    assert agent.stop() == 0


@pytest.mark.attack
@pytest.mark.parametrize("what", ["token", "listing", "0AT000000000000001"])
def test_sigterm_ends_a_daemon_that_waits_for_a_slow_org(
    orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path, what: str
) -> None:
    """An answer that drips for hours is cut off: the daemon ends in seconds, with 0, and tells of no failure."""
    bad, _ = orgs
    bad.org.files = [file_of(1, "bad", at=now())]
    if what.startswith("0AT"):
        bad.org.drip[what] = 5.0
    else:
        bad.org.stuck.add(what)
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad")))
    agent.start()
    agent.wait_for(lambda: bad.org.calls["log_file"] or bad.org.calls[f"stuck {what}"])
    began = time.monotonic()
    assert agent.stop() == 0
    assert time.monotonic() - began < 60
    assert "poll failed" not in agent.log.read_text()
