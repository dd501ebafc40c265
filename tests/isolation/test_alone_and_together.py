"""Two orgs that share users' habits and addresses give the same alerts in two daemons and in one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from tests.isolation.served_org import LEAK, ServedOrg, document_for
from tests.sources.reader import Clock

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """Stands still while orgs are read, so that what is raised is raised at one time."""
    return Clock(START)


def alerts(folder: Path, orgs: Sequence[ServedOrg], clock: Clock) -> set[bytes]:
    """Lines of the alerts of a daemon over these orgs: what each shows at noon, later, and when all windows are closed."""
    clock.time = START
    for org in orgs:
        org.begin_anew()
    document = document_for(folder, orgs, [{"type": "file", "directory": str(folder / "out")}])
    daemon = Daemon(parse(document), now=clock)
    try:
        for number in range(3):
            clock.time = START + timedelta(minutes=20 * number)
            for org in orgs:
                org.show([f"{LEAK}{number}/", "/home/"], person=number % 2, address="203.0.113.7")
            while daemon.read_once():
                pass
        clock.time = START + timedelta(days=1)
        daemon.tick()
        for forward in daemon.forwards:
            while forward.forward():
                pass
    finally:
        daemon.close()
    lines = [line for path in (folder / "out").glob("alerts*") for line in path.read_bytes().splitlines()]
    told = {line for line in lines if b'"kind":"alert"' in line}
    assert len(told) >= 3 * len(orgs)
    return told


def test_two_daemons_with_an_org_each_and_one_with_both_give_the_same_alerts(tmp_path: Path, clock: Clock) -> None:
    """Line for line: neither folds, counts nor correlates what happens in the other, though addresses are the same."""
    together = [ServedOrg(tmp_path / name, name, number, clock) for number, name in enumerate(("larkspur", "clover"))]
    try:
        alone = [alerts(tmp_path / f"{org.name} alone", [org], clock) for org in together]
        both = alerts(tmp_path / "together", together, clock)
    finally:
        for org in together:
            org.close()
    assert alone[0] & alone[1] == set()
    assert both == alone[0] | alone[1]
