"""A wrong rule of each refused kind: one line with file, line and what to change; the others run."""

import pytest

from agent.detection.load import load
from tests.detection.conftest import Write

HEAD = "title: Wrong\n# a rule\nlogsource: {product: salesforce}\n"

GOOD = "title: Good\nlogsource: {product: salesforce}\ndetection: {s: {A: x}, condition: s}\n"


def item(text: str) -> str:
    """A selection of one item, on line 6."""
    return f"detection:\n  sel:\n    {text}\n  condition: sel"


def condition(text: str) -> str:
    """A condition on line 6."""
    return f"detection:\n  sel: {{A: x}}\n  condition: {text}"


AFTER = condition("sel") + "\n"
"""Line 7 comes next."""

REFUSED = [
    # regular expressions
    (item("A|re: '(?=x)'"), 6, "lookaround", "not"),
    (item("A|re: '(a)\\1'"), 6, "a backreference", "several values"),
    (item("B: y\n    A|re: '(x'"), 7, "regular expression", ""),
    (item("A|re: 5"), 6, "5 is not text", "quotes"),
    (item("A|re|startswith: x"), 6, "anywhere", "^"),
    (item("A|re|cased: x"), 6, "`cased` cannot be used after the modifiers before it", ""),
    (item("A|i: x"), 6, "cannot be used with the text", ""),
    # modifiers and values
    (item("A|foo: x"), 6, "unknown modifier", "2.1.0"),
    (item("A|Contains: x"), 6, "unknown modifier", "2.1.0"),
    (item("A|: x"), 6, "unknown modifier", ""),
    (item("A|contains: null"), 6, "`contains` cannot be used with null", "modifier"),
    (item("A|gte: [5, null]"), 6, "`gte` cannot be used with null", "modifier"),
    (item("A|gte: '5'"), 6, "`gte` cannot be used with the text 5", "remove the quotes"),
    (item("A|contains: 443"), 6, "`contains` cannot be used with the number 443", "in quotes"),
    (item("A|exists: 'true'"), 6, "`exists`", "remove the quotes"),
    (item("A|hour: '5'"), 6, "`hour`", "remove the quotes"),
    (item("A|hour: 5.5"), 6, "5.5", "whole number"),
    (item("A|gte|hour: 5"), 6, "`hour` cannot be used after the modifiers before it", ""),
    (item("A|cidr: 10.0.0.1/8"), 6, "host bits", "first address"),
    (item("A|cidr: example.com"), 6, "CIDR", "first address"),
    (item("A|contains|cidr: 10.0.0.0/8"), 6, "CIDR", "cidr first"),
    (item("A|base64: 'a*'"), 6, "wildcards", "backslash"),
    (item("A|wide: é"), 4, "write base64 or base64offset next", ""),
    (item("A|windash: '-a -b -c -d'"), 6, "3 dashes", "several values"),
    (item("A|cased|fieldref: b"), 6, "fieldref", "cased"),
    (item("A|fieldref: 'b*'"), 6, "wildcards", ""),
    (item("A|utf16|utf16: x"), 6, "wrong type or shape", "specification"),
    (item("A|expand: '%nobody%'"), 4, "%nobody%", "settings"),
    (item("A: []"), 6, "empty", "null"),
    (item("A: [[]]"), 6, "empty", "null"),
    (item("A: [[x]]"), 6, "list in a list", "one list"),
    (item("A: {b: c}"), 6, "mapping", "dot"),
    (item("A: 2026-01-01"), 6, "neither text nor a number", "quotes"),
    (item("A: .inf"), 6, "invalid number", ""),
    (item("A: 0050"), 6, "not the number that it looks like", "quotes"),
    (item("A: 1:30"), 6, "not the number that it looks like", "quotes"),
    (item("5: x"), 6, "name 5 is not text", "quotes"),
    (item("A: x\n    A: y"), 7, "twice", "last"),
    # keywords
    ("detection:\n  sel: ['']\n  condition: sel", 5, "empty keyword", "field"),
    ("detection:\n  sel: null\n  condition: sel", 4, "one field", ""),
    ("detection:\n  sel: {'|exists': true}\n  condition: sel", 5, "field", ""),
    # selections and conditions
    ("detection:\n  sel: {}\n  condition: sel", 5, "empty", "field and a value"),
    ("detection:\n  sel: []\n  condition: sel", 5, "empty", ""),
    ("detection:\n  1: {A: x}\n  condition: '1'", 5, "not text", "quotes"),
    ("detection:\n  sel: {A: x}\n  sel: {B: x}\n  condition: sel", 6, "twice", ""),
    ("detection:\n  sel: {A: x}", 4, "condition", "add `condition:`"),
    ("detection:\n  condition: sel", 4, "no detections", ""),
    ("detection: x", 4, "detection", ""),
    ("detection: {}", 4, "condition", ""),
    (condition("sel and flt"), 6, "flt", "selection"),
    (condition("1 of flt*"), 6, "doesn't match any", "selection"),
    (condition("1 of them*"), 6, "doesn't match any", ""),
    (condition("sel | count() > 5"), 6, "pipe", "correlation"),
    (condition("sel AND sel"), 6, "character 5", "lower case"),
    (condition("(sel"), 6, "condition cannot be read", "parentheses"),
    (condition("sel and"), 6, "condition cannot be read", ""),
    (condition("2 of sel*"), 6, "condition cannot be read", "1 of x*"),
    (condition("5"), 6, "not text", "selections"),
    (condition("''"), 6, "empty", "selections"),
    (condition("null"), 6, "empty", ""),
    (condition("[]"), 6, "empty", ""),
    (condition("{x: y}"), 6, "not text", ""),
    (condition("[sel, 5]"), 6, "not text", ""),
    (condition("sel\n  timeframe: 5m"), 7, "timeframe", "timespan"),
    # everything around
    (AFTER + "level: superb", 7, "superb", "critical"),
    (AFTER + "level: 5", 7, "", "critical"),
    (AFTER + "status: ready", 7, "ready", "deprecated"),
    (AFTER + "id: twelve", 7, "UUID", "uuidgen"),
    (AFTER + "id: 12", 7, "`id` is not text", "quotes"),
    (AFTER + "license: true", 7, "`license` is not text", "quotes"),
    (AFTER + "related: x", 7, "related", ""),
    (AFTER + "related:\n  - {id: 929a690e-bef0-4204-a928-ef5e620d6fcc, type: cousin}", 7, "", "derived"),
    (AFTER + "related:\n  - {id: x, type: derived}", 7, "", ""),
    (AFTER + "tags: attack", 7, "tags", ""),
    (AFTER + "tags: [nodot]", 7, "", ""),
    (AFTER + "fields: 5", 7, "fields", ""),
    (AFTER + "falsepositives: 5", 7, "", ""),
    (AFTER + "references: 5", 7, "references", ""),
    (AFTER + "author: [x]", 7, "author", ""),
    (AFTER + "description: [x]", 7, "description", ""),
    (AFTER + "date: 2026-02-30", 7, "day is out of range", ""),
    (AFTER + "date: soon", 7, "date", ""),
    (AFTER + "title: 5", 7, "twice", ""),
    (AFTER + "name: [x]", 7, "name", ""),
    (AFTER + "leakline: oops", 7, "leakline", "triage"),
    (AFTER + "filter: {rules: any}", 7, "cannot be in one document", "---"),
    (AFTER + "correlation: {type: event_count}", 7, "cannot be in one document", "---"),
    ("detection: [unclosed", None, "YAML", ""),
    ("action: perhaps", 4, "action", "global"),
    ("\tdetection: x", 4, "YAML", ""),
    ("detection: !!python/object:os.system {}", 4, "YAML", ""),
    ("detection: *nowhere", 4, "YAML", ""),
    ("correlation: x", 4, "`correlation` is not a mapping", "timespan"),
    ("correlation:", 4, "`correlation` is not a mapping", "timespan"),
    ("correlation: [x]", 4, "`correlation` is not a mapping", "timespan"),
    # filters
    ("filter:\n  rules: []\n  sel: {A: x}\n  condition: sel", 5, "names no rules", "any"),
    ("filter:\n  rules: [5]\n  sel: {A: x}\n  condition: sel", 5, "names no rules", "any"),
    ("filter:\n  rules: [nobody]\n  sel: {A: x}\n  condition: sel", 5, "nobody", "id or name"),
    ("filter:\n  sel: {A: x}\n  condition: sel", 4, "rules", ""),
    ("filter:\n  rules: any\n  sel: {A: x}\n  condition: [sel]", None, "condition", ""),
    ("filter:\n  rules: any\n  sel: {A|foo: x}\n  condition: sel", 6, "unknown modifier", ""),
    ("filter: any", 4, "filter", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "advice"), REFUSED)
def test_a_wrong_rule_is_one_error_with_its_line_and_the_others_load(
    write: Write, capfd: pytest.CaptureFixture[str], text: str, line: int, message: str, advice: str
) -> None:
    """Nothing else is printed, RE2's own complaints included."""
    path = write("wrong.yml", HEAD + text)
    write("good.yml", GOOD)
    rules = load([path.parent])
    assert [rule.title for rule in rules] == ["Good"]
    assert len(rules.errors) == 1
    error = rules.errors[0]
    assert error.path == path
    assert line in (None, error.line)
    assert message in error.reason
    assert advice in error.hint
    assert "\n" not in str(error)
    assert "<" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_a_file_in_another_encoding_is_one_line(write: Write) -> None:
    """It names the line of the first byte that is no UTF-8."""
    path = write("latin.yml", GOOD)
    path.write_bytes(b"title: Wrong\nauthor: Ren\xe9 \xfe\n")
    (error,) = load([path]).errors
    assert (error.line, "\n" in str(error), error.hint) == (2, False, "save it as plain text in UTF-8")
