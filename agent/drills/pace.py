"""How soon people are notified in a drill that runs faster than planned: only the times of policies are divided, never a law's."""

from __future__ import annotations

from datetime import timedelta

from agent.notice.arrangements.policies import PolicySettings, StepSettings
from agent.notice.settings import NoticeSettings

SHORTEST = timedelta(seconds=2)
"""Between two tiers: the loop that notifies people looks once a second, and tells tiers as one that are due in the same look."""

SLOWEST, FASTEST = 1.0, 3600.0


def hastened(settings: NoticeSettings, speed: float) -> NoticeSettings:
    """The same settings, their policies `speed` times faster."""
    if speed == 1.0:
        return settings
    return settings.model_copy(update={"policies": [_policy(policy, speed) for policy in settings.policies_in_force]})


def _policy(policy: PolicySettings, speed: float) -> PolicySettings:
    steps: list[StepSettings] = []
    for step in policy.steps:
        # Tiers keep their order: each comes at least a second after the one before it.
        earliest = steps[-1].after + SHORTEST if steps else timedelta(0)
        steps.append(step.model_copy(update={"after": max(step.after / speed, earliest)}))
    times = {
        "steps": steps,
        "repeat_after": max(policy.repeat_after / speed, SHORTEST),
        "acknowledgement": max(policy.acknowledgement / speed, SHORTEST),
    }
    return policy.model_copy(update=times)
