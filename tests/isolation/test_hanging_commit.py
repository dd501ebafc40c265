"""No org waits for another whose batch hangs in its commit."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from agent.detection.detector import Detector
from tests.isolation import observed_daemon
from tests.isolation.observed_daemon import Changes, MovedClock, ObservedHec, by_kind, running
from tests.isolation.served_org import LEAK, ServedOrg, document_for

HANGING, WELL = "larkspur", "clover"


def test_own_events_of_an_org_do_not_wait_for_another_whose_commit_hangs(
    tmp_path: Path, changes: Changes, clock: MovedClock, hec: ObservedHec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens to an org is told while a batch of another hangs in detection, which has something to tell as well."""
    monkeypatch.setattr(observed_daemon, "PATIENCE", 10.0)
    orgs = {name: ServedOrg(tmp_path / name, name, number, clock) for number, name in enumerate((HANGING, WELL))}
    released, hangs = threading.Event(), threading.Event()
    detect = Detector.detect

    def hanging(detector: Detector, *parts: Any, org: str | None = None, **options: Any) -> Any:
        if org == orgs[HANGING].id:
            hangs.set()
            changes.note()
            released.wait()
        return detect(detector, *parts, org=org, **options)

    monkeypatch.setattr(Detector, "detect", hanging)
    for org in orgs.values():
        org.show([f"{LEAK}1/"])
    with running(document_for(tmp_path, list(orgs.values()), [hec.settings(tmp_path)]), changes, clock) as daemon:
        try:
            daemon.wait_for(hangs.is_set)
            for name in (HANGING, WELL):
                problems = daemon.daemon.node.shards[name].stores.problems
                problems.report("log-gap", f"{name}/event_log_file", "a file is missing", org=orgs[name].id)
            daemon.wait_for(lambda: by_kind(hec.documents(), orgs[WELL]).get("pipeline_error"))
        finally:
            released.set()
    for org in orgs.values():
        org.close()
