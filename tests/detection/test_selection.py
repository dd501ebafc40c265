"""The rules that rows of one kind can match."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.tree import Exists, Match, Node, Not, Null, Text, both, either, folded
from agent.detection.selection import SourceRules
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

KINDS = ("API", "api", "Login", "LoginAs", "\u212aind", "kind", "straße", "", " ")


def values() -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(KINDS), min_size=1, max_size=3)


def leaves() -> st.SearchStrategy[Node]:
    fields = st.sampled_from(("EVENT_TYPE", "EventType", "a"))
    hows = st.sampled_from(("equals", "equals", "contains", "startswith"))
    uncased = st.builds(lambda how, texts: Text(how, frozenset(map(folded, texts))), hows, values())
    cased = st.builds(lambda how, texts: Text(how, texts, cased=True), hows, values())
    return st.builds(Match, fields, uncased | cased | st.just(Null()) | st.just(Exists()))


def nodes() -> st.SearchStrategy[Node]:
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(both),
            st.lists(inner, min_size=1, max_size=3).map(either),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def rules_of(conditions: list[Node]) -> list[Rule]:
    return [Rule(str(number), "", node, LogSource(), Path(), 1) for number, node in enumerate(conditions)]


@given(st.lists(nodes(), max_size=5), st.sampled_from(KINDS), st.sampled_from(("EVENT_TYPE", "EventType")))
def test_what_is_left_to_ask_holds_of_the_rows_that_the_rule_holds_of(
    conditions: list[Node], kind: str, field: str
) -> None:
    """Whatever its letters; and a rule that is left out holds of none."""
    frame = pl.DataFrame({field: [kind, kind, kind], "a": ["api", None, "x"]})
    rules = rules_of(conditions)
    selection = SourceRules(rules, field).of(frame[field][:1])
    asked = {rule.id: node for rule, node in zip(selection.rules, selection.conditions, strict=True)}
    assert list(asked) == sorted(asked, key=int)
    evaluation = Evaluation(frame, cells=True)
    for rule in rules:
        mask = evaluation.rows(rule.condition)
        whole = [mask] * 3 if isinstance(mask, bool) else mask.to_list()
        if rule.id not in asked:
            assert whole == [False] * 3
            continue
        left = evaluation.rows(asked[rule.id])
        assert whole == ([left] * 3 if isinstance(left, bool) else left.to_list())


def test_rows_of_several_kinds_are_tried_on_every_rule_as_it_stands() -> None:
    """None is left out, and nothing is reduced."""
    rules = rules_of([Match("EVENT_TYPE", Text("equals", frozenset({"api"}))), Match("a", Null())])
    selection = SourceRules(rules, "EVENT_TYPE").all()
    assert selection.rules == tuple(rules)
    assert selection.conditions == tuple(rule.condition for rule in rules)
