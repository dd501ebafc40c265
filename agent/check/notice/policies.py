"""Whether each grave incident of each org has a policy. Where a law binds, a level that no policy has gets one that notifies everyone
(`agent.notice.floors.telling`); without a law nobody is notified before its deadlines come near.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.config.settings import Settings
from agent.model import Finding
from agent.notice.arrangements.policies import GRAVE, PolicySettings

SUBJECT = "notice.policies"


def examine_policies(settings: Settings) -> Iterator[Finding]:
    """Findings that are not ok. Looks at nothing but the settings."""
    policies = settings.notice.policies_in_force if settings.notice else []
    names = [org.name for org in settings.orgs]
    for policy in policies:
        for name in policy.orgs:
            if name not in names:
                message = f"the policy {policy.name} names the org {name!r}, which is not under `orgs`"
                yield _warning(message, "correct the name, or add a file with that org to the folder orgs.d")
    if policies:
        yield from _without_policy(policies, names)
    written = settings.notice.policies if settings.notice else []
    for number, policy in enumerate(written):
        pairs = [(level, name) for level in policy.levels for name in policy.orgs or names]
        if pairs and all(_is_taken(written[:number], level, name) for level, name in pairs):
            message = f"the policy {policy.name} is never taken: those before it take all of its incidents"
            yield _warning(message, "write it before them, or remove it")


def _without_policy(policies: Sequence[PolicySettings], names: Sequence[str]) -> Iterator[Finding]:
    for level in GRAVE:
        left = [name for name in names if not _is_taken(policies, level, name)]
        if left:
            whose = "" if left == names else f" of {', '.join(left)}"
            message = f"no policy takes {level} incidents{whose}: {_instead(policies, level)}"
            yield _warning(message, f"add {level} to the `levels` of a policy, or write one for them")


def _instead(policies: Sequence[PolicySettings], level: str) -> str:
    nobody = "no person is notified of them before a deadline comes near"
    if any(level in policy.levels for policy in policies):
        return nobody
    return f"where a law binds, everyone is notified of them at once; where none does, {nobody}"


def _is_taken(policies: Sequence[PolicySettings], level: str, org: str) -> bool:
    return any(level in policy.levels and (not policy.orgs or org in policy.orgs) for policy in policies)


def _warning(message: str, fix: str) -> Finding:
    return Finding(SUBJECT, False, message, fix, warning=True)
