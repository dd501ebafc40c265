"""`leakline check` says in which hours of the next weeks nobody is on call."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.check.notice.on_call import examine_on_call
from agent.config.settings import Settings
from agent.model import Finding
from tests.daemon.on_call.on_call_state import NOTICE

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROTATIONS = NOTICE["on_call"]["rotations"]


def findings(folder: Path, on_call: dict[str, Any], **notice: Any) -> list[Finding]:
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"env": "SECRET"}}
    document = {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "notice": {**NOTICE, "on_call": on_call, **notice},
    }
    return list(examine_on_call(Settings.model_validate(document), NOW))


def test_a_rotation_without_hours_covers_all(tmp_path: Path) -> None:
    """That is said, and nothing is wrong."""
    (finding,) = findings(tmp_path, {"rotations": ROTATIONS[:1]})
    assert finding.ok
    assert finding.message == "a person is on call at each hour of the next 28 days"


def test_hours_with_nobody_are_a_warning(tmp_path: Path) -> None:
    """The first three gaps, how many more, and the sum."""
    wrong, alone = findings(tmp_path, {"rotations": ROTATIONS[1:]})
    assert (wrong.ok, wrong.warning, wrong.subject) == (False, True, "notice.on_call")
    assert wrong.message == (
        "no person is on call for 472.0 h of the next 28 days: Fri 2026-11-27 18:00 to Mon 08:00 +0100; "
        "Mon 2026-11-30 18:00 to Tue 08:00 +0100; Tue 2026-12-01 18:00 to Wed 08:00 +0100, and 17 more (Europe/Berlin)"
    )
    assert alone.ok
    assert "has one person, cem" in alone.message


def test_steps_that_mean_who_is_on_call_need_somebody(tmp_path: Path) -> None:
    """The policy that counts unless there is another means them; who names people alone needs no rotation."""
    (finding,) = findings(tmp_path, {})
    assert "no person is on call for 672.0 h" in finding.message
    assert re.search(r": Fri 2026-11-27 \d\d:\d\d to Fri 2026-12-25 \d\d:\d\d", finding.message)
    policy = {"name": "direct", "steps": [{"notify": ["ana"]}]}
    assert findings(tmp_path, {}, policies=[policy]) == []


def test_a_calendar_is_read(tmp_path: Path) -> None:
    """Its hours count; what names nobody, and what cannot be read, is said."""
    path = tmp_path / "on-call.ics"
    lines = [
        "BEGIN:VEVENT",
        "UID:{0}",
        "DTSTAMP:20260101T000000Z",
        "DTSTART:20261101T000000Z",
        "DTEND:20270101T000000Z",
    ]
    event = "\r\n".join([*lines, "SUMMARY:{0}", "END:VEVENT", ""])
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    path.write_text(head + event.format("ana") + event.format("zoe") + "END:VCALENDAR\r\n")
    found = findings(tmp_path, {"calendar": str(path)})
    assert [finding.ok for finding in found] == [True, False, True]
    assert found[1].message == "no person has the name of these events: zoe"
    path.write_text("garbage")
    refused, gaps = findings(tmp_path, {"calendar": str(path)})
    assert (refused.ok, refused.warning, refused.subject) == (False, False, "notice.on_call.calendar")
    assert "no person is on call for 672.0 h" in gaps.message
