"""The settings `drills`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.settings import DrillSettings


def test_what_is_left_out_asks_for_all_scenarios_by_hand() -> None:
    """And a month and some days may pass without one."""
    settings = DrillSettings()
    assert (settings.schedule, settings.scenarios, settings.zone) == (None, "all", "UTC")
    assert settings.overdue_after == timedelta(days=35)


def test_scenarios_may_be_named() -> None:
    """Those of planted leaks, and those of the law, which the pack in force has."""
    names = [*SCENARIOS, "legal:eu-gdpr-33"]
    assert DrillSettings(scenarios=names).scenarios == names


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenarios": ["mass_report_exprot"]}, "'mass_report_exprot' is not a scenario"),
        ({"scenarios": []}, "no scenario is named"),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"overdue_after": "0d"}, "overdue_after"),
        ({"overdue_after": "367d"}, "overdue_after"),
        ({"overdue": "35d"}, "overdue"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], said: str) -> None:
    """No drill at all, one that is not there, and more than a year without one above all."""
    with pytest.raises(ValidationError) as refused:
        DrillSettings.model_validate(given)
    assert said in str(refused.value)
