"""A person answers a drill as they would answer a leak: that is what a drill asks for, and fails nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.demo.receiver import Receiver, free_port
from tests.drills.asking.drilled_daemon import DrilledDaemon, drilled
from tests.drills.drilled_agent import settings

SCENARIO, ONE_MINUTE = "mass_report_export", 15.0
"""At that speed the second tier, a quarter of an hour after the first by plan, comes after a minute."""


def _incident(daemon: DrilledDaemon) -> str:
    found: list[dict[str, Any]] = daemon.ask("incidents_list", origin="drill")["incidents"]
    return str(found[0]["id"])


def _stage(drill: Mapping[str, Any], name: str) -> tuple[str, str]:
    return next((stage["verdict"], stage["sentence"]) for stage in drill["stages"] if stage["name"] == name)


def test_who_acknowledges_spares_the_tiers_after(tmp_path: Path, hook: Receiver) -> None:
    """The stage passes at once, and says who did so, and which tier was not tried."""
    with drilled(tmp_path, **settings(tmp_path, [hook.url])) as daemon:
        number = daemon.run(SCENARIO, speed=ONE_MINUTE)
        daemon.wait(lambda: any(message["tier"] == 1 for message in hook.received))
        daemon.wait(lambda: len(daemon.drill(number)["stages"]) >= 5)  # until then its rows may still come in
        daemon.ask("incidents_acknowledge", number=_incident(daemon), by="ana")
        drill = daemon.ended(number)
    verdict, sentence = _stage(drill, "notified")
    assert verdict == "passed", sentence
    assert "ana acknowledged, so that tier 2 was not needed" in sentence
    assert drill["verdict"] == "passed", drill


def test_an_answer_hides_no_channel_that_is_down(tmp_path: Path, hook: Receiver) -> None:
    """It was tried before the answer, and nothing is sent over it after that."""
    document = settings(tmp_path, [hook.url, f"http://127.0.0.1:{free_port()}/"])
    with drilled(tmp_path, **document) as daemon:
        number = daemon.run(SCENARIO, speed=ONE_MINUTE)
        daemon.wait(lambda: any(problem["kind"] == "channel-failed" for problem in daemon.ask("status")["problems"]))
        daemon.wait(lambda: len(daemon.drill(number)["stages"]) >= 5)
        daemon.ask("incidents_acknowledge", number=_incident(daemon), by="ana")
        drill = daemon.ended(number)
    verdict, sentence = _stage(drill, "notified")
    assert verdict == "failed", sentence
    assert "hook2 accepts nothing" in sentence
    assert "hook1" not in sentence
