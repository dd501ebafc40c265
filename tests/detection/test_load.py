"""Folders of rules: what loads, and what is refused with file, line and advice."""

import re
import time

from agent.detection.condition.tree import And, Match, Not, Text
from agent.detection.load import load
from tests.detection.conftest import LoadText, Write

GOOD = """\
title: Good
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01
name: good
status: test
level: high
description: Says something.
tags: [attack.t1213.004, attack.exfiltration]
references: [https://example.com/one]
falsepositives: [None known]
fields: [USER_ID]
date: 2026-01-02
modified: 2026-03-04
author: Somebody
license: Apache-2.0
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {A: x}
  condition: sel
leakline: {family: exfiltration, feed: free, triage: Look.}
"""


def test_a_rule_carries_what_its_alerts_will_say(loaded: LoadText) -> None:
    """Every key that an analyst reads arrives."""
    rule = loaded(GOOD).rules[0]
    assert (rule.id, rule.name, rule.title) == ("0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01", "good", "Good")
    assert (rule.level, rule.status, rule.version, rule.author) == ("high", "test", "2026-03-04", "Somebody")
    assert (rule.family, rule.feed, rule.triage, rule.licence) == ("exfiltration", "free", "Look.", "Apache-2.0")
    assert (rule.techniques, rule.tactics) == (("T1213.004",), ("exfiltration",))
    assert (rule.references, rule.falsepositives, rule.fields) == (
        ("https://example.com/one",),
        ("None known",),
        ("USER_ID",),
    )
    assert rule.line == 1
    assert rule.condition == Match("A", Text("equals", frozenset({"x"})))


def test_an_id_or_a_name_belongs_to_one_rule(write: Write) -> None:
    """The second one is refused and names the first."""
    write("a.yml", GOOD)
    write("b.yml", GOOD.replace("name: good", "name: other"))
    write("c.yml", re.sub("id: .*", "id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d02", GOOD, count=1))
    rules = load([write("d/e.yml", "title: x").parent.parent])
    taken = [error for error in rules.errors if "is already used at" in error.reason]
    assert [error.path.name for error in taken] == ["b.yml", "c.yml"]
    assert all("a.yml:1" in error.reason for error in taken)
    assert len(rules) == 1


def test_a_rule_without_an_id_gets_one_from_its_content(loaded: LoadText) -> None:
    """The same content, the same id, wherever the file lies."""
    text = "title: T\nlogsource: {product: salesforce}\ndetection: {sel: {A: x}, condition: sel}\n"
    first, second = loaded(text).rules[0].id, loaded(text.replace("x", "y")).rules[0].id
    assert first == loaded(text).rules[0].id
    assert first != second


def test_a_file_may_hold_several_rules_and_samples_are_no_rules(write: Write) -> None:
    """Each document is a rule of its own, with its own line."""
    path = write("many.yml", "title: One\nlogsource: {product: p}\ndetection: {s: {A: x}, condition: s}\n---\n\ntitle: Two\nlogsource: {product: p}\ndetection: {s: {A: y}, condition: s}\n")  # fmt: skip
    write("many.samples.yml", "match: []")
    assert [(rule.title, rule.line) for rule in load([path.parent])] == [("One", 1), ("Two", 6)]


def test_old_multi_document_actions_are_resolved(loaded: LoadText) -> None:
    """`global` goes into every rule after it, `repeat` onto the rule before it, until `reset`."""
    rules = loaded(
        """
        action: global
        title: G
        logsource: {product: salesforce}
        ---
        detection: {s: {A: x}, condition: s}
        ---
        action: repeat
        detection: {s: {B: y}, condition: s}
        ---
        action: reset
        ---
        title: Alone
        logsource: {product: leakline}
        detection: {s: {C: z}, condition: s}
        """
    )
    assert not rules.errors
    assert [(rule.title, rule.logsource.product) for rule in rules] == [
        ("G", "salesforce"),
        ("G", "salesforce"),
        ("Alone", "leakline"),
    ]


def test_several_conditions_are_several_ways_to_match(loaded: LoadText) -> None:
    """A list of conditions is an OR."""
    rule = loaded("title: T\nlogsource: {product: p}\ndetection: {a: {A: x}, b: {A: y}, condition: [a, b]}").rules[0]
    assert rule.condition == Match("A", Text("equals", frozenset({"x", "y"})))


def test_a_filter_is_anded_as_it_stands_to_the_rules_it_names(loaded: LoadText) -> None:
    """Rules of other log sources, and rules it does not name, stay as they are."""
    rules = loaded(
        """
        title: One
        name: one
        logsource: {product: salesforce, service: event_log_file}
        detection: {s: {A: x}, condition: s}
        ---
        title: Two
        name: two
        logsource: {product: salesforce, service: event_log_file}
        detection: {s: {A: x}, condition: s}
        ---
        title: Elsewhere
        logsource: {product: okta}
        detection: {s: {A: x}, condition: s}
        ---
        title: A filter
        logsource: {product: salesforce}
        filter:
          rules: [one]
          selection: {USER: robot}
          condition: not selection
        """
    )
    assert not rules.errors
    plain = Match("A", Text("equals", frozenset({"x"})))
    robot = Match("USER", Text("equals", frozenset({"robot"})))
    assert [rule.condition for rule in rules] == [And((plain, Not(robot))), plain, plain]


def test_placeholders_stand_for_each_of_their_values(loaded: LoadText) -> None:
    """Wildcards in values work; a name without values matches nothing."""
    text = "title: T\nlogsource: {product: p}\ndetection: {s: {A|expand: '%app%'}, condition: s}"
    listed = loaded(text, placeholders={"app": ["one", "tw*"]}).rules[0]
    assert "tw" in repr(listed.condition)
    assert "one" in repr(listed.condition)
    assert "Constant(value=False)" in repr(loaded(text, placeholders={"app": []}).rules[0].condition)


def test_alias_bombs_are_refused_quickly(write: Write) -> None:
    """A file of two hundred bytes must not become a tree of a billion nodes."""
    levels = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 18))
    path = write("bomb.yml", f"title: T\nlogsource: {{product: p}}\na0: &a0 [x, y]\n{levels}\ndetection: {{s: {{A: *a17}}, condition: s}}\n")  # fmt: skip
    begun = time.process_time()
    rules = load([path])
    assert len(rules.errors) == 1
    assert time.process_time() - begun < 20


def test_rules_can_be_chosen_by_level_and_left_out_by_name(loaded: LoadText) -> None:
    """What is left out takes nothing else with it."""
    rules = loaded(GOOD)
    assert len(rules.selected(minimum="high")) == 1
    assert len(rules.selected(minimum="critical")) == 0
    assert len(rules.selected(without=["good"])) == 0
    assert rules["good"] is rules[rules.rules[0].id]
