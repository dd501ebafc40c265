"""`leakline oncall …`, with a daemon's socket and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from agent.cli.app import app
from agent.cli.output.on_call import answers
from agent.errors import LeaklineError
from agent.exit_status import FINE, WRONG_USAGE
from tests.daemon.on_call.on_call_state import NOTICE, NOW, opened


@pytest.fixture(autouse=True)
def _moved_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' own, for what they do without a daemon."""
    monkeypatch.setattr(answers, "utc_now", lambda: NOW)


@pytest.fixture(params=["over the socket", "of the state alone"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Settings of a state that a daemon has, or that no daemon has open."""
    path = tmp_path / "leakline.yaml"
    org = {
        "name": "acme",
        "url": "https://acme.my.salesforce.com",
        "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "NOT_SET_HERE"}},
    }
    document = {
        "orgs": [org],
        "destinations": [{"type": "file", "directory": "out"}],
        "notice": NOTICE,
        "state": {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "control.sock")},
    }
    path.write_text(yaml.safe_dump(document))
    with opened(tmp_path):
        if request.param == "over the socket":
            yield path
            return
    yield path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["oncall", *arguments, "-c", str(config)])


def test_who_is_on_call_is_shown(config: Path) -> None:
    """With zones and offsets, the next handover, and the coming shifts."""
    shown = run(config, "show", "--weeks", "1")
    assert shown.exit_code == FINE
    words = " ".join(shown.output.split())
    assert "ben by primary, until Mon 2026-11-30 09:00 +0100 Europe/Berlin" in words
    assert "rotation office: cem; next handover Mon 2026-11-30 09:00 +0100 Europe/Berlin" in words
    later = " ".join(run(config, "show", "--at", "2026-12-05T03:00", "--weeks", "1").output.split())
    assert "rotation office: outside its hours" in later


def test_an_override_is_made_shown_and_ended(config: Path) -> None:
    """Its id ends it."""
    made = run(config, "override", "cem", "--rotation", "primary", "--for", "2h", "--reason", "ana is ill", "--json")
    number = orjson.loads(made.stdout)["id"]
    shown = run(config, "show")
    assert f"{number}: cem in place of primary" in " ".join(shown.output.split())
    ended = run(config, "override", "--end", number)
    assert ended.output.strip() == f"{number}: cem is not on call in place of primary any more"
    assert number not in run(config, "show").output


def test_maintenance_is_begun_shown_and_ended(config: Path) -> None:
    """Its reason is needed."""
    assert run(config, "maintenance", "--for", "2h", "--reason", "an upgrade").exit_code == FINE
    assert "maintenance until Fri 2026-11-27 15:00 +0100" in " ".join(run(config, "show").output.split())
    assert run(config, "maintenance", "--end").output.strip() == "maintenance has ended before its time"
    with pytest.raises(LeaklineError, match="a reason is needed"):
        CliRunner().invoke(app, ["oncall", "maintenance", "--for", "2h", "-c", str(config)], catch_exceptions=False)


def test_shifts_are_exported(config: Path) -> None:
    """Twelve weeks, the shift that has begun whole."""
    exported = run(config, "export")
    events = icalendar.Calendar.from_ical(exported.stdout_bytes).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {"ana", "ben", "cem"}
    first = min(event.decoded("DTSTART") for event in events)
    assert first.astimezone(ZoneInfo("Europe/Berlin")).isoformat() == "2026-11-23T09:00:00+01:00"


@pytest.mark.parametrize(
    "arguments",
    [["override"], ["override", "cem", "--end", "ovr-1"], ["maintenance"], ["maintenance", "--for", "1h", "--end"]],
)
def test_what_contradicts_itself_is_wrong_usage(config: Path, arguments: list[str]) -> None:
    """Nothing is asked then."""
    assert run(config, *arguments).exit_code == WRONG_USAGE
