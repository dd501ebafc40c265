"""A part of the pack as queries: its correlations name rules of other folders, which are loaded with it."""

from __future__ import annotations

from agent.assembly.event_schema import event_schema
from agent.detection.authoring.convert import convert
from agent.detection.load import PLACEHOLDERS, load
from agent.normalize.mapping.load import load_mappings
from agent.shipped import shipped


def test_a_part_of_the_pack_is_converted_with_what_it_is_made_of() -> None:
    """Each of its rules has a query or a reason."""
    values = {**PLACEHOLDERS, "ApprovedAppIds": ["0H4x"]}
    part = [shipped("rules") / "exfiltration"]
    rules = load(part, placeholders=values)
    assert any(rule.path.parent.name == "feeders" for rule in rules)
    found = list(convert(rules, part, "splunk", event_schema(load_mappings([shipped("mappings")])[0]), values))
    assert [result.rule.id for result in found] == [rule.id for rule in rules.alerting]
    assert all(bool(result.queries) != bool(result.problem) for result in found)
