"""The Sigma specification 2.1.0 point by point: a selection or a detection, an event, what the rule must say.

Each goes the whole way: the text of a rule, loading, an event read from NDJSON, evaluation.
"""

import re

import polars as pl
import pytest
import re2

from agent.detection.condition.regex_dialect import crate
from agent.errors import LeaklineError, RuleError
from agent.matching import matches

PLACEHOLDERS = {
    "one": ["x"],
    "several": ["srv*", "host?", "a.b"],
    "none": [],
    "nets": ["10.0.0.0/8", "2001:db8::/32"],
}


def said(detection: str, event: dict) -> bool:
    head = "title: A rule\nlogsource: {category: any}\ndetection:\n"
    return matches(head + "".join(f"  {line}\n" for line in detection.splitlines()), event, placeholders=PLACEHOLDERS)


ITEMS = [
    # text, without regard to case
    ("a: foo", {"a": "FOO"}, True),
    ("a: foo", {"a": "food"}, False),
    ("a: foo", {"A": "foo"}, False),
    ("a: [foo, bar]", {"a": "Bar"}, True),
    ("{a: foo, b: bar}", {"a": "foo", "b": "baz"}, False),
    ("a: ÉCOLE", {"a": "école"}, True),
    ("a: ПРИВЕТ", {"a": "привет"}, True),
    ("a|contains: ΟΔΟΣ", {"a": "οδοσα"}, True),
    ("a: ΟΔΟΣ", {"a": "οδος"}, True),
    ("a|contains: \u212a", {"a": "k"}, True),
    ("a: STRASSE", {"a": "straße"}, False),  # the limit: no full case folding
    ("a: I", {"a": "ı"}, False),  # nor a language's own letters
    ("a|cased: foo", {"a": "Foo"}, False),
    ("a|cased: foo", {"a": "foo"}, True),
    ("a|contains|cased: oO", {"a": "fooO"}, True),
    ("a|cased|endswith: oO", {"a": "fooo"}, False),
    ("a|cased: 'f*O'", {"a": "fooo"}, False),
    # empty, null, presence
    ("a: ''", {"a": ""}, True),
    ("a: ''", {"a": None}, False),
    ("a: ''", {}, False),
    ("a: null", {"a": None}, True),
    ("a: null", {}, True),
    ("a: null", {"a": ""}, False),
    ("a: null", {"a": []}, False),
    ("a: null", {"a": {"b": 1}}, False),
    ("a: ['', null]", {}, True),
    ("a: [null, x]", {"a": "y"}, False),
    ("a|exists: true", {"a": None}, True),
    ("a|exists: true", {"a": ""}, True),
    ("a|exists: true", {"a": []}, True),
    ("a|exists: true", {"a": {}}, True),
    ("a|exists: true", {"b": None}, False),
    ("a|exists: false", {"a": None}, False),
    ("a|exists: false", {}, True),
    ("a.b|exists: true", {"a": {"b": None}}, True),
    ("a.b|exists: true", {"a": {"c": 1}}, False),
    ("{a|exists: true, a: null}", {"a": None}, True),
    # wildcards and their escaping
    ("a: 'f*'", {"a": "f"}, True),
    ("a: '*o'", {"a": "foo\nfo"}, True),
    ("a: 'f*o*b'", {"a": "fxoyb"}, True),
    ("a: 'f?o'", {"a": "fo"}, False),
    ("a: '?'", {"a": "é"}, True),
    ("a: '?'", {"a": "😀"}, True),
    ("a: '*'", {"a": ""}, True),
    ("a: '*'", {"a": None}, False),
    ("a|contains: 'a.c'", {"a": "abc"}, False),
    ("a|contains: my__c", {"a": "myXXc"}, False),
    ("a: '100%'", {"a": "100x"}, False),
    (r"a: 'f\*o'", {"a": "f*o"}, True),
    (r"a: 'f\*o'", {"a": "foo"}, False),
    (r"a: '\?'", {"a": "?"}, True),
    (r"a: '\?'", {"a": "x"}, False),
    (r"a: 'C:\x'", {"a": r"c:\X"}, True),
    (r"a: 'C:\\x'", {"a": r"c:\x"}, True),
    (r"a: 'C:\\*'", {"a": r"c:\anything"}, True),
    (r"a: 'C:\\*'", {"a": "c:*"}, False),
    (r"a: 'C:\\\*'", {"a": r"c:\*"}, True),
    (r"a: 'C:\\\*'", {"a": r"c:\x"}, False),
    (r"a: 'a\\\b'", {"a": r"a\\b"}, True),
    (r"a: 'a\\\\b'", {"a": r"a\\b"}, True),
    (r"a|endswith: '\cmd.exe'", {"a": r"C:\Windows\CMD.EXE"}, True),
    (r"a|contains: '\*b'", {"a": "xa*bx"}, True),
    ("a|startswith: 'f*x'", {"a": "fooxbar"}, True),
    # numbers and truth
    ("a: 5", {"a": 5}, True),
    ("a: 5", {"a": "5"}, True),
    ("a: 5", {"a": "5.0"}, True),
    ("a: 5", {"a": 5.0}, True),
    ("a: 5", {"a": "five"}, False),
    ("a: 5", {"a": "0x5"}, False),
    ("a: 5", {"a": ""}, False),
    ("a: 1.5", {"a": "1.50"}, True),
    ("a: -1", {"a": "-1"}, True),
    ("a: 0x10", {"a": "16"}, True),
    ("a: 1", {"a": True}, False),
    ("a: '5'", {"a": 5}, True),
    ("a: '05'", {"a": 5}, False),
    ("a: '5*'", {"a": 512}, True),
    ("a|contains: '1'", {"a": 512}, True),
    ("a|gt: 5", {"a": "5.1"}, True),
    ("a|gte: 10", {"a": "9"}, False),
    ("a|gte: 10", {"a": "1e1"}, True),
    ("a|lt: 5", {"a": "NaN"}, False),
    ("a|lt: 5", {"a": "-Infinity"}, False),
    ("a|lt: 5", {"a": None}, False),
    ("a|lt: 5", {"a": False}, False),
    ("a|lte: [1, 100]", {"a": 50}, True),
    ("a: 9007199254740993", {"a": 9007199254740993}, True),
    ("a: 9007199254740993", {"a": 9007199254740992}, False),
    ("a|gt: 9007199254740992", {"a": "9007199254740993"}, True),
    ("a|lt: 9007199254740992", {"a": -3.25}, True),
    ("a|lte: 9007199254740993", {"a": "1e3"}, True),
    ("a|gt: 9007199254740992", {"a": "x"}, False),
    ("a: true", {"a": True}, True),
    ("a: true", {"a": "TRUE"}, True),
    ("a: true", {"a": 1}, False),
    ("a: false", {"a": False}, True),
    ("a: false", {}, False),
    ("a: 'true'", {"a": True}, True),
    # not equal
    ("a|neq: x", {"a": "y"}, True),
    ("a|neq: x", {"a": "X"}, False),
    ("a|neq: x", {}, True),
    ("a|neq: [x, y]", {"a": "y"}, False),
    ("a|neq: [x, y]", {"a": "z"}, True),
    ("a|neq: 5", {"a": "5.0"}, False),
    ("a|neq: null", {"a": "x"}, True),
    ("a|neq: null", {}, False),
    ("a|contains|neq: x", {"a": "axb"}, False),
    ("a|contains|all|neq: [x, y]", {"a": "x"}, True),
    ("a|cidr|neq: 10.0.0.0/8", {"a": "192.0.2.1"}, True),
    ("a|re|neq: '^x'", {"a": "xy"}, False),
    ("a|neq: x", {"a": ["x", "y"]}, False),
    # lists of the rule and of the event, objects
    ("a|contains|all: [x, y]", {"a": "yx"}, True),
    ("a|contains|all: [x, y]", {"a": "x"}, False),
    ("a|all: ['x*', '*y']", {"a": "xy"}, True),
    ("a: x", {"a": ["y", "X"]}, True),
    ("a: x", {"a": [["x"]]}, True),
    ("a|gte: 5", {"a": [1, "7"]}, True),
    ("a: [x, y]", {"a": []}, False),
    ("a.b: x", {"a": {"b": "x"}}, True),
    ("a.b: x", {"a.b": "x"}, True),
    ("a.b.c: x", {"a": [{"b": {"c": "y"}}, {"b": {"c": "x"}}]}, True),
    ("a: x", {"a": {"b": "x"}}, False),
    # regular expressions
    ("a|re: 'o.a'", {"a": "foo bar"}, False),
    ("a|re: 'o.b'", {"a": "foo bar"}, True),
    ("a|re: FOO", {"a": "foo"}, False),
    ("a|re|i: FOO", {"a": "foo"}, True),
    ("a|re: '^b'", {"a": "a\nb"}, False),
    ("a|re|m: '^b'", {"a": "a\nb"}, True),
    ("a|re: 'a.b'", {"a": "a\nb"}, False),
    ("a|re|s: 'a.b'", {"a": "a\nb"}, True),
    ("a|re|i|m|s: '^A.*B$'", {"a": "x\na\nb\nc"}, True),
    ("a|re: '^x{2,3}$'", {"a": "xxxx"}, False),
    ("a|re: '[^a-z]'", {"a": "abc"}, False),
    ("a|re: ['^a', 'b$']", {"a": "xb"}, True),
    ("a|re|all: ['^a', 'b$']", {"a": "xb"}, False),
    ("a|re: '5'", {"a": 152}, True),
    ("a|re: ''", {"a": ""}, True),
    ("a|re: ''", {}, False),
    (r"a|re: '\\\\srv'", {"a": r"\\srv"}, True),
    # addresses
    ("a|cidr: 10.0.0.0/8", {"a": "10.9.8.7"}, True),
    ("a|cidr: 10.0.0.0/8", {"a": "100.1.1.1"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": "10.9.8.7:443"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": "10.9.8"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": "010.9.8.7"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": " 10.9.8.7"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": "10.0.0.0/8"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": 10}, False),
    ("a|cidr: 192.0.2.1", {"a": "192.0.2.1"}, True),
    ("a|cidr: 192.0.2.128/25", {"a": "192.0.2.127"}, False),
    ("a|cidr: 0.0.0.0/0", {"a": "::1"}, False),
    ("a|cidr: 10.0.0.0/8", {"a": "::ffff:10.1.2.3"}, True),
    ("a|cidr: 10.0.0.0/8", {"a": "::FFFF:0a01:0203"}, True),
    ("a|cidr: 10.0.0.0/8", {"a": "::10.1.2.3"}, False),
    ("a|cidr: '::/0'", {"a": "10.1.2.3"}, False),
    ("a|cidr: 2001:db8::/32", {"a": "2001:0DB8:0:0:0:0:0:5"}, True),
    ("a|cidr: 2001:db8::/32", {"a": "2001:db9::"}, False),
    ("a|cidr: fe80::/10", {"a": "fe80::1%eth0"}, True),
    ("a|cidr: [10.0.0.0/8, '2001:db8::/32']", {"a": ["x", "2001:db8::1"]}, True),
    # encodings
    ("a|base64: foobar", {"a": "Zm9vYmFy"}, True),
    ("a|base64|cased: foobar", {"a": "zm9vymfy"}, False),
    ("a|cased|base64: foobar", {"a": "zm9vymfy"}, False),
    (r"a|base64: 'a\*'", {"a": "YSo="}, True),
    *[
        ("a|base64offset|contains: foobar", {"a": f"xx{text}xx"}, True)
        for text in ("Zm9vYmFy", "Zvb2Jhc", "mb29iYX")
    ],
    ("a|base64offset|contains: foobar", {"a": "Zm9vYmF"}, False),
    ("a|utf16le|base64offset|contains: ping", {"a": "cABpAG4AZwA="}, True),
    ("a|wide|base64offset|contains: ping", {"a": "cABpAG4AZwA="}, True),
    ("a|utf16le|base64: é", {"a": "6QA="}, True),
    ("a|utf16be|base64: ab", {"a": "AGEAYg=="}, True),
    ("a|utf16|base64: ab", {"a": "//5hAGIA"}, True),
    ("a|utf16|base64offset|contains: é", {"a": "//7pAA=="}, True),
    ("a|wide: ab", {"a": "a\0b\0"}, True),
    # dashes
    *[("a|windash|contains: ' -x'", {"a": f"cmd {dash}x"}, True) for dash in "-/\u2013\u2014\u2015"],
    ("a|windash|contains: ' /x'", {"a": "cmd -x"}, True),
    ("a|windash|contains: ' \u2014x'", {"a": "cmd /x"}, True),
    ("a|windash|contains: '-a-b'", {"a": "/a-b"}, True),
    ("a|windash|contains: '-a-b'", {"a": "/a/b"}, False),
    ("a|windash|contains|all: [' -a', ' -b']", {"a": "x /b -a"}, True),
    ("a|cased|windash: -A", {"a": "/a"}, False),
    # one field against another
    ("a|fieldref: b", {"a": "X", "b": "x"}, True),
    ("a|fieldref: b", {"a": "x"}, False),
    ("a|fieldref: b", {"b": "x"}, False),
    ("a|fieldref: b", {}, False),
    ("a|fieldref: b", {"a": 5, "b": "5"}, True),
    ("a|fieldref: b.c", {"a": "x", "b": {"c": "x"}}, True),
    ("a|fieldref: [b, c]", {"a": "x", "b": "y", "c": "x"}, True),
    ("a|fieldref|neq: b", {"a": "x", "b": "y"}, True),
    ("a|fieldref|neq: b", {"a": "x"}, True),
    ("a|fieldref|startswith: b", {"a": "xyz", "b": "XY"}, True),
    ("a|fieldref|endswith: b", {"a": "xyz", "b": "xy"}, False),
    ("a|fieldref|contains: b", {"a": "xyz", "b": "y"}, True),
    ("a|fieldref|contains: b", {"a": "a.c", "b": "."}, True),
    ("a|fieldref: b", {"a": ["p", "q"], "b": ["q", "r"]}, True),
    # placeholders
    ("a|expand: '%one%'", {"a": "X"}, True),
    ("a|expand: 'p%one%s'", {"a": "pxs"}, True),
    ("a|expand: '%several%'", {"a": "srv17"}, True),
    ("a|expand: '%several%'", {"a": "host12"}, False),
    ("a|expand: '%none%'", {"a": ""}, False),
    ("a|expand|neq: '%none%'", {"a": "x"}, True),
    ("a|contains|expand: '%one%'", {"a": "yxy"}, True),
    ("a|expand|contains: '%one%'", {"a": "yxy"}, True),
    ("a|expand: '%one%%one%'", {"a": "xx"}, True),
    (r"a|expand: '\%plain%one%'", {"a": "%plainx"}, True),
    (r"a|expand: '\%one\%'", {"a": "%one%"}, True),
    ("a|expand: '50%'", {"a": "50%"}, True),
    ("a: '%one%'", {"a": "%one%"}, True),
    ("a|re|expand: '^%one%+$'", {"a": "xxx"}, True),
    ("a|cased|expand: '%one%'", {"a": "X"}, False),
    ("a|cidr|expand: '%nets%'", {"a": "10.1.2.3"}, True),
    ("a|cidr|expand: '%nets%'", {"a": "2001:db8::1"}, True),
    ("a|cidr|expand: ['%nets%', 192.0.2.0/24]", {"a": "192.0.2.1"}, True),
    ("a|cidr|expand: '%none%'", {"a": "10.1.2.3"}, False),
    # parts of a time
    ("a|minute: 5", {"a": "2026-03-01T10:05:59Z"}, True),
    ("a|hour: 23", {"a": "2026-07-01T23:30:00+02:00"}, True),
    ("a|hour|gte: 22", {"a": "20260701223000.120"}, True),
    ("a|hour: [22, 23]", {"a": "2026-07-01 23:00:00"}, True),
    ("a|day|lt: 2", {"a": "2026-07-01"}, True),
    ("a|week: 53", {"a": "2026-12-31T00:00:00Z"}, True),
    ("a|month|gt: 6", {"a": "2026-06-30T00:00:00Z"}, False),
    ("a|year|lte: 2026", {"a": "2026-12-31T23:59:59.999Z"}, True),
    ("a|hour|neq: 5", {"a": "2026-01-01T05:00:00Z"}, False),
    ("a|hour|neq: 5", {}, True),
    ("a|hour: 0", {"a": "yesterday"}, False),
    ("a|hour|lt: 24", {"a": "2026-02-30T00:00:00Z"}, False),
    ("a|hour|lt: 24", {"a": 5}, False),
]  # fmt: skip


@pytest.mark.parametrize(("item", "event", "expected"), ITEMS)
def test_each_selection_says_what_the_specification_says(item, event, expected):
    """And its negation says the opposite: there is no third answer."""
    selection = item if item.startswith("{") else f"{{{item}}}"
    assert said(f"sel: {selection}\ncondition: sel", event) is expected
    assert said(f"sel: {selection}\ncondition: not sel", event) is not expected


DETECTIONS = [
    # keywords
    ("k: [evil, bad]\ncondition: k", {"a": {"b": ["so EVIL"]}}, True),
    ("k: evil\ncondition: k", {"a": 1, "b": "xevilx"}, True),
    ("k: [evil]\ncondition: k", {"evil": "x"}, False),
    ("k: ['e*l']\ncondition: k", {"a": "not evil at all"}, True),
    ("k: ['a b']\ncondition: k", {"x": "a", "y": "b"}, False),
    ("k: [443]\ncondition: k", {"port": 8443}, True),
    ("k: [true]\ncondition: k", {"a": True}, True),
    ("k: {'|all': [x, y]}\ncondition: k", {"a": "x", "b": {"c": "y"}}, True),
    ("k: {'|all': [x, y]}\ncondition: k", {"a": "x"}, False),
    ("k: {'|re': '^e.il$'}\ncondition: k", {"a": {"b": "evil"}}, True),
    ("k: {'|cased': X}\ncondition: k", {"a": "x"}, False),
    ("k: {'|contains': x}\ncondition: k", {"a": "axb"}, True),
    ("k: {'|base64offset': foobar}\ncondition: k", {"a": "xxZm9vYmFy"}, True),
    ("k: {'|cidr': 10.0.0.0/8}\ncondition: k", {"a": "x", "b": "10.1.1.1"}, True),
    ("k: {'|expand': '%one%'}\ncondition: k", {"a": "axb"}, True),
    ("k: [evil]\ncondition: k", {}, False),
    ("k: [evil]\ncondition: not k", {"a": None}, True),
    # maps and lists of maps
    ("s: [{a: x, b: y}, {c: z}]\ncondition: s", {"c": "z"}, True),
    ("s: [{a: x, b: y}, {c: z}]\ncondition: s", {"a": "x"}, False),
    ("s: [{a: x}, evil]\ncondition: s", {"q": "evil"}, True),
    # conditions
    ("a: {a: x}\nb: {b: y}\nc: {c: z}\ncondition: a or b and c", {"a": "x"}, True),
    ("a: {a: x}\nb: {b: y}\nc: {c: z}\ncondition: (a or b) and c", {"a": "x"}, False),
    ("a: {a: x}\nb: {b: y}\ncondition: not a and b", {"b": "y"}, True),
    ("a: {a: x}\nb: {b: y}\ncondition: not (a and b)", {"b": "y"}, True),
    ("a: {a: x}\ncondition: not not a", {"a": "x"}, True),
    ("not_a: {a: x}\ncondition: not_a", {"a": "x"}, True),
    ("sel-1: {a: x}\ncondition: sel-1", {"a": "x"}, True),
    ("s1: {a: x}\ns2: {b: y}\ncondition: 1 of s*", {"b": "y"}, True),
    ("s1: {a: x}\ns2: {b: y}\ncondition: all of s*", {"b": "y"}, False),
    ("s1: {a: x}\ns2: {b: y}\ncondition: any of s*", {"b": "y"}, True),
    ("a_s: {a: x}\nb: {b: y}\ncondition: 1 of *_s", {"b": "y"}, False),
    ("a_s_1: {a: x}\nb: {b: y}\ncondition: 1 of a*1", {"a": "x"}, True),
    ("s1: {a: x}\n_p: {b: y}\ncondition: 1 of them", {"b": "y"}, False),
    ("s1: {a: x}\n_p: {b: y}\ncondition: all of them", {"a": "x"}, True),
    ("s1: {a: x}\n_p: {b: y}\ncondition: s1 or _p", {"b": "y"}, True),
    ("_p1: {b: y}\ncondition: 1 of _p*", {"b": "y"}, True),
    ("sel: {a: x}\nf1: {b: y}\ncondition: sel and not 1 of f*", {"a": "x", "b": "y"}, False),
    ("sel: {a: x}\nf1: {b: y}\ncondition: sel and not 1 of f*", {"a": "x"}, True),
    ("a: {a: x}\nb: {b: y}\ncondition: [a, b]", {"b": "y"}, True),
]


@pytest.mark.parametrize(("detection", "event", "expected"), DETECTIONS)
def test_each_detection_says_what_the_specification_says(detection, event, expected):
    """Keywords, lists of maps, and how selections are put together."""
    assert said(detection, event) is expected


DIALECT = [
    (r"b$", "b\n", False, True),
    (r"\d", "٣", True, True),
    (r"(?i)k", "\u212a", True, True),
    (r"\s", "\u00a0", True, True),
]


@pytest.mark.parametrize(("pattern", "text", "here", "in_python"), DIALECT)
def test_regular_expressions_differ_from_pythons_in_known_places(pattern, text, here, in_python):
    """`$` is the end of the text only; classes are Unicode here as there, which RE2's are not."""
    assert said(f"s: {{a|re: '{pattern}'}}\ncondition: s", {"a": text}) is here
    assert (re.search(pattern, text) is not None) is in_python


SAME_IN_RE2 = [
    r"[[a]b]", r"[^[]+", r"[a&&b]", r"[--/]", r"[+--]", r"[a~~]", r"x{,5}", r"a{b", r"\<x\>", r"\012", r"[\012a]",
    r"\Qa.b\E.", r"\x{41}", r"\p{Greek}", r"[[:alpha:]]+", r"\_", r"{", r"a{2}", r"[]a]", r"[^]a]", r"\[{", r"[\]\[]",
]  # fmt: skip
TEXTS = [
    *"ab[]{}&-./~<>A\n_2,+:^Ωx", "[b]", "b]", "x{,5}", "a{b", "<x>", "a.bz", "aab", "&&", "--", "]]", "ab", "[{", "^]",
]  # fmt: skip


@pytest.mark.parametrize("pattern", SAME_IN_RE2)
def test_expressions_mean_what_they_mean_in_re2(pattern):
    """Also where the engine that runs them would read the same characters as something else."""
    expected = [re2.search(pattern, text) is not None for text in TEXTS]
    assert pl.Series(TEXTS).str.contains(crate(pattern)).to_list() == expected


FILTERED = """
title: One
name: one
logsource: {category: any}
detection: {s: {a: x}, condition: s}
---
title: A filter
logsource: {category: any}
filter: {rules: [one], robot: {user: robot}, condition: not robot}
"""


def test_one_rule_and_one_event_are_enough_to_ask():
    """Filters of the same text apply; what cannot be asked is an error that says why."""
    assert matches(FILTERED, {"a": "x", "user": "eve"})
    assert not matches(FILTERED, {"a": "x", "user": "robot"})
    with pytest.raises(RuleError, match=r"rule:1: .*detection"):
        matches("title: x\nlogsource: {category: any}", {})
    with pytest.raises(LeaklineError, match="JSON"):
        matches(FILTERED, {"a": object()})
