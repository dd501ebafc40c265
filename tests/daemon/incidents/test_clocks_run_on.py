"""What one person can ask for does not stop a statutory clock: it comes to its date as if nothing had been asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.incidents.incident_requests import REQUESTS, IncidentRequests
from agent.errors import LeaklineError
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.life import BEGIN, Life

SETTINGS = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])
SA = "eu-gdpr-33/sa"
HOUR = timedelta(hours=1)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A confirmed incident whose clocks run."""
    life = Life(tmp_path, SETTINGS)
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    life.decide("confirmed")
    yield life
    life.close()


def ask(life: Life, request: str, **arguments: Any) -> str:
    """What is answered, or why not."""
    requests = IncidentRequests(lambda: {"acme": life.desk}, lambda: life.now, needs_second=lambda: True)
    command = next(command for command in requests.commands() if command.name == f"incidents_{request}")
    about = {} if request == "merge" else {"number": "inc-1"}
    try:
        said = str(command.run(by="dora", **about, **arguments)["message"])
    except LeaklineError as error:
        said = f"refused: {error}"
    life.look()
    return said


ASKED: dict[str, tuple[str, dict[str, Any], str]] = {
    "acknowledged": ("acknowledge", {}, "is acknowledged"),
    "assigned": ("assign", {"person": "ben"}, "ben"),
    "commented": ("comment", {"text": "it is only a drill"}, "comment"),
    "put aside": ("snooze", {"span": "24h"}, "its clocks run on"),
    "put aside for ever": ("snooze", {"span": "400d"}, "refused"),
    "contained": ("decide", {"decision": "contained"}, "contained"),
    "said to be notified": ("decide", {"decision": "notified"}, "notified"),
    "closed": ("close", {"reason": "done"}, "refused"),
    "said to be no breach": ("decide", {"decision": "not-a-breach", "reason": "x"}, "second person"),
    "said not to be notifiable": ("decide", {"decision": "not-notifiable", "reason": "x"}, "second person"),
    "said not to apply": (
        "decide",
        {"decision": "not-applicable", "obligation": SA, "reason": "x", "approver": "ben"},
        "second person",
    ),
    "merged with itself": ("merge", {"numbers": ["inc-1"], "into": "inc-1"}, "refused"),
    "known about later": ("anchor", {"anchors": {"aware": (BEGIN + 1000 * HOUR).isoformat()}, "basis": "x"}, "refused"),
    "called a drill": ("decide", {"decision": "drill", "reason": "x"}, "refused"),
    "deleted": ("decide", {"decision": "deleted", "reason": "x"}, "refused"),
}


@pytest.mark.parametrize("case", ASKED)
def test_no_request_of_one_person_stops_a_clock(life: Life, case: str) -> None:
    """Its date is not moved, and it is late when it passes."""
    request, arguments, said = ASKED[case]
    before = life.clock(SA)
    answer = ask(life, request, **arguments)
    assert said in answer
    after = life.clock(SA)
    assert (after.state, after.due, after.shadow_due) == ("running", before.due, before.shadow_due)
    life.pass_to(BEGIN + 72 * HOUR)
    assert life.clock(SA).state == "late"
    assert life.late_problems()


def test_there_is_no_request_that_deletes() -> None:
    """Nor one that says of an incident that it was a drill."""
    assert not [name for name in REQUESTS if any(word in name for word in ("delete", "remove", "drill", "origin"))]
