"""What another set of rules does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.changes.classes.change_class import ChangeClass, gravest
from agent.changes.classes.rule_set import RuleMark, rule_differences

MARK = RuleMark("mass_export", "medium", "test", "aa", "bb")
RULES = {"1": MARK, "2": replace(MARK, name="drip")}


@pytest.mark.parametrize(
    ("after", "expected", "path"),
    [
        (None, "weaken", "rule_set[1]"),
        (replace(MARK, level="low", sha256="cc"), "weaken", "rule_set[1].level"),
        (replace(MARK, level="critical", sha256="cc"), "strengthen", "rule_set[1].level"),
        (replace(MARK, level="strange", sha256="cc"), "weaken", "rule_set[1].level"),
        (replace(MARK, status="deprecated", sha256="cc"), "weaken", "rule_set[1].status"),
        (replace(MARK, status="experimental", sha256="cc"), "weaken", "rule_set[1].status"),
        (replace(MARK, status="stable", sha256="cc"), "strengthen", "rule_set[1].status"),
        (replace(MARK, detection_sha256="dd", sha256="cc"), "weaken", "rule_set[1].detection_sha256"),
        (replace(MARK, detection_sha256="dd"), "weaken", "rule_set[1].detection_sha256"),  # a filter of another file
        (replace(MARK, name="noisy", sha256="cc"), "weaken", "rule_set[1].name"),
        (replace(MARK, sha256="cc"), "neutral", "rule_set[1].sha256"),
        (replace(MARK, level="high", detection_sha256="dd", sha256="cc"), "weaken", "rule_set[1].detection_sha256"),
    ],
)
def test_a_rule_that_changed_has_a_class(after: RuleMark | None, expected: ChangeClass, path: str) -> None:
    """By what a rule is missing, milder, graver or different; its texts are neutral."""
    rules = {key: mark for key, mark in {**RULES, "1": after}.items() if mark is not None}
    found = rule_differences(RULES, rules)
    assert gravest(found) == expected
    assert expected in [difference.change_class for difference in found if difference.path == path]


def test_a_new_rule_strengthens() -> None:
    """Nothing that was found before is lost by it."""
    found = rule_differences(RULES, {**RULES, "3": MARK})
    assert [(difference.path, difference.before, difference.change_class) for difference in found] == [
        ("rule_set[3]", None, "strengthen")
    ]


def test_equal_rule_sets_do_not_differ() -> None:
    """In whatever order they are read."""
    assert rule_differences(RULES, dict(reversed(RULES.items()))) == []
