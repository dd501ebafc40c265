"""Folders of rules: what loads, and what is refused with file, line and advice."""

import re
import time

import pytest

from agent.detection.load import load
from agent.detection.tree import And, Match, Not, Text

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


def test_a_rule_carries_what_its_alerts_will_say(loaded):
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


REFUSED = [
    ("detection:\n  sel: {A|re: '(?=x)'}\n  condition: sel", 5, "looks around", "not"),
    ("detection:\n  sel:\n    B: y\n    A|re: '(x'\n  condition: sel", 7, "regular expression", ""),
    ("detection:\n  sel: {A|re: '(a)\\1'}\n  condition: sel", 5, "refers back", ""),
    ("detection:\n  sel:\n    B: y\n    A|foo: x\n  condition: sel", 7, "unknown modifier", "modifiers"),
    ("detection:\n  sel: {A|gte: '5'}\n  condition: sel", 5, "", ""),
    ("detection:\n  sel: {A|cidr: 10.0.0.1/8}\n  condition: sel", 5, "host bits", "first address"),
    ("detection:\n  sel: {A: x}\n  condition: sel and flt", 6, "flt", "selection"),
    ("detection:\n  sel: {A: x}\n  condition: 1 of flt*", 6, "doesn't match any", "selection"),
    ("detection:\n  sel: {A: x}\n  condition: sel | count() > 5", 6, "pipe", "correlation"),
    ("detection:\n  sel: {A: x}\n  condition: sel AND sel", 6, "", ""),
    ("detection:\n  sel: {A: x}\n  timeframe: 5m\n  condition: sel", 6, "timeframe", "timespan"),
    ("detection:\n  sel: {A: []}\n  condition: sel", 5, "empty", "null"),
    ("detection:\n  sel: {A: x}\n  sel: {B: x}\n  condition: sel", 6, "twice", ""),
    ("detection:\n  sel: {A|expand: '%nobody%'}\n  condition: sel", 4, "%nobody%", "settings"),
    ("detection:\n  sel: {A: x}", 4, "condition", ""),
    ("detection:\n  sel: {A: x}\n  condition: sel\nlevel: superb", 7, "superb", "levels"),
    ("detection:\n  sel: {A: x}\n  condition: sel\nid: 12", 1, "wrong type", "specification"),
    ("detection:\n  sel: {A: x}\n  condition: sel\ndate: 2026-02-30", 1, "", ""),
    ("detection: [unclosed", 5, "", ""),
    ("action: perhaps", 4, "action", "global"),
    ("leakline: oops\ndetection:\n  sel: {A: x}\n  condition: sel", 4, "leakline", "triage"),
]


@pytest.mark.parametrize(("text", "line", "message", "advice"), REFUSED)
def test_a_wrong_rule_is_one_error_with_its_line_and_the_others_load(write, capfd, text, line, message, advice):
    """Nothing else is printed, RE2's own complaints included."""
    head = "title: Wrong\n# a rule\nlogsource: {product: salesforce}\n"
    path = write("wrong.yml", head + text)
    write("good.yml", GOOD)
    rules = load([path.parent])
    assert [rule.title for rule in rules] == ["Good"]
    assert len(rules.errors) == 1
    error = rules.errors[0]
    assert (error.path, error.line) == (path, line)
    assert message in error.reason
    assert advice in error.hint
    assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_an_id_or_a_name_belongs_to_one_rule(write):
    """The second one is refused and names the first."""
    write("a.yml", GOOD)
    write("b.yml", GOOD.replace("name: good", "name: other"))
    write("c.yml", re.sub("id: .*", "id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d02", GOOD, count=1))
    rules = load([write("d/e.yml", "title: x").parent.parent])
    taken = [error for error in rules.errors if "is taken by" in error.reason]
    assert [error.path.name for error in taken] == ["b.yml", "c.yml"]
    assert all("a.yml:1" in error.reason for error in taken)
    assert len(rules) == 1


def test_a_rule_without_an_id_gets_one_from_its_content(loaded):
    """The same content, the same id, wherever the file lies."""
    text = "title: T\nlogsource: {product: salesforce}\ndetection: {sel: {A: x}, condition: sel}\n"
    one, other = loaded(text).rules[0].id, loaded(text.replace("x", "y")).rules[0].id
    assert one == loaded(text).rules[0].id
    assert one != other


def test_a_file_may_hold_several_rules_and_samples_are_no_rules(write):
    """Each document is a rule of its own, with its own line."""
    path = write("many.yml", "title: One\nlogsource: {product: p}\ndetection: {s: {A: x}, condition: s}\n---\n\ntitle: Two\nlogsource: {product: p}\ndetection: {s: {A: y}, condition: s}\n")  # fmt: skip
    write("many.samples.yml", "match: []")
    assert [(rule.title, rule.line) for rule in load([path.parent])] == [("One", 1), ("Two", 6)]


def test_old_multi_document_actions_are_resolved(loaded):
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


def test_several_conditions_are_several_ways_to_match(loaded):
    """A list of conditions is an OR."""
    rule = loaded("title: T\nlogsource: {product: p}\ndetection: {a: {A: x}, b: {A: y}, condition: [a, b]}").rules[0]
    assert rule.condition == Match("A", Text("equals", frozenset({"x", "y"})))


def test_a_filter_is_anded_as_it_stands_to_the_rules_it_names(loaded):
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


def test_placeholders_stand_for_each_of_their_values(loaded):
    """Wildcards in values work; a name without values matches nothing."""
    text = "title: T\nlogsource: {product: p}\ndetection: {s: {A|expand: '%app%'}, condition: s}"
    listed = loaded(text, placeholders={"app": ["one", "tw*"]}).rules[0]
    assert "tw" in repr(listed.condition)
    assert "one" in repr(listed.condition)
    assert "Constant(value=False)" in repr(loaded(text, placeholders={"app": []}).rules[0].condition)


def test_alias_bombs_are_refused_quickly(write):
    """A file of two hundred bytes must not become a tree of a billion nodes."""
    levels = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 18))
    path = write("bomb.yml", f"title: T\nlogsource: {{product: p}}\na0: &a0 [x, y]\n{levels}\ndetection: {{s: {{A: *a17}}, condition: s}}\n")  # fmt: skip
    begun = time.process_time()
    rules = load([path])
    assert len(rules.errors) == 1
    assert time.process_time() - begun < 20


def test_rules_can_be_chosen_by_level_and_left_out_by_name(loaded):
    """What is left out takes nothing else with it."""
    rules = loaded(GOOD)
    assert len(rules.selected(minimum="high")) == 1
    assert len(rules.selected(minimum="critical")) == 0
    assert len(rules.selected(without=["good"])) == 0
    assert rules["good"] is rules[rules.rules[0].id]
