"""The Sigma specification 2.1.0 point by point, what modifiers mean: addresses, encodings, other fields, times.

Each goes the whole way: the text of a rule, loading, an event, evaluation.
"""

from __future__ import annotations

import pytest

from tests.detection.points.asking import Event, assert_selection

ITEMS: list[tuple[str, Event, bool]] = [
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
def test_each_selection_says_what_the_specification_says(item: str, event: Event, expected: bool) -> None:
    """And its negation says the opposite."""
    assert_selection(item, event, expected=expected)
