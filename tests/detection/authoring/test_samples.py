"""Samples beside rules, or in a folder that mirrors theirs."""

import polars as pl
import pytest

from agent.detection.authoring.samples import holds, try_rules
from agent.detection.sigma.log_source import LogSource
from tests.detection.conftest import Write, rule_of

RULE = """
title: Counted
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d01
name: counted
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {ROWS|gte: 10}
  condition: sel
"""
SAMPLES = """
match:
  - {about: ten, event: {ROWS: '10'}}
miss:
  - {about: nine, event: {ROWS: 9}}
"""


def test_samples_are_tried_one_by_one(write: Write) -> None:
    """Each is a finding; a rule that does what they say has only good ones."""
    folder = write("rules/a/counted.yml", RULE).parents[1]
    write("samples/a/counted.samples.yml", SAMPLES)
    found = list(try_rules([folder], folder.parent / "samples"))
    assert [(finding.ok, finding.message) for finding in found] == [
        (True, "ten: must match"),
        (True, "nine: must not match"),
    ]


def test_samples_may_stand_beside_the_rule(write: Write) -> None:
    """For people who keep a few rules of their own."""
    path = write("counted.yml", RULE)
    write("counted.samples.yml", SAMPLES)
    assert all(finding.ok for finding in try_rules([path.parent]))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (SAMPLES.replace("'10'", "'9'"), "ten: must match, but does not"),
        (SAMPLES.replace("ROWS: 9", "ROWS: 11"), "nine: must not match, but does"),
        (SAMPLES.split("miss:", maxsplit=1)[0], "no near-miss"),
        ("miss:" + SAMPLES.split("miss:")[1], "no sample that must match"),
        (SAMPLES + "innocent: [{about: twelve, event: {ROWS: 12}}]", "twelve: must not match, but does"),
        ("[1, 2", "is not a file of samples"),
        ("match: [{about: x}]", "is not a file of samples"),
    ],
)
def test_a_sample_that_fails_or_lacks_is_a_finding(write: Write, samples: str, message: str) -> None:
    """With the file it is about."""
    path = write("counted.yml", RULE)
    write("counted.samples.yml", samples)
    wrong = [finding for finding in try_rules([path]) if not finding.ok]
    assert len(wrong) == 1
    assert wrong[0].message.startswith(message)
    assert wrong[0].path


@pytest.mark.parametrize(
    ("samples", "line", "words"),
    [
        ("match: hello", 1, "`match` is not a list"),
        ("- a", 1, "not a mapping"),
        (SAMPLES.replace("miss:", "misses:"), 4, "there is no key `misses`"),
        (SAMPLES.replace("miss:", "match:"), 4, "'match' is given twice"),
        (SAMPLES.replace("event: {ROWS: 9}", "evnt: {ROWS: 9}"), 5, "not a sample"),
        (SAMPLES.replace("event: {ROWS: 9}", "event: 9"), 5, "`event` is not a mapping"),
        (SAMPLES.replace("event: {ROWS: 9}", "event: {ROWS: 9}, untl: 1h"), 5, "there is no key `untl`"),
        (SAMPLES.replace("event: {ROWS: 9}", "event: {ROWS: 9}, until: later"), 5, "not a span of time"),
        (SAMPLES.replace("event: {ROWS: 9}", "events: []"), 5, "`events` is empty or not a list"),
        (SAMPLES.replace("event: {ROWS: 9}", "events: [{event: {}, at: soon}]"), 5, "'soon' is not a span of time"),
        (SAMPLES.replace("event: {ROWS: 9}", "events: [{event: {}, repeat: many}]"), 5, "not a number of repetitions"),
        (SAMPLES.replace("event: {ROWS: 9}", "events: [{event: {}, repaet: 5}]"), 5, "there is no key `repaet`"),
        (SAMPLES + "placeholders: {A: b}", 6, "not a mapping of lists"),
        (SAMPLES + "---\nmatch: []", 1, "several documents"),
    ],
)
def test_a_wrong_file_of_samples_is_one_finding_with_its_line(
    write: Write, samples: str, line: int, words: str
) -> None:
    """What nothing reads is refused: a sample must say what its author believes."""
    path = write("counted.yml", RULE)
    write("counted.samples.yml", samples)
    (wrong,) = try_rules([path])
    assert (wrong.ok, wrong.line, words in wrong.message) == (False, line, True), wrong
    assert wrong.fix


def test_samples_of_no_rule_are_told(write: Write) -> None:
    """Beside the rules and in a mirror; not where one file of rules is named by itself."""
    path = write("rules/counted.yml", RULE)
    write("rules/counted.samples.yml", SAMPLES)
    write("rules/renamed.samples.yml", SAMPLES)
    assert [(finding.subject, finding.message) for finding in try_rules([path.parent]) if not finding.ok] == [
        ("renamed.samples.yml", "does not belong to a rule")
    ]
    mirror = write("mirror/counted.samples.yml", SAMPLES).parent
    assert all(finding.ok for finding in try_rules([path.parent], mirror))
    write("mirror/deep/counted.samples.yml", SAMPLES)
    assert [finding.subject for finding in try_rules([path.parent], mirror) if not finding.ok] == [
        "counted.samples.yml"
    ]
    assert all(finding.ok for finding in try_rules([path]))


def test_a_rule_without_a_sample_file_lacks_both_kinds(write: Write) -> None:
    """And a rule that does not load is a finding too."""
    assert [finding.ok for finding in try_rules([write("counted.yml", RULE)])] == [False, False]
    (broken,) = try_rules([write("broken.yml", RULE.replace("gte", "foo"))])
    assert (broken.ok, broken.line) == (False, 7)


CHAIN = """
title: Changed
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d02
name: changed
logsource: {product: salesforce, service: setup_audit_trail}
detection: {sel: {Action: changedemail}, condition: sel}
---
title: Taken
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d03
name: taken
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: ReportExport}, condition: sel}
---
title: Changed, then taken
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d04
name: chain
correlation:
  type: temporal_ordered
  rules: [changed, taken]
  group-by: [who]
  timespan: 1h
  aliases: {who: {changed: CreatedById, taken: USER_ID_DERIVED}}
"""
CHANGED = "{event: {Action: changedemail, CreatedById: 005A}, at: 0s, service: setup_audit_trail}"
TAKEN = "{event: {EVENT_TYPE: ReportExport, USER_ID_DERIVED: 005A}, at: 1m, service: event_log_file}"


def chain_of(*events: str, kind: str = "match") -> str:
    return f"{kind}:\n  - about: it\n    events: [{', '.join(events)}]\n"


def test_a_sequence_may_span_log_sources(write: Write) -> None:
    """Each event goes through the rules of its own source, in whatever order they are written down."""
    path = write("chain.yml", CHAIN)
    for order in ((CHANGED, TAKEN), (TAKEN, CHANGED)):
        write("chain.samples.yml", chain_of(*order) + chain_of(CHANGED, kind="miss"))
        assert [finding.ok for finding in try_rules([path])] == [True, True]


WAITING = """
title: First
name: first
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: first}, condition: sel}
---
title: Second
name: second
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: second}, condition: sel}
---
title: Alone
id: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d03
correlation: {type: temporal, rules: [first, second], group-by: [WHO], timespan: 10m, condition: first and not second}
"""
WAITING_SAMPLES = """
match:
  - {about: alone, events: [{event: {KIND: first, WHO: x}}]}
miss:
  - {about: both, events: [{event: {KIND: first, WHO: x}}, {event: {KIND: second, WHO: x}, at: 1m}]}
"""


def test_what_waits_for_the_end_of_its_window_is_judged(write: Write) -> None:
    """Nothing follows a sequence."""
    path = write("alone.yml", WAITING)
    write("alone.samples.yml", WAITING_SAMPLES)
    found = list(try_rules([path]))
    assert [(finding.ok, finding.message) for finding in found] == [
        (True, "alone: must match"),
        (True, "both: must not match"),
    ]


@pytest.mark.parametrize("wrong", ["", ", service: audit_trail"])
def test_an_event_of_no_source_is_a_finding_and_not_a_near_miss(write: Write, wrong: str) -> None:
    """It would be seen by no rule, and so not match whatever it holds."""
    path = write("chain.yml", CHAIN)
    nowhere = TAKEN.replace(", service: event_log_file", wrong)
    write("chain.samples.yml", chain_of(CHANGED, TAKEN) + chain_of(CHANGED, nowhere, kind="miss"))
    (bad,) = [finding for finding in try_rules([path]) if not finding.ok]
    assert "an event has no `service`" in bad.message


def test_one_rule_and_one_event_can_be_asked_about(write: Write) -> None:
    """A vendor's cell is text, however it is written down; a computed column keeps its type."""
    rule = rule_of({"detection": {"sel": {"ROWS|gte": 10, "leakline.ip_corp": False}, "condition": "sel"}})
    assert holds(rule, {"ROWS": 10, "leakline.ip_corp": False})
    assert not holds(rule, {"ROWS": 10})


def test_a_sample_of_a_rule_for_all_sources_says_of_which_one_it_is(write: Write) -> None:
    """The event is prepared as that source's rows are; a sequence says it event by event."""
    rule = rule_of({"logsource": {"product": "salesforce"}, "detection": {"sel": {"a": 1}, "condition": "sel"}})
    seen = []

    def prepare(frame: pl.DataFrame, source: LogSource) -> pl.DataFrame:
        seen.append(source.service)
        return frame

    assert holds(rule, {"a": 1}, prepare, "login_history")
    assert holds(rule, {"a": 1}, prepare)
    assert seen == ["login_history", None]
