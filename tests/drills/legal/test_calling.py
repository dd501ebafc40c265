"""Drills of who is called, by the settings that are in force."""

from datetime import timedelta

import pytest

from agent.daemon.drills.legal.legal_drill import run_legal_drill
from agent.notice.arrangements.people import OnCallSettings, RotationSettings
from agent.notice.arrangements.policies import EVERYONE, PolicySettings, StepSettings
from agent.notice.escalation import step_messages
from agent.notice.escalation.escalation import step_time
from agent.notice.settings import NoticeSettings
from tests.drills.legal.legal_runs import BEGIN, PACK, failed
from tests.notice.escalation.called import CHANNELS, PEOPLE, POLICY

ACKNOWLEDGES, ON_CALL = "legal:nobody-acknowledges", "legal:nobody-on-call"


def arranged(*policies: PolicySettings) -> NoticeSettings:
    """Ana has the nights of working days alone."""
    rotation = RotationSettings(
        name="nights", people=["ana"], every=timedelta(days=1), handover="08:00 UTC", hours=["Mon-Fri 22:00-06:00"]
    )
    return NoticeSettings(
        people=PEOPLE, channels=CHANNELS, policies=list(policies), on_call=OnCallSettings(rotations=[rotation])
    )


@pytest.mark.parametrize("drill", [ACKNOWLEDGES, ON_CALL])
@pytest.mark.parametrize(
    "policies",
    [
        [],
        [POLICY],
        [POLICY.model_copy(update={"orgs": ["acme"], "repeat": 0})],
        [PolicySettings(name="quick", steps=[StepSettings(notify=["lead"], after=timedelta(minutes=3))], repeat=5)],
        [PolicySettings(name="gravest", levels=["critical"], steps=[StepSettings(notify=[EVERYONE])])],
        [PolicySettings(name="narrow", steps=[StepSettings(notify=["on_call:nights"])], repeat=1)],
    ],
)
def test_the_policy_in_force_is_tried(drill: str, policies: list[PolicySettings]) -> None:
    """Whatever its tiers and rounds are."""
    assert failed(drill, settings=arranged(*policies)) == {}


def test_without_people_in_the_settings_others_stand_in_and_a_stage_says_so() -> None:
    """That the parts work is seen still."""
    for settings, stages in ((None, ["people"]), (arranged(), [])):
        found = run_legal_drill(ACKNOWLEDGES, settings, PACK, BEGIN)
        assert [stage.name for stage in found if stage.name == "people"] == stages


@pytest.mark.parametrize("drill", [ACKNOWLEDGES, ON_CALL])
def test_no_policy_for_grave_incidents_fails(drill: str) -> None:
    """Of an incident of level high no person would hear."""
    low = PolicySettings(name="low", levels=["low"], steps=[StepSettings(notify=[EVERYONE])])
    assert list(failed(drill, settings=arranged(low))) == ["policy"]


def test_tiers_that_come_late_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute is too much."""
    late = "agent.notice.escalation.keeper.step_time"
    monkeypatch.setattr(late, lambda *step: step_time(*step) + timedelta(minutes=1))
    assert "tiers" in failed(ACKNOWLEDGES)


def test_a_step_that_waits_for_who_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is called at once; nobody who comes is."""
    monkeypatch.setattr(step_messages, "messages_to", lambda *_, **__: [])
    assert {"others at once", "a person again"} <= set(failed(ON_CALL))
