"""What people arrange is stored with its record and its event, counts at once, and is bounded."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.daemon.on_call.maintenance_status import maintenance_status
from agent.errors import LeaklineError
from agent.notice.maintenance.window import open_until
from agent.notice.on_call.overrides import MOST
from tests.daemon.on_call.on_call_state import NOTICE, NOW, OnCallState, opened

HOUR = timedelta(hours=1)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[OnCallState]:
    with opened(tmp_path) as found:
        yield found


def test_an_override_counts_at_once_and_ends_by_itself(state: OnCallState) -> None:
    """The roster reads the state again when something was stored."""
    before = state.on_call()
    answer = state.ask("override", person="cem", rotation="primary", span="2h", reason="ana is ill")
    assert answer["message"] == (
        f"{answer['id']}: cem is on call in place of primary from 2026-11-27 12:00 UTC until 2026-11-27 14:00 UTC"
    )
    assert (before, state.on_call()) == (["ben"], ["cem"])
    state.now += 2 * HOUR
    assert state.on_call() == ["ben"]


def test_an_override_is_recorded_and_announced(state: OnCallState) -> None:
    """Who is named, and why, is beside the record's chain: it can be erased."""
    answer = state.ask("override", person="cem", rotation="primary", span="2h", reason="ana is ill")
    (record,) = state.records()
    assert (record.type, record.object, record.actor["name"]) == ("on-call-overridden", answer["id"], "eva")
    assert set(record.data) >= {"begins", "until", "rotation"}
    assert b"ana is ill" not in orjson.dumps(dict(record.data))
    (event,) = state.events()
    assert (event["event.action"], event["user.name"]) == ("on-call-overridden", "eva")
    assert (event["leakline.on_call.person"], event["leakline.on_call.rotation"]) == ("cem", "primary")
    assert event["leakline.on_call.until"] == NOW + 2 * HOUR


def test_an_override_is_ended_early(state: OnCallState) -> None:
    """Once, and it is kept."""
    number = state.ask("override", person="cem", rotation="primary", span="2h", reason="x")["id"]
    state.now += HOUR
    state.ask("end_override", number=number)
    assert state.on_call() == ["ben"]
    assert [record.type for record in state.records()] == ["on-call-overridden", "on-call-override-ended"]
    assert state.ask("show")["overrides"] == []
    with pytest.raises(LeaklineError, match="has ended already"):
        state.ask("end_override", number=number)
    assert len(state.roster.overrides()) == 1


def test_local_times_are_those_of_the_first_rotation(state: OnCallState) -> None:
    """Unless an offset or a zone is given."""
    answer = state.ask("override", person="cem", begins="2026-12-01T08:00", until="2026-12-01T09:00Z", reason="x")
    assert (answer["begins"], answer["until"]) == ("2026-12-01T07:00:00+00:00", "2026-12-01T09:00:00+00:00")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"person": "dia"}, "is not one of `notice.people`.*ana, ben, cem"),
        ({"rotation": "old"}, "is not one of `notice.on_call.rotations`.*primary, office"),
        ({"span": "40d"}, "at most 31 days"),
        ({"span": "soon"}, "is not a span of time"),
        ({"span": ""}, "say how long"),
        ({"until": "2026-11-28T00:00Z"}, "say how long"),
        ({"reason": " "}, "a reason is needed"),
        ({"begins": "2026-11-20T00:00Z"}, "would have ended already"),
        ({"begins": "tomorrow"}, "is not a time"),
        ({"begins": "9000-01-01T00:00Z"}, "nothing is reckoned from the year 9000"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(state: OnCallState, arguments: dict[str, str], says: str) -> None:
    """With what to write."""
    with pytest.raises(LeaklineError, match=says):
        state.ask("override", **{"person": "cem", "span": "2h", "reason": "x", **arguments})
    assert (state.records(), state.events(), state.roster.overrides()) == ([], [], [])


def test_the_number_of_overrides_is_bounded(state: OnCallState) -> None:
    """Those that have not ended count."""
    for number in range(MOST):
        state.ask("override", person="cem", span=f"{number + 1}m", reason="x")
    with pytest.raises(LeaklineError, match="200 overrides have not ended"):
        state.ask("override", person="cem", span="1h", reason="x")
    state.now += timedelta(minutes=2)
    assert state.ask("override", person="cem", span="1h", reason="x")["person"] == "cem"


def test_what_is_shown(state: OnCallState) -> None:
    """Who is on call, the next handover, shifts with their zones, hours with nobody, and what was arranged."""
    state.ask("override", person="ana", rotation="office", span="1h", reason="x")
    found = state.ask("show", weeks=1)
    assert [(shift["rotation"], shift["person"], shift["source"]) for shift in found["on_call"]] == [
        ("primary", "ben", "rotation"),
        ("office", "ana", "override"),
    ]
    assert [rotation["next_handover"] for rotation in found["rotations"]] == ["2026-11-30T09:00:00+01:00"] * 2
    assert {shift["zone"] for shift in found["shifts"]} == {"Europe/Berlin"}
    assert found["gaps"] == []
    assert [override["reason"] for override in found["overrides"]] == ["x"]
    later = state.ask("show", at="2026-12-05T03:00", weeks=1)
    assert [shift["person"] for shift in later["on_call"]] == ["ana"]
    with pytest.raises(LeaklineError, match="a number from 1 to 52"):
        state.ask("show", weeks=53)


def test_hours_with_nobody_are_shown(tmp_path: Path) -> None:
    """Of the office alone: nights and weekends."""
    notice = {**NOTICE, "on_call": {"rotations": NOTICE["on_call"]["rotations"][1:]}}
    with opened(tmp_path, notice) as state:
        found = state.ask("show", weeks=1)
    assert found["gaps"][0] == ["2026-11-27T18:00:00+01:00", "2026-11-30T08:00:00+01:00"]
    assert found["gap_seconds"] == (7 * 24 - 50) * 3600


def test_maintenance_is_begun_and_ended(state: OnCallState) -> None:
    """Each with its record and its event, and `status` has it while it is open."""
    state.ask("maintenance", span="2h", reason="an upgrade")
    assert open_until(state.desk.recall, state.now) == NOW + 2 * HOUR
    shown = maintenance_status(state.stores.state, state.now)
    assert shown is not None
    assert (shown.until, shown.by, shown.reason) == (NOW + 2 * HOUR, "eva", "an upgrade")
    assert state.ask("show")["maintenance"]["reason"] == "an upgrade"
    with pytest.raises(LeaklineError, match="is open until"):
        state.ask("maintenance", span="1h", reason="more")
    state.now += HOUR
    state.ask("end_maintenance")
    assert open_until(state.desk.recall, state.now) is None
    assert maintenance_status(state.stores.state, state.now) is None
    assert [record.type for record in state.records()] == ["maintenance-begun", "maintenance-ended"]
    assert [event["event.action"] for event in state.events()] == ["maintenance-begun", "maintenance-ended"]
    assert not state.tick()


def test_maintenance_that_runs_out_is_recorded_once(state: OnCallState) -> None:
    """By its own time, however late somebody looks."""
    state.ask("maintenance", span="2h", reason="x")
    assert not state.tick()
    state.now += 7 * HOUR
    assert [state.tick(), state.tick()] == [True, False]
    ended = state.records()[-1]
    assert (ended.type, ended.actor["kind"]) == ("maintenance-ended", "service")
    assert ended.data["until"] == (NOW + 2 * HOUR).isoformat()


@pytest.mark.parametrize("arguments", [{"span": "5h"}, {"span": "0s"}, {"span": "2h", "reason": ""}])
def test_maintenance_is_bounded_and_has_a_reason(state: OnCallState, arguments: dict[str, Any]) -> None:
    """`longest_maintenance` is four hours unless the settings say another."""
    with pytest.raises(LeaklineError):
        state.ask("maintenance", **{"reason": "x", **arguments})
    assert state.records() == []


def test_a_calendar_that_cannot_be_read_is_a_problem_until_it_can(tmp_path: Path) -> None:
    """Rotations count meanwhile; `show` says what is wrong."""
    path = tmp_path / "on-call.ics"
    with opened(tmp_path, {**NOTICE, "on_call": {**NOTICE["on_call"], "calendar": str(path)}}) as state:
        assert state.on_call("on_call") == ["ben", "cem"]
        assert [problem.kind for problem in state.stores.problems.open()] == ["calendar-failed"]
        assert "is not a file" in state.ask("show")["calendar"]["failed"]
        path.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
        assert state.on_call("on_call") == ["ben", "cem"]
        assert list(state.stores.problems.open()) == []
