"""The state's disk is really full while alerts open incidents: senders and people are refused, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from tests.attack.losses.reported_failures import FailureReports

MEGABYTES = 64


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        reason = "needs the right to mount a tmpfs (run as root)"
        (pytest.fail if os.environ.get("CI_SERVERS") == "1" else pytest.skip)(reason)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def reports(disk: Path, tmp_path: Path) -> Iterator[FailureReports]:
    reports = FailureReports(tmp_path, disk / "state")
    reports.agent.start()
    yield reports
    reports.close()


def fill(place: Path) -> Path:
    """A file with all the room there is."""
    path = place / "further"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return path


def comment(reports: FailureReports, number: str, text: str) -> bool:
    """Whether the daemon took it."""
    try:
        ask(reports.state / "control.sock", "incidents_comment", number=number, text=text, by="ann")
    except LeaklineError:
        return False
    return True


@pytest.mark.attack
def test_incidents_survive_a_disk_that_is_really_full(reports: FailureReports, disk: Path) -> None:
    """Reports and comments are refused while it lasts, which the log tells; what comes again is there once."""
    assert set(reports.send(0, 5)) == {200}
    reports.wait_for_alerts(5)
    number = next(row.incident for row in reports.rows() if row.incident)
    asked = 5
    further = fill(disk)
    while 429 not in (answers := reports.send(asked, asked + 1)):  # free pages and what was held for deleting go first
        assert answers == [200]
        asked += 1
        fill(disk / "state")
    reports.agent.wait_for(lambda: "the trail is late" in reports.agent.log.read_text())
    taken = [text for text in ("a" * 3_000, "b" * 3_000) if comment(reports, number, text)]
    further.unlink()
    (disk / "state" / "further").unlink(missing_ok=True)
    assert set(reports.send(0, asked + 20)) == {200}
    reports.wait_for_alerts(asked + 20)
    assert comment(reports, number, "afterwards")
    assert reports.differences() == []
    assert reports.kept is not None
    assert {"afterwards", *taken} == {found.text for found in reports.kept.incidents[number].comments}
