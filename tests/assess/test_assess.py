from __future__ import annotations

import pytest

from agent.demo.verdict import MUST_BE_FOUND
from tests.assess.calendar import Assessment, spans
from tests.assess.log_file_texts import log_files
from tests.assess.measured_page import page
from tests.assess.run import Result, assess


@pytest.fixture(scope="module")
def result() -> Result:
    return assess(
        Assessment(
            login_days=3, learning_days=0, days=1, planted_days=1, people=40, rows=2_000, hours=24, last_hours=8,
            scenarios=MUST_BE_FOUND,
        )
    )  # fmt: skip


def test_every_leak_that_a_day_can_show_is_found(result: Result) -> None:
    """By a rule above low; a leak's own events are not counted among the innocent alerts."""
    for name in MUST_BE_FOUND:
        assert {result.levels[found.rule] for found in result.found[name]} & {"medium", "high", "critical"}, name
    assert result.by_level["critical"] == 0


def test_the_page_tells_what_was_measured(result: Result) -> None:
    """Every rule that called on an innocent day, and every leak with the rules that found it."""
    text = page([result])
    for rule, number in result.innocent.items():
        assert f"| `{result.names[rule]}` | {result.levels[rule]} | {number:.2f} |" in text
    for name, found in result.found.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`:"))
        assert "| yes |" in row
        assert all(f"`{result.names[finding.rule]}`" in row for finding in found)
    assert f"{result.rows:,} rows" in text


def test_every_alert_is_of_an_incident_and_a_leak_of_few(result: Result) -> None:
    """Each planted leak whose rules are loud enough has one with clocks; the page has them all."""
    text = page([result])
    assert result.incidents.alerts >= result.incidents.incidents > 0
    for name in MUST_BE_FOUND:
        leak = result.incidents.leaks[name]
        assert sum(leak.shares) == leak.alerts and leak.shares[0] * 2 > leak.alerts, name
        loud = {result.levels[found.rule] for found in result.found[name]} & {"high", "critical"}
        assert not loud or any(incident.has_clocks for incident in leak.incidents), name
        assert f"| `{name}` | {leak.alerts} | {len(leak.incidents)} |" in text


def test_a_leak_that_nobody_found_is_told(result: Result) -> None:
    """The page is no advertisement."""
    from dataclasses import replace

    missed = replace(result, found={**result.found, "stolen_token": []})
    row = next(line for line in page([missed]).splitlines() if line.startswith("| `stolen_token`:"))
    assert "**missed**" in row
    assert "**1 missed**" in page([missed, result])


def test_files_come_in_the_order_in_which_they_are_made() -> None:
    """And hold every row of the traffic once, increments included."""
    small = Assessment(login_days=2, learning_days=1, days=1, planted_days=1, people=20, rows=2_000)
    made = list(log_files(spans(small)))
    assert [file.created for file in made] == sorted(file.created for file in made)
    assert any(file.sequence > 1 for file in made)
    assert all(len(file.scenarios) == file.content.count(b'\n"' + file.event_type.encode() + b'"') for file in made)
