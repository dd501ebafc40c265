"""The trail's files are cut or changed while the daemon runs: it is told, nothing is repaired, and no incident is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.trail.record import read
from tests.attack.four_places import assert_told_everywhere, problems_of
from tests.attack.losses.reported_failures import FailureReports


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[FailureReports]:
    reports = FailureReports(tmp_path)
    reports.agent.start()
    yield reports
    reports.close()


def part_of(reports: FailureReports) -> Path:
    """The file of the org's chain, once it has records."""
    folder = reports.state / "orgs" / "bench" / "trail"
    reports.agent.wait_for(lambda: any(path.stat().st_size for path in folder.glob("*.jsonl")))
    (part,) = folder.glob("*.jsonl")
    return part


def verify(reports: FailureReports) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "trail", "verify", "--json", "-c", str(reports.agent.settings)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.attack
def test_a_part_that_is_cut_is_told_while_the_daemon_runs(reports: FailureReports, tmp_path: Path) -> None:
    """In all four places; alerts that come afterwards are in incidents all the same, and the file stays as it is."""
    reports.send(0, 5)
    part = part_of(reports)
    reports.wait_for_alerts(5)
    whole = part.read_bytes()
    part.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])
    cut = part.read_bytes()
    reports.send(5, 10)
    assert_told_everywhere(reports.agent, "trail-damaged", tmp_path / "out")
    reports.wait_for_alerts(10)
    assert part.read_bytes() == cut
    assert verify(reports).returncode == 1
    found = reports.differences()
    assert "the trail" in found
    assert [what for what in found if "record" not in what] == ["the trail"]


@pytest.mark.attack
def test_a_record_that_is_changed_is_told_by_verify_and_at_the_start(reports: FailureReports, tmp_path: Path) -> None:
    """With the number of the record behind it; a damaged chain goes on, and alerts are in incidents all the same."""
    reports.send(0, 5)
    part = part_of(reports)
    reports.wait_for_alerts(5)
    opened = next(
        record.seq for record in map(read, part.read_bytes().splitlines()) if record.type == "incident-opened"
    )
    part.write_bytes(part.read_bytes().replace(b'"incident-opened"', b'"incident-closed"', 1))
    found = verify(reports)
    assert found.returncode == 1
    findings = [(finding["chain"], finding["seq"]) for finding in json.loads(found.stdout)["findings"]]
    assert ("bench", opened + 1) in findings  # the next one no longer follows it
    assert {chain for chain, _ in findings} == {"bench"}
    assert reports.agent.stop() == 0
    reports.agent.start()
    assert_told_everywhere(reports.agent, "trail-damaged", tmp_path / "out")
    reports.send(5, 10)
    reports.wait_for_alerts(10)
    assert problems_of(reports.agent, "trail-damaged")
