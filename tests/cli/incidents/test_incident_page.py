"""How incidents look on a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from agent.cli.output.incidents.listing import show_list
from agent.cli.output.incidents.page import show_page
from agent.cli.output.status_parts.incident_lines import incident_lines
from agent.status.incidents import IncidentCount, IncidentsStatus
from agent.status_document import StateStatus, StatusDocument, decode, encode
from agent.terminal import Terminal
from agent.wording.moment import left, span
from tests.daemon.incidents.incident_state import IncidentState, opened
from tests.notice.incidents.made_incident import CLOCK, HOUR, NOW, alert, incident

CLOCKS = [
    CLOCK,
    replace(CLOCK, obligation="late", recipient="customers", due=NOW - HOUR, shadow_due=None),
    replace(CLOCK, obligation="waits", state="waiting", anchor="on_request", due=None, shadow_due=None),
    replace(CLOCK, obligation="strict", due=None, policy=True),
    replace(CLOCK, obligation="need-not", state="not-applicable", ended_at=NOW, reason="not more than 500"),
]


def printed(width: int, show: Callable[[Console], None]) -> list[str]:
    """Lines of a terminal of this width."""
    file = io.StringIO()
    show(Terminal(file=file, width=width, force_terminal=True, color_system=None, legacy_windows=False))
    return file.getvalue().splitlines()


@pytest.fixture
def document(tmp_path: Any) -> dict[str, Any]:
    with opened(tmp_path) as state:
        return _shown(state)


def _shown(state: IncidentState) -> dict[str, Any]:
    number = state.add(incident(alert(0), alert(1, rule="login")))
    state.ask("anchor", number=number, anchors=["aware=2026-11-27T11:00Z"], basis="a long basis " * 20)
    state.ask("comment", number=number, text="first line\n\x41nother line")
    state.reckon(number, CLOCKS)
    return state.ask("show", number=number)


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_a_terminal(document: dict[str, Any], width: int) -> None:
    """But for commands, which are copied whole; none is empty but between parts."""
    lines = printed(width, lambda console: show_page(document, console, NOW))
    assert all(len(line) <= width or line.strip().startswith("leakline ") for line in lines)
    assert not [line for line in lines if line and not line.strip()]
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles[-2:] == ["What to do next", "This is not legal advice."]


def test_what_is_open_comes_first_by_its_date(document: dict[str, Any]) -> None:
    """With which count each date is by; what waits and what has ended come after it."""
    lines = printed(200, lambda console: show_page(document, console, NOW))
    begin = lines.index("Obligations") + 1
    assert lines[begin : begin + 5] == [
        "  eu-gdpr-33/late to customers: late since 2026-11-27 11:00 UTC (1 h 0 min over), counted from aware",
        (
            "  eu-gdpr-33/sa to authority: before 2026-11-30 11:00 UTC (2 d 23 h left), counted from aware; "
            "before 2026-11-30 10:00 UTC (2 d 22 h left), counted from the detection"
        ),
        (
            "  eu-gdpr-33/strict to authority: before 2026-11-30 10:00 UTC (2 d 22 h left), counted from the detection "
            "(our own target: the law names no number)"
        ),
        "  eu-gdpr-33/waits to authority: waits for on_request",
        "  eu-gdpr-33/need-not: not-applicable at 2026-11-27 12:00 UTC: not more than 500",
    ]


def test_what_to_do_next_is_in_order(document: dict[str, Any]) -> None:
    """What is late before what comes; each with the command that records it."""
    steps = [step["what"] for step in document["next"]]
    assert steps[0].startswith("acknowledge it")
    assert steps[1].startswith("declare when it began")
    assert steps[2].startswith("late since 2026-11-27 11:00 UTC: eu-gdpr-33/late")
    assert all(step["command"].startswith(("leakline incidents ", "leakline notices ")) for step in document["next"])
    assert any(step["command"].startswith("leakline notices draft ") for step in document["next"])


def test_a_list_fits_too(tmp_path: Any) -> None:
    """What is late is said to be."""
    with opened(tmp_path) as state:
        number = _shown(state)["incident"]["id"]
        found = state.ask("list")
    lines = printed(80, lambda console: show_list(found, console, NOW))
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == f"{number} high confirmed, 2 alerts, not acknowledged"
    assert "late since 2026-11-27 11:00 UTC (1 h 0 min over)" in lines[2]


def test_a_strict_date_that_has_passed_is_not_called_late(tmp_path: Any) -> None:
    """Neither in the list nor on the page nor among what to do next: the date of the law is still to come, or not known."""
    strict = [replace(CLOCK, due=due, shadow_due=NOW - HOUR, presumed=False) for due in (NOW + HOUR, None)]
    with opened(tmp_path) as state:
        for number, clock in enumerate(strict):
            name = state.add(incident(alert(number)))
            state.reckon(name, [clock])
            page, found = state.ask("show", number=name), state.ask("list")
            lines = printed(200, lambda console, page=page, found=found: _both(page, found, console))  # type: ignore[misc]
            said = [line for line in lines if "past the strict date since 2026-11-27 11:00 UTC" in line]
            assert len(said) == 3 + number
            assert not [line for line in lines if "late since" in line]


def _both(page: dict[str, Any], found: dict[str, Any], console: Console) -> None:
    show_page(page, console, NOW)
    show_list(found, console, NOW)


def test_what_is_left_is_never_rounded_up() -> None:
    """Two units, the rest cut."""
    assert left(NOW + 71.999 * HOUR, NOW) == "2 d 23 h left"
    assert left(NOW, NOW) == "0 min over"
    assert span(1.999 * HOUR) == "1 h 59 min"


def test_status_says_what_is_open_and_what_waits() -> None:
    """In a line each; nothing while there is nothing."""
    counts = [
        IncidentCount("triage", "critical", "live", 1, "acme"),
        IncidentCount("confirmed", "high", "live", 2, "globex"),
        IncidentCount("candidate", "low", "live", 7, "acme"),
        IncidentCount("triage", "high", "drill", 1, "acme"),
    ]
    empty = StatusDocument("1", StateStatus("/state"), True, True, ())
    assert list(incident_lines(empty)) == []
    status = replace(empty, incidents=IncidentsStatus(counts, 2, NOW))
    assert [line.plain for line in incident_lines(decode(encode(status)))] == [
        "3 incidents open (1 critical, 2 high), 7 candidates, 1 of drills: leakline incidents list",
        "2 not acknowledged; the oldest was opened 2026-11-27 12:00 UTC",
    ]
