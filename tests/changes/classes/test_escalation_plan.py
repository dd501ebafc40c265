"""When a policy reaches whom: compared with the escalation itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.changes.classes.change_class import gravest
from agent.changes.classes.comparisons.governed import differences
from agent.changes.classes.escalation_plan import REPEATS_COMPARED, later_recipient
from agent.notice.arrangements.policies import DEFAULT, PolicySettings, StepSettings
from agent.notice.escalation.escalation import Escalation, step_time, tier_of
from tests.changes.classes.documents import governed

BEGAN = datetime(2026, 11, 27, tzinfo=UTC)
MINUTES = st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def policies(draw: st.DrawFn) -> PolicySettings:
    """Up to four tiers for up to three recipients."""
    times = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=4)))
    names = st.lists(st.sampled_from(["ann", "ben", "eve"]), min_size=1, max_size=2, unique=True)
    steps = [StepSettings(notify=draw(names), after=timedelta(minutes=minutes)) for minutes in times]
    repeat, pause, lease = draw(st.integers(0, 3)), draw(MINUTES), draw(MINUTES)
    return PolicySettings(name="p", steps=steps, repeat=repeat, repeat_after=pause, acknowledgement=lease)


def messages(policy: PolicySettings, recipient: str, number: int) -> list[float]:
    """Seconds after which a recipient gets messages of the first steps, by the escalation's own arithmetic."""
    escalation = Escalation(incident="I-1", policy=policy, level="high", state="firing", began=BEGAN)
    due = [(step_time(escalation, step), policy.steps[tier_of(escalation, step)]) for step in range(number)]
    return [(at - BEGAN).total_seconds() for at, step in due if recipient in step.notify]


@settings(max_examples=300, deadline=None)
@given(policies(), policies())
def test_a_later_message_is_found(before: PolicySettings, after: PolicySettings) -> None:
    """Of any two policies: whether a recipient of the first gets a message later by the second."""
    compared = len(before.steps) * (before.repeat + 1) + REPEATS_COMPARED
    later = []
    for recipient in sorted({name for step in before.steps for name in step.notify}):
        old, new = messages(before, recipient, compared), messages(after, recipient, 4_000)
        if len(new) < len(old) or any(other > time for time, other in zip(old, new, strict=False)):
            later.append(recipient)
    found = later_recipient(before.model_dump(mode="json"), after.model_dump(mode="json"))
    assert found == (later[0] if later else None)


@settings(max_examples=200, deadline=None)
@given(policies(), policies())
def test_what_strengthens_a_policy_reaches_nobody_later(before: PolicySettings, after: PolicySettings) -> None:
    """Whatever keys of it change at once."""
    old, new = governed(), governed()
    old["notice"]["policies"] = [before.model_dump(mode="json")]
    new["notice"]["policies"] = [after.model_dump(mode="json")]
    if gravest(differences(old, new)) in ("strengthen", "neutral"):
        assert later_recipient(before.model_dump(mode="json"), after.model_dump(mode="json")) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["ann"], ["everyone"], None),
        (["everyone"], ["ann"], "everyone"),
        (["on_call:night"], ["on_call"], None),
        (["on_call"], ["on_call:night"], "on_call"),
        (["on_call:night"], ["on_call:day"], "on_call:night"),
    ],
)
def test_wider_words_reach_whom_narrower_ones_do(before: list[str], after: list[str], expected: str | None) -> None:
    """Everyone is everyone, and who is on call at all includes a rotation."""
    policy = DEFAULT.model_dump(mode="json")
    old, new = ({**policy, "steps": [{"notify": names, "after": "0s"}]} for names in (before, after))
    assert later_recipient(old, new) == expected


@pytest.mark.parametrize("steps", [None, [], [{"notify": ["ann"]}], [{"notify": "ann", "after": "1m"}], ["ann"]])
def test_a_policy_that_cannot_be_read_is_refused(steps: Any) -> None:
    """As what nobody can compare."""
    policy = DEFAULT.model_dump(mode="json")
    with pytest.raises(ValueError, match="policy"):
        later_recipient(policy, {**policy, "steps": steps})


def test_a_plan_of_endless_messages_ends() -> None:
    """Where rounds of years are compared with a repetition each millisecond, in which nobody is reached later."""
    slow, fast = (
        {**DEFAULT.model_dump(mode="json"), "repeat_after": "900d", "acknowledgement": lease}
        for lease in ("900d", "1ms")
    )
    fast["repeat"] = 0
    assert later_recipient(slow, fast) is None
