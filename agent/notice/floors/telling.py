"""Whether somebody is told of each grave incident where laws bind."""

from __future__ import annotations

from collections.abc import Iterator

from agent.notice.arrangements.policies import EVERYONE, GRAVE, PolicySettings, StepSettings
from agent.notice.floors.breach import FloorBreach
from agent.notice.floors.terms import Term
from agent.notice.incidents.incident import LEVELS
from agent.notice.settings import NoticeSettings

LAW = "law"
"""What the policy is called that stands in for one that the settings lack."""


def untold(settings: NoticeSettings, term: Term | None) -> Iterator[FloorBreach]:
    """`term`: the shortest of the laws that bind; None where none does, and nothing is asked for."""
    if term is None:
        return
    binds = f"{term.regime.id} binds ({term.article})"
    if LEVELS.index(settings.clocks_from) > LEVELS.index(GRAVE[0]):
        message = f"{settings.clocks_from} is not a level from which clocks run in time: {binds}, and incidents of the level {GRAVE[0]} would have none"
        yield _of(
            term, "notice.clocks_from", settings.clocks_from, GRAVE[0], message, f"write {GRAVE[0]} or a lower level"
        )


def told(settings: NoticeSettings, term: Term | None) -> NoticeSettings:
    """With a policy for grave levels that the settings have none for, where a law binds: who wrote policies for critical incidents
    alone keeps them, and is not left without the others. `term`: as above.
    """
    covered = {level for policy in settings.policies for level in policy.levels}
    missing = [level for level in GRAVE if level not in covered]
    if term is None or not settings.policies or not missing:
        return settings
    law = PolicySettings(name=LAW, levels=missing, steps=[StepSettings(notify=[EVERYONE])])
    return settings.model_copy(update={"policies": [*settings.policies, law]})


def _of(term: Term, key: str, written: str, floor: str, message: str, fix: str) -> FloorBreach:
    return FloorBreach(key, written, floor, message, fix, term.regime.id, article=term.article)
