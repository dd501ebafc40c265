"""Conditions over frames: what holds of which rows."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.mask import Mask
from agent.detection.condition.prefilter import Prefilter
from agent.detection.condition.tree import Node
from tests.detection.condition import naive
from tests.detection.conftest import condition_of

FIELDS = ("a", "b", "c")

WORDS = st.sampled_from(
    ["x", "X", "foo", "Foo bar", "foobar", "straße", "ÉCOLE", "école", "a.b", "%", "_", "", "10", "10.5", "007", "-3"]
)
TIMES = st.sampled_from(
    [
        "2026-03-01T00:00:00Z",
        "2026-03-29T23:59:59.999+02:00",
        "2024-02-29",
        "2026-12-31T12:30:00",
        "2026-02-30T00:00:00Z",
        "noon",
    ]
)
ADDRESSES = st.sampled_from(
    [
        "10.1.2.3",
        "10.255.255.255",
        "11.0.0.0",
        "192.0.2.1",
        "010.1.2.3",
        "2001:db8::1",
        "2001:DB8::2",
        "::1",
        "Salesforce.com IP",
        "1.2.3",
    ]
)
TEXTS = WORDS | TIMES | ADDRESSES
CELLS = TEXTS | st.none()
LISTS = st.lists(TEXTS, max_size=3) | st.none()

Detection = dict[str, object]
Event = Mapping[str, object]

NUMBERS = st.sampled_from([0, 7, 10, 10.5, -3, 2**53 + 1])


def items() -> st.SearchStrategy[tuple[str, object]]:
    """(key with modifiers, value) pairs of a selection."""
    field = st.sampled_from((*FIELDS, "n", "absent", "l"))
    text = TEXTS.filter(lambda t: "*" not in t)
    wild = st.sampled_from(["f*", "*o", "*o*", "?", "f?o*", "*", "1*5", "*é*"])
    texts = text | st.lists(text | wild, min_size=1, max_size=3) | wild
    return st.one_of(
        st.tuples(field.map(lambda f: f), texts),
        st.tuples(st.builds("{}|{}".format, field, st.sampled_from(["contains", "startswith", "endswith", "contains|all", "endswith|cased", "cased", "neq"])), st.lists(text.filter(bool), min_size=1, max_size=3)),
        st.tuples(st.builds("{}|{}".format, field, st.sampled_from(["lt", "lte", "gt", "gte"])), NUMBERS),
        st.tuples(field, NUMBERS | st.booleans() | st.none()),
        st.tuples(st.builds("{}|re".format, field), st.sampled_from(["^fo+", "o.a", r"\d{2}", "bar$", "(x|foo)", "[A-Z]"])),
        st.tuples(st.builds("{}|re|i".format, field), st.sampled_from(["^FO", "Bar", "x"])),
        st.tuples(st.builds("{}|cidr".format, field), st.sampled_from(["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "0.0.0.0/0", "::/0"])),
        st.tuples(st.builds("{}|exists".format, field), st.booleans()),
        st.tuples(st.builds("{}|fieldref{}".format, field.filter(lambda f: f != "l"), st.sampled_from(["", "|contains", "|startswith", "|endswith"])), st.sampled_from([*FIELDS, "absent"])),
        st.tuples(st.builds("{}|{}".format, field, st.sampled_from(["hour", "minute", "day", "month", "year", "week", "hour|gte", "day|lt"])), st.sampled_from([0, 1, 9, 12, 23, 29, 2026])),
    )  # fmt: skip


def conditions(names: list[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        st.sampled_from(names),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        ),
        max_leaves=5,
    )


@st.composite
def detections(draw: st.DrawFn) -> dict[str, object]:
    pairs = st.lists(items(), min_size=1, max_size=3).map(dict)
    keywords = st.lists(WORDS.filter(bool), min_size=1, max_size=2)
    selections = draw(st.lists(pairs | keywords, min_size=1, max_size=3))
    detection: dict[str, object] = {f"s{number}": selection for number, selection in enumerate(selections)}
    return {**detection, "condition": draw(conditions(list(detection)))}


EVENTS = st.fixed_dictionaries(
    {**dict.fromkeys(FIELDS, CELLS), "n": st.none() | st.integers(-5, 15) | st.just(2**53 + 1), "l": LISTS}
)
SCHEMA: dict[str, Any] = {**dict.fromkeys(FIELDS, pl.String), "n": pl.Int64, "l": pl.List(pl.String)}


def spoken(condition: object) -> str:
    """The nested tuple as a Sigma condition."""
    if isinstance(condition, str):
        return condition
    assert isinstance(condition, tuple)
    word, *parts = condition
    inner = [f"({spoken(part)})" for part in parts]
    return f"not {inner[0]}" if word == "not" else f" {word} ".join(inner)


def listed(mask: Mask, height: int) -> list[bool]:
    """The answer for each row."""
    return [mask] * height if isinstance(mask, bool) else mask.to_list()


def rows(node: Node, frame: pl.DataFrame, *, prefiltered: bool = False, cells: bool = False) -> list[bool]:
    """The answer for each row: alone, and the same among so many that the batch is not small any more."""
    copies = SMALL // frame.height + 1
    few = _rows(node, frame, prefiltered, cells)
    assert _rows(node, pl.concat([frame] * copies), prefiltered, cells) == few * copies
    return few


def _rows(node: Node, frame: pl.DataFrame, prefiltered: bool, cells: bool) -> list[bool]:
    prefilter = Prefilter([node]) if prefiltered else None
    evaluation = Evaluation(frame, prefilter=prefilter, cells=cells)
    if prefiltered and not evaluation.candidates():
        return [False] * frame.height
    return listed(evaluation.rows(node), frame.height)


@settings(max_examples=150, deadline=None)
@given(detections(), st.lists(EVENTS, min_size=1, max_size=8))
def test_any_condition_over_any_rows_says_what_a_plain_reading_of_each_row_says(
    detection: Detection, events: list[Event]
) -> None:
    """Columns and rows agree, with the prefilter and without it."""
    node = condition_of({**detection, "condition": spoken(detection["condition"])})
    frame = pl.DataFrame(events, schema=SCHEMA)
    expected = [naive.holds(detection, event) for event in events]
    assert rows(node, frame) == expected
    assert rows(node, frame, prefiltered=True) == expected


@settings(max_examples=30, deadline=None)
@given(detections(), st.lists(EVENTS, min_size=1, max_size=6))
def test_the_negation_holds_exactly_where_the_condition_does_not(detection: Detection, events: list[Event]) -> None:
    """No row is undecided."""
    frame = pl.DataFrame(events, schema=SCHEMA)
    plain = rows(condition_of({**detection, "condition": spoken(detection["condition"])}), frame)
    turned = rows(condition_of({**detection, "condition": f"not ({spoken(detection['condition'])})"}), frame)
    assert turned == [not answer for answer in plain]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(detections(), min_size=2, max_size=12),
    st.lists(EVENTS, min_size=1, max_size=6),
    st.sampled_from((1, SMALL // 6, SMALL + 1)),
)
def test_many_conditions_tried_together_say_what_each_says_alone(
    tried_together: list[Detection], events: list[Event], copies: int
) -> None:
    """A prefilter over all of them leaves out none that would hold."""
    nodes = [condition_of({**detection, "condition": spoken(detection["condition"])}) for detection in tried_together]
    frame = pl.DataFrame(events, schema=SCHEMA)
    evaluation = Evaluation(pl.concat([frame] * copies), prefilter=Prefilter(nodes))
    tried = set(evaluation.candidates())
    for number, node in enumerate(nodes):
        alone = rows(node, frame)
        if number in tried:
            assert listed(evaluation.rows(node), frame.height * copies) == alone * copies
        else:
            assert not any(alone)


POINTS = [
    ("a: foo", {"a": "FOO"}, True),
    ("a: foo", {"a": "food"}, False),
    ("a: ''", {"a": ""}, True),
    ("a: ''", {"b": "x"}, False),
    ("a: null", {"b": "x"}, True),
    ("a: null", {"a": "x"}, False),
    ("a: 5", {"a": "5.0"}, True),
    ("a: 5", {"a": "five"}, False),
    ("a: '005'", {"a": "5"}, False),
    ("a|gte: 10", {"a": "9"}, False),
    ("a|gte: 10", {"a": "NaN"}, False),
    ("a|gt: 9007199254740992", {"a": "9007199254740993"}, True),
    ("a: true", {"a": "TRUE"}, True),
    ("a: true", {"a": 1}, False),
    (r"a: 'f\*o'", {"a": "f*o"}, True),
    (r"a: 'f\*o'", {"a": "foo"}, False),
    (r"a: 'C:\\\\*'", {"a": r"C:\\x"}, True),
    (r"a|contains: '\?'", {"a": "what?"}, True),
    ("a: 'f?o'", {"a": "fo"}, False),
    ("a|contains: my__c", {"a": "myXXc"}, False),
    ("a: '*'", {"b": "x"}, False),
    ("a|re: '^b'", {"a": "a\nb"}, False),
    ("a|re|m: '^b'", {"a": "a\nb"}, True),
    ("a|re|s: 'a.b'", {"a": "a\nb"}, True),
    ("a|re: 'b$'", {"a": "b\n"}, False),
    (r"a|re: '\d'", {"a": "٣"}, True),
    ("a|re|i: 'k'", {"a": "K"}, True),
    ("a|contains: ΣΑΣ", {"a": "σας"}, True),
    ("a|base64: foobar", {"a": "Zm9vYmFy"}, True),
    ("a|base64offset|contains: foobar", {"a": "xxIZm9vYmFyIQ"}, True),
    ("a|wide|base64offset|contains: ping", {"a": "cABpAG4AZwA="}, True),
    ("a|utf16le|base64offset|contains: ping", {"a": "cABpAG4AZwA="}, True),
    ("a|utf16be|base64: ab", {"a": "AGEAYg=="}, True),
    ("a|utf16|base64: ab", {"a": "//5hAGIA"}, True),
    ("a|windash|contains: ' -x'", {"a": "cmd /x"}, True),
    ("a|windash|contains: ' -x'", {"a": "cmd \u2013x"}, True),
    ("a|cidr: 10.0.0.0/8", {"a": "10.9.8.7:443"}, False),
    ("a|cidr: 'fe80::/10'", {"a": "fe80::1%eth0"}, True),
    ("a|cidr: ['10.0.0.0/8', '2001:db8::/32']", {"a": "2001:0DB8:0:0::5"}, True),
    ("a|hour: 23", {"a": "2026-07-01T23:30:00+02:00"}, True),
    ("a|hour|gte: 22", {"a": "20260701223000.120"}, True),
    ("a|week: 53", {"a": "2026-12-31T00:00:00Z"}, True),
    ("a|hour: 0", {"a": "yesterday"}, False),
    ("a|neq: x", {"b": "x"}, True),
    ("a|neq: [x, y]", {"a": "y"}, False),
    ("a|fieldref: b", {"a": "X", "b": "x"}, True),
    ("a|fieldref: b", {"a": "x"}, False),
    ("a|fieldref|neq: b", {"a": "x", "b": "y"}, True),
    ("a|fieldref|endswith: b", {"a": "xyz", "b": "yz"}, True),
    ("a|exists: true", {"a": ""}, True),
    ("a|exists: false", {"b": ""}, True),
    ("a|contains|all: [x, y]", {"a": "yx"}, True),
    ("a|contains|all: [x, y]", {"a": "x"}, False),
    ("a|contains: x", {"a": ["p", "qx"]}, True),
    ("a: 7", {"a": [1, 7]}, True),
]


@pytest.mark.parametrize(("item", "event", "expected"), POINTS)
def test_each_point_of_the_specification_is_answered_as_it_says(item: str, event: Event, expected: bool) -> None:
    """One selection, one event, one answer."""
    node = condition_of(f"sel: {{{item}}}\ncondition: sel" if not item.startswith("-") else item)
    assert rows(node, pl.DataFrame([event])) == [expected]


KEYWORDS = [
    ("[evil]", {"a": "xEVILx"}, True),
    ("[evil]", {"a": "good", "b": ["very evil"]}, True),
    ("[evil]", {"evil": "good"}, False),
    ("['e*l']", {"a": "not evil at all"}, True),
    ("['443']", {"port": 443}, True),
    ("[443]", {"port": 443}, True),
    ("{'|all': [x, y]}", {"a": "x", "b": "y"}, True),
    ("{'|all': [x, y]}", {"a": "x"}, False),
    ("{'|re': 'e.il'}", {"a": "evil"}, True),
]


@pytest.mark.parametrize(("selection", "event", "expected"), KEYWORDS)
def test_keywords_are_looked_for_inside_every_value_of_the_event(
    selection: object, event: Event, expected: bool
) -> None:
    """Values of lists included, names of fields not."""
    node = condition_of(f"sel: {selection}\ncondition: sel")
    assert rows(node, pl.DataFrame([event])) == [expected]


CELL_POINTS = [
    ("a: ''", {"a": None}, True),
    ("a: ''", {"a": "x"}, False),
    ("a: ['', x]", {"a": "X"}, True),
    ("a: true", {"a": "1"}, True),
    ("a: true", {"a": "0"}, False),
    ("a: false", {"a": "0"}, True),
    ("a: false", {"a": None}, False),
]


@pytest.mark.parametrize(("item", "event", "expected"), CELL_POINTS)
def test_in_log_files_an_empty_cell_is_empty_text_and_one_is_true(item: str, event: Event, expected: bool) -> None:
    """A cell has no type: empty came as null, and truth as 1."""
    node = condition_of(f"sel: {{{item}}}\ncondition: sel")
    assert rows(node, pl.DataFrame([event], schema={"a": pl.String}), cells=True) == [expected]


def test_a_field_whose_values_are_of_several_types_is_judged_by_each_of_them() -> None:
    """A field may be spread over several columns."""
    node = condition_of("sel: {a: 5}\ncondition: sel")
    frame = pl.DataFrame({"a (number)": [5, None, None], "a (text)": [None, "5", "x"]})
    evaluation = Evaluation(frame, names=lambda field: [c for c in frame.columns if c.startswith(field)])
    assert listed(evaluation.rows(node), 3) == [True, True, False]
    absent = condition_of("sel: {a: null}\ncondition: sel")
    assert listed(evaluation.rows(absent), 3) == [False, False, False]


def test_long_lists_of_values_are_one_test() -> None:
    """Ten thousand bad addresses cost one look-up, not ten thousand comparisons."""
    many = [f"10.{i // 256 % 256}.{i % 256}.7" for i in range(10_000)]
    node = condition_of(f"sel: {{a: {orjson.dumps(many).decode()}}}\ncondition: sel")
    assert not re.search(r"Or\(", repr(node)[:50])
    assert rows(node, pl.DataFrame({"a": ["10.0.5.7", "10.200.5.8", None]}), prefiltered=True) == [
        True,
        False,
        False,
    ]
