"""Mistakes that the loader of rules refuses: the schema refuses them too, or a list says why it cannot."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.modifiers import modifier_mapping

from agent.detection.authoring.rule_schema.detection import NOT_OF_TEXT
from agent.detection.sigma import parse
from tests.detection.baseline import test_document as baselines
from tests.detection.baseline.history_rows import BURST
from tests.detection.correlation.definition import test_document as correlations
from tests.detection.sigma import test_strict as rules
from tests.schemas.documents import accepts, documents

UNSEEN_IN_RULES = {
    "the text is not YAML, or a key stands twice: the editor's YAML support says so, before any schema": [
        "A: y", "sel: {B: x}", "[unclosed", "\tdetection", "!!python", "*nowhere", "date: 2026-02-30",
    ],
    "YAML 1.2, which schemas see, takes these for text or for another number than YAML 1.1 does": [
        "A: 2026-01-01", "A: .inf", "A: 0050", "A: 1:30",
    ],
    "keys are texts in JSON": ["5: x", "1: {A: x}"],
    "the grammar of a condition, and whether it names selections that are there": [
        "sel and flt", "1 of flt*", "1 of them*", "sel AND sel", "(sel", "sel and", "2 of sel*",
    ],
    "RE2's grammar": ["(?=x)", "(a)\\1", "(x"],
    "what a network is": ["10.0.0.1/8"],
    "how many dashes a text has": ["-a -b -c -d"],
    "the settings hold the values of a placeholder": ["%nobody%"],
    "whether another rule is there": ["[nobody]"],
}  # fmt: skip
"""Why the schema accepts what the loader refuses, to parts of the documents in the loader's own tests."""

UNSEEN_IN_CORRELATIONS = {
    "whether another rule is there, and what it is made of": ["third]", "both]", "name: first"],
    "which alias is used, and which rules there are": ["aliases: {who", "{third: A}"],
    "how long a span is": ["101y", "999999999y", "quiet: 5m"],
    "whether two keys agree": ["generate: false\ngenerate: true"],
    "which of two numbers is larger, or how many rules there are": ["gt: 3, lt: 3", "gte: 4, lte: 3", "type: temporal"],
    "JSON has no NaN": [".nan"],
}

UNSEEN_IN_BASELINES = {
    "whether another rule is there": ["[rows]", "name: row"],
    "which span is a multiple of another, or longer": [
        "step: 1h", "history: 800d", "season: hour_of_day", "minimum-history: 7d",
    ],
}  # fmt: skip


def cases(test: Any) -> list[Any]:
    """What a test of the loader is run with."""
    (mark,) = test.pytestmark
    return list(mark.args[1])


def seen(text: str) -> bool:
    """Whether the schema finds something wrong in a rule file."""
    try:
        return not all(accepts("rule", document) for document in documents(text))
    except (yaml.YAMLError, ValueError):
        return False  # not YAML: no schema sees it


def unseen(reasons: dict[str, list[str]], text: str) -> list[str]:
    """Why a schema cannot see the mistake in a text, if it cannot."""
    return [reason for reason, parts in reasons.items() if any(part in text for part in parts)]


def test_the_documents_that_are_damaged_below_are_right() -> None:
    """Else any schema would refuse what is made of them."""
    assert not seen(rules.GOOD)
    assert not seen(correlations.RULES)
    assert not seen(BURST)


@pytest.mark.parametrize("text", [text for text, *_ in rules.REFUSED])
def test_a_wrong_rule_is_refused(text: str) -> None:
    """Each kind that tests/detection/sigma/test_strict.py has."""
    assert seen(rules.HEAD + text) is not bool(unseen(UNSEEN_IN_RULES, text))


@pytest.mark.parametrize(
    ("old", "new"),
    [(old, new) for old, new, *_ in cases(correlations.test_a_wrong_correlation_is_refused_with_its_line)],
)
def test_a_wrong_correlation_is_refused(old: str, new: str) -> None:
    """Each kind that tests/detection/correlation/definition/test_document.py has."""
    assert seen(correlations.RULES.replace(old, new)) is not bool(unseen(UNSEEN_IN_CORRELATIONS, new))


@pytest.mark.parametrize("condition", cases(correlations.test_a_percentile_is_a_number_up_to_a_hundred))
def test_a_wrong_percentile_is_refused(condition: str) -> None:
    """As by the loader."""
    text = correlations.RULES.replace("event_count", "value_percentile")
    assert seen(text.replace("{gte: 3}", condition))
    assert not seen(text.replace("{gte: 3}", "{gte: 3, percentile: 99.5, field: X}"))


@pytest.mark.parametrize(
    "condition",
    [condition for condition, _ in cases(correlations.test_an_expression_that_makes_no_sense_is_refused)],
)
def test_the_words_of_a_condition_are_not_read(condition: str) -> None:
    """An expression over the names of rules is text to a schema: the loader alone can refuse it."""
    assert not seen(correlations.RULES.replace("event_count", "temporal").replace("{gte: 3}", condition))


@pytest.mark.parametrize(
    ("old", "new"), [(old, new) for old, new, *_ in cases(baselines.test_a_wrong_baseline_is_refused_with_its_line)]
)
def test_a_wrong_baseline_is_refused(old: str, new: str) -> None:
    """Each kind that tests/detection/baseline/test_document.py has."""
    assert seen(BURST.replace(old, new, 1)) is not bool(unseen(UNSEEN_IN_BASELINES, new))


VALUES = ("abc", 5, 5.5, True, "10.0.0.0/8", ["abc", "b"], [5, 6])
MODIFIERS = sorted(modifier_mapping)


def check(key: str, value: Any) -> None:
    """The schema and the loader say the same of one field with modifiers."""
    document = {"title": "T", "logsource": {"product": "p"}, "detection": {"s": {key: value}, "condition": "s"}}
    loads = not parse.parse(yaml.safe_dump(document).encode(), Path("rule.yml"), {}).errors
    assert accepts("rule", document) is loads, f"{key}: {value}"


def test_a_modifier_and_a_value_go_together_as_in_the_loader() -> None:
    """What loads, the schema accepts; what does not, it refuses."""
    for name, value in product(["", *(f"|{modifier}" for modifier in MODIFIERS)], VALUES):
        check(f"A{name}", value)


def test_modifiers_go_together_as_in_the_loader() -> None:
    """Every pair of them, of a text, and of a number where the first one takes numbers."""
    for first, second in product(MODIFIERS, MODIFIERS):
        check(f"A|{first}|{second}", 5 if first in NOT_OF_TEXT else "10.0.0.0/8")
