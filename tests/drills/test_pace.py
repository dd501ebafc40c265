"""How soon people are notified in a drill that is faster than planned."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from agent.drills.pace import FASTEST, SHORTEST, hastened
from agent.notice.settings import NoticeSettings

MINUTE = timedelta(minutes=1)
NOTICE = NoticeSettings.model_validate(
    {
        "zone": "Europe/Berlin",
        "jurisdictions": ["eu"],
        "people": [{"name": "ana", "channels": ["hook"]}],
        "channels": [
            {"name": "hook", "type": "webhook", "url": "http://127.0.0.1:1/", "secret": {"env": "NONE"}},
        ],
        "policies": [
            {
                "name": "all",
                "steps": [
                    {"notify": ["ana"]},
                    {"notify": ["ana"], "after": "15m"},
                    {"notify": ["everyone"], "after": "45m"},
                ],
                "repeat_after": "30m",
                "acknowledgement": "4h",
            }
        ],
    }
)


def _times(settings: NoticeSettings) -> list[timedelta]:
    return [step.after for step in settings.policies_in_force[0].steps]


def test_a_drill_at_its_own_speed_has_the_settings_as_they_are() -> None:
    """Nothing is made anew for it."""
    assert hastened(NOTICE, 1.0) is NOTICE


def test_times_of_policies_are_divided_by_the_speed() -> None:
    """Tiers, rounds and how long an acknowledgement holds."""
    made = hastened(NOTICE, 60.0)
    policy = made.policies_in_force[0]
    assert _times(made) == [timedelta(0), MINUTE / 4, MINUTE * 3 / 4]
    assert (policy.repeat_after, policy.acknowledgement) == (MINUTE / 2, 4 * MINUTE)


@pytest.mark.parametrize("speed", [2.0, 900.0, 1800.0, FASTEST])
def test_tiers_keep_their_order_and_time_between_them(speed: float) -> None:
    """The loop that notifies people looks once a second: of two tiers in one look nobody could say which came first."""
    times = _times(hastened(NOTICE, speed))
    assert all(later - earlier >= SHORTEST for earlier, later in itertools.pairwise(times))
    policy = hastened(NOTICE, speed).policies_in_force[0]
    assert min(policy.repeat_after, policy.acknowledgement) >= SHORTEST


def test_nothing_of_the_law_is_divided() -> None:
    """But for policies, a drill at any speed has the settings of real incidents."""
    made = hastened(NOTICE, FASTEST)
    assert made.model_dump(exclude={"policies"}) == NOTICE.model_dump(exclude={"policies"})


def test_the_policy_that_is_in_force_without_one_in_the_settings_is_hastened_too() -> None:
    """Where people are named and no policy is, the default notifies them."""
    bare = NOTICE.model_copy(update={"policies": []})
    assert _times(hastened(bare, 900.0)) == [timedelta(0), SHORTEST, 2 * SHORTEST]
    assert hastened(NOTICE.model_copy(update={"policies": [], "people": []}), 900.0).policies_in_force == []
