"""Rules too large to be read in a moment, or to be tried on every batch: refused with a word, quick where they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.detection import load, rule_files
from agent.detection.condition.tree import Match, Text
from agent.detection.load import loads
from agent.detection.rule_files import RuleFiles
from agent.detection.sigma import parse
from agent.detection.sigma.parsed_file import ParsedFile
from agent.detection.sigma.size import MOST_PATTERNS, MOST_VALUES

HEAD = """title: Large
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f001
logsource: {product: salesforce, service: event_log_file}
detection:
  sel:
"""
END = "  condition: sel\n"


def large(key: str, values: int, form: str = "'v{}'") -> str:
    return HEAD + f"    {key}:\n" + "".join(f"      - {form.format(number)}\n" for number in range(values)) + END


def test_a_rule_of_two_hundred_thousand_values_is_refused_before_pysigma_sees_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the line, and where such a list belongs."""
    monkeypatch.delattr(parse, "read_rule")
    (error,) = loads(large("USER_AGENT", 200_000)).errors
    assert (error.line, error.reason) == (4, "the rule holds 200,000 values, more than 100,000")
    assert "enrich.indicators" in error.hint


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("USER_AGENT|re", "'a{}.*b'"),
        ("USER_AGENT|startswith", "'v{}'"),
        ("USER_AGENT", "'a*{}*b'"),
        ("ROWS_PROCESSED", "{}"),
        ("CLIENT_IP|cidr", "'2001:db8:{:x}::/48'"),
    ],
)
def test_what_is_tried_one_by_one_is_bounded_sooner(key: str, form: str) -> None:
    """Thousands of expressions or numbers would cost every batch a second."""
    assert loads(large(key, MOST_PATTERNS, form)).errors == ()
    (error,) = loads(large(key, MOST_PATTERNS + 1, form)).errors
    assert f"{MOST_PATTERNS + 1:,} expressions, wildcards" in error.reason


@pytest.mark.parametrize("value", ["%A%", "x%A%", "%A%%A%"])
def test_placeholders_are_bounded_as_what_they_stand_for(value: str) -> None:
    """A file of values, and each with each of it, which could be more than a machine holds."""
    rule = HEAD + f"    USER_AGENT|expand: '{value}'\n" + END
    (error,) = loads(rule, placeholders={"A": [str(number) for number in range(MOST_VALUES + 1)]}).errors
    assert "the rule holds 100,0" in error.reason or "the rule holds 10,000,2" in error.reason
    assert "enrich.indicators" in error.hint


@pytest.mark.parametrize("modifier", ["", "|cased"])
def test_a_long_file_of_values_becomes_one_test(modifier: str) -> None:
    """Plain values are taken all at once; those with wildcards keep their meaning."""
    rule = HEAD + f"    USER_AGENT{modifier}|expand: '%A%'\n" + END
    values = [f"Value {number}" for number in range(MOST_VALUES - 3)]
    (loaded,) = loads(rule, placeholders={"A": [*values, "", "a*", r"b\*"]}).rules
    lower = [] if modifier else [value.lower() for value in values]
    cased = bool(modifier)
    assert loaded.condition.children == (  # type: ignore[union-attr]
        Match("USER_AGENT", Text("equals", frozenset({*(lower or values), "", "b*"}), cased)),
        Match("USER_AGENT", Text("startswith", frozenset({"a"}), cased)),
    )


def test_a_reload_parses_what_changed_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large rule that stays as it is costs a reload nothing; other values make it be read again."""
    read: list[str] = []
    parse = load.parsed_file

    def counted(data: bytes, path: Path, placeholders: load.Placeholders) -> ParsedFile:
        read.append(path.name)
        return parse(data, path, placeholders)

    monkeypatch.setattr(load, "parsed_file", counted)
    (tmp_path / "a.yml").write_text(large("USER_AGENT", 10))
    (tmp_path / "b.yml").write_text(large("USER_AGENT|expand", 1, "'%A%'").replace("f001", "f002"))
    files = RuleFiles()
    for values, also in ((["1"], ["a.yml", "b.yml"]), (["1"], []), (["2"], ["b.yml"])):
        read.clear()
        found = rule_files.read([tmp_path], files, placeholders={"A": values})
        files = found.files
        assert (len(found.rules), read) == (2, also)
