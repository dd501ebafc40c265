"""Samples in several processes."""

import pytest

from agent.detection.authoring import sample_processes
from agent.detection.authoring.samples import try_rules
from tests.detection.authoring.test_samples import RULE, SAMPLES
from tests.detection.conftest import Write

COUNTING = """
title: Often
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1e01
name: often
correlation: {type: event_count, rules: [counted], group-by: [USER_ID], timespan: 1h, condition: {gte: 2}}
"""
SEQUENCES = """
match:
  - {about: two, events: [{event: {ROWS: '10', USER_ID: 005A}, repeat: 2, every: 1m}]}
miss:
  - {about: one, events: [{event: {ROWS: '10', USER_ID: 005A}}]}
"""


def test_several_processes_find_what_one_finds(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same order: good samples, bad ones, a rule without any, one that does not load."""
    for number in range(5):
        text = RULE.replace("1d01", f"1d0{number}").replace("counted", f"counted{number}")
        folder = write(f"rules/counted{number}.yml", text.replace("gte", "foo") if number == 4 else text).parent
        if number != 3:
            write(f"rules/counted{number}.samples.yml", SAMPLES.replace("'10'", "'9'") if number == 2 else SAMPLES)
    monkeypatch.setattr(sample_processes, "WORTH_IT", 1)
    found = list(sample_processes.try_rules([folder], processes=2))
    assert found == list(try_rules([folder]))
    assert [finding.ok for finding in found] == [True] * 4 + [False, True] + [False, False] + [False]


def test_a_correlation_may_be_made_of_rules_in_other_files(write: Write) -> None:
    """As it may where they run; its samples are tried with them."""
    write("rules/counted.yml", RULE)
    write("rules/counted.samples.yml", SAMPLES)
    write("rules/often.samples.yml", SEQUENCES)
    folder = write("rules/often.yml", COUNTING).parent
    assert [(finding.ok, finding.subject) for finding in try_rules([folder])] == [(True, "counted")] * 2 + [
        (True, "often")
    ] * 2
    assert all(finding.ok for finding in try_rules([folder / "often.yml"], folder))
    (folder / "counted.yml").unlink()
    (lost,) = (finding for finding in try_rules([folder / "often.yml"], folder) if not finding.ok)
    assert "counted" in lost.message
