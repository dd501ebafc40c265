"""What cannot be reckoned with is refused with a sentence and the status of wrong usage."""

import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.exit_status import WRONG_USAGE

AWARE = "aware=2026-11-27T10:00:00Z"
REFUSED = {
    "no such regime": ["--regime", "eu-gdpr-99", "--anchor", AWARE],
    "no such anchor": ["--anchor", "awaer=2026-11-27T10:00:00Z"],
    "no such stage": ["--anchor", "prior_stage:nothing=2026-11-27T10:00:00Z"],
    "no such role": ["--anchor", AWARE, "--as", "emperor"],
    "no such zone": ["--anchor", AWARE, "--zone", "Mars/Olympus"],
    "a zone that is a path": ["--anchor", AWARE, "--zone", "../../etc/passwd"],
    "a zone that is a folder": ["--anchor", AWARE, "--zone", "America"],
    "no time": ["--anchor", "aware=yesterday"],
    "a day that is none": ["--anchor", "aware=2026-02-30T10:00:00Z"],
    "no offset": ["--anchor", "aware=2026-11-27T10:00:00"],
    "no value": ["--anchor", "aware="],
    "twice": ["--anchor", AWARE, "--anchor", "aware=2026-11-28T10:00:00Z"],
    "before the event": ["--anchor", AWARE, "--anchor", "occurred=2026-11-28T10:00:00Z"],
    "sent before it was known": ["--anchor", AWARE, "--anchor", "prior_stage:sa=2026-11-20T10:00:00Z"],
    "the end of time": ["--anchor", "aware=9999-12-31T23:00:00Z"],
    "its beginning": ["--anchor", "aware=0001-01-01T00:00:00Z"],
    "beyond the calendars": ["--anchor", "aware=2300-01-01T00:00:00Z"],
    "a fact that nobody asks for": ["--anchor", AWARE, "--fact", "high_riskk=false"],
    "a fact twice": ["--anchor", AWARE, "--fact", "high_risk=true", "--fact", "high_risk=false"],
    "a number for a truth": ["--anchor", AWARE, "--fact", "high_risk=0"],
    "a truth for a number": ["--anchor", AWARE, "--fact", "persons_affected=yes"],
    "no number": ["--anchor", AWARE, "--fact", "persons_affected=nan"],
    "a number without end": ["--anchor", AWARE, "--fact", "persons_affected=1e999"],
    "fewer than none": ["--anchor", AWARE, "--fact", "persons_affected=-1"],
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(options: list[str]) -> None:
    """In words, with nothing reckoned."""
    regime = [] if "--regime" in options else ["--regime", "eu-gdpr-33"]
    done = CliRunner().invoke(app, ["clocks", "due", "--json", *regime, *options])
    assert done.exit_code == WRONG_USAGE
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr) > 20


def test_a_zone_of_no_country_has_a_deadline_without_the_reading_that_needs_holidays() -> None:
    """The 72 hours need no calendar."""
    done = CliRunner().invoke(
        app, ["clocks", "due", "--json", "--regime", "eu-gdpr-33", "--anchor", AWARE, "--zone", "UTC"]
    )
    assert done.exit_code == 0, done.stderr
    assert "2026-11-30T10:00:00" in done.stdout
    assert "eu_hours_1182" in done.stdout
    assert "eu_two_working_days" not in done.stdout
