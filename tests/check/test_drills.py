"""What `check` says of `drills`: drills of the law that there are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.check.notice.drills import examine_drills
from agent.config.settings import parse

AUTH = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "S"}}


@pytest.mark.parametrize(
    ("scenarios", "unknown"),
    [("all", []), (["legal:eu-gdpr-33", "klue_burst", "legal:holiday"], []), (["legal:eu-gdpr-3", "legal:"], [0, 1])],
)
def test_a_drill_of_no_law_is_named(tmp_path: Path, scenarios: str | list[str], unknown: list[int]) -> None:
    """It would be overdue for ever; the settings alone cannot tell, for laws are in the pack."""
    document = {
        "orgs": [{"name": "a", "url": "https://a.example", "auth": AUTH}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "drills": {"scenarios": scenarios},
    }
    found = [(finding.ok, finding.message) for finding in examine_drills(parse(document))]
    said = [f"{scenarios[number]!r} is not a drill of the pack in force: it would never pass" for number in unknown]
    assert found == [(False, message) for message in said]
