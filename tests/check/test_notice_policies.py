"""`leakline check`, and the log at the start, say which grave incidents nobody would be notified of."""

from __future__ import annotations

from typing import Any

import pytest

from agent.check.doubtful_settings import doubts
from agent.config.settings import parse

AUTH = {"type": "client_credentials", "client_id": "app", "client_secret": {"env": "SECRET"}}
HOOK = {"name": "hook", "type": "webhook", "url": "https://hook.example.com", "secret": {"env": "SECRET"}}
STEPS = [{"notify": ["ana"]}]


def messages(*policies: dict[str, Any]) -> list[str]:
    """Of two orgs; each policy notifies ana."""
    named = [{"name": f"p{number}", "steps": STEPS, **policy} for number, policy in enumerate(policies)]
    document = {
        "orgs": [
            {"name": name, "url": f"https://{name}.my.salesforce.com", "auth": AUTH} for name in ("acme", "other")
        ],
        "destinations": [{"type": "file", "directory": "out"}],
        "notice": {"policies": named, "people": [{"name": "ana", "channels": ["hook"]}], "channels": [HOOK]},
    }
    return [finding.message for finding in doubts(parse(document)) if finding.subject == "notice.policies"]


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [{}],
        [{"levels": ["critical"], "orgs": ["acme"]}, {}],
        [{"levels": ["high"]}, {"levels": ["critical"]}],
        [{"orgs": ["other"]}, {"orgs": ["acme"]}],
        [{"levels": ["high"]}, {"levels": ["critical"], "orgs": ["acme"]}],
    ],
)
def test_policies_for_all_grave_incidents_are_no_doubt(policies: list[dict[str, Any]]) -> None:
    """By one, by several together, or by the one in force where none is written or those that are leave an org out."""
    assert messages(*policies) == []


def test_a_level_that_no_policy_takes_is_said() -> None:
    """And what happens in its place: that depends on whether a law binds."""
    (message,) = messages({"levels": ["critical"]})
    assert message.startswith("no policy takes high incidents: where a law binds, everyone is notified")


def test_an_org_that_is_not_there_is_said() -> None:
    """It is mistyped: the incidents of the one that was meant have the policy of all others."""
    (message,) = messages({"orgs": ["acmee", "other"]})
    assert message == "the policy p0 names the org 'acmee', which is not under `orgs`"


def test_a_policy_behind_others_that_take_all_of_its_incidents_is_said() -> None:
    """The first that fits is taken."""
    (message,) = messages({}, {"levels": ["high"], "orgs": ["acme"]})
    assert message.startswith("the policy p1 is never taken")
