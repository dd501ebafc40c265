"""`leakline hunt --raw`: any rules over any NDJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detection.load import load
from agent.hunt.hunt import Hunt
from agent.hunt.ndjson import NdjsonReader
from agent.hunt.raw import pieces, read_raw
from tests.hunt.hunting import CORRELATED, row, run, where, write_rules

TESTS = {
    "number": ("a|gte: 5", "sel"),
    "text": ("a: five", "sel"),
    "truth": ("a: true", "sel"),
    "inside": ("a.b|contains: five", "sel"),
    "absent": ("a: null", "sel"),
    "exists": ("a|exists: true", "sel"),
    "negated": ("a.b|exists: true", "not sel"),
    "digits": ("a: '5'", "sel"),
    "same": ("a|fieldref: c", "sel"),
}


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["five", "5", "", "[", '{"b":"five"}', "true", "high five"]),
)


VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["b", "c"]), inner, max_size=2)
)


EVENTS = st.lists(st.dictionaries(st.sampled_from(["a", "a.b", "c"]), VALUES, max_size=3), min_size=1, max_size=12)


def test_raw_reaches_into_objects_and_compares_no_log_source(tmp_path: Path) -> None:
    """Dots reach into objects and lists; keywords look at every value; bad lines are told and the rest goes on."""
    folder = write_rules(tmp_path / "rules", {"inside": ("a.b: x", "sel")})
    path = tmp_path / "any.ndjson"
    path.write_text('{"a":{"b":"x"}}\n\nbad\n{"a.b":"X","@timestamp":"then"}\n{"a":[{"b":"y"},{"b":"x"}]}\n{"a":"x"}\n')
    status, alerts, told = run(path, rules=folder, raw=True)
    assert (status, where(alerts)) == (1, [("inside", 1), ("inside", 4), ("inside", 5)])
    assert alerts[1]["@timestamp"] == "then"
    assert f"{path}:3: is not a JSON object" in told
    (folder / "word.yml").write_text(
        "title: word\nlogsource: {category: none}\ndetection: {words: ['*y*'], condition: words}\n"
    )
    _, alerts, _ = run(path, rules=folder, raw=True)
    assert where(alerts) == [("inside", 1), ("inside", 4), ("inside", 5), ("word", 5)]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Hunt:
    return Hunt(load([write_rules(tmp_path_factory.mktemp("rules") / "of", TESTS)]), raw=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events") / "events.ndjson"


def found(search: Hunt, path: Path, lines: list[bytes]) -> set[tuple[str, int]]:
    path.write_bytes(b"\n".join(lines))
    return {pair for chunk in search.read(path) for pair in where(search.alerts(chunk, path))}


@given(events=EVENTS)
def test_each_line_is_judged_as_if_it_were_alone(search: Hunt, path: Path, events: list[dict[str, Any]]) -> None:
    """Whatever types the other lines have, a file gives the matches that its lines give one by one."""
    lines = [orjson.dumps(event) for event in events]
    alone = {(rule, n) for n, line in enumerate(lines, 1) for rule, _ in found(search, path, [line])}
    assert found(search, path, lines) == alone


def test_every_kind_of_value_is_met(search: Hunt, path: Path) -> None:
    """The rules of the property above do match, each on the kind of value it is about."""
    lines = [
        b'{"a":7}',
        b'{"a":"five"}',
        b'{"a":true}',
        b'{"a":{"b":"high five"}}',
        b"{}",
        b'{"a":[1,"5"]}',
        b'{"a":"x","c":"x"}',
    ]
    matches = found(search, path, lines)
    expected = {
        ("number", 1), ("text", 2), ("truth", 3), ("inside", 4), ("absent", 5), ("digits", 6), ("number", 6), ("same", 7),
        *(("exists", n) for n in (1, 2, 3, 4, 6, 7)), *(("negated", n) for n in (1, 2, 3, 5, 6, 7)),
    }  # fmt: skip
    assert matches == expected


def test_raw_frames_hold_what_is_asked_for(path: Path) -> None:
    """Only fields that rules look at are kept, so that a flood of made-up names costs nothing."""
    path.write_bytes(b'{"a":1,"z1":2}\n{"a":2,"z2":[3]}\n')
    (piece,) = pieces(path)
    examined = read_raw(piece, NdjsonReader(["a"]))
    assert examined.frame.columns[1:] == ["a"]
    assert examined.frame["a"].to_list() == ["1", "2"]


def test_what_one_line_says_of_itself_does_not_hang_on_another(tmp_path: Path) -> None:
    """A time stays one text in the alert where another line has a list of them."""
    folder = write_rules(tmp_path / "rules", {"word": ("a: x", "sel")})
    path = tmp_path / "any.ndjson"
    path.write_text('{"a":"x","timestamp":"2026-07-01"}\n{"a":"y","timestamp":["2026-07-01","2026-07-02"]}\n')
    _, (alert,), _ = run(path, rules=folder, raw=True)
    assert alert["@timestamp"] == "2026-07-01"


def test_ids_of_both_kinds_go_into_one_alert(tmp_path: Path) -> None:
    """Events with an id of ours and events that have none."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    path = tmp_path / "rows.ndjson"
    ids = [f"{2**127 + n:032x}" for n in range(2)]
    rows = [orjson.loads(row("u", second)) for second in range(3)]
    events = [{**event, "event.id": own} for event, own in zip(rows, [*ids, None], strict=True)]
    path.write_bytes(b"\n".join(map(orjson.dumps, events)))
    _, (alert,), _ = run(path, rules=tmp_path / "rules.yml", raw=True)
    assert alert["leakline"]["alert"]["event_ids"] == [*ids, f"{path}:3"]


@pytest.mark.parametrize("same", [4625, "x" * 3000])
def test_raw_events_of_one_id_are_several(tmp_path: Path, same: object) -> None:
    """What is called `event.id` there may be the number of a kind; a line counts once, however often it is read."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    path = tmp_path / "rows.ndjson"
    lines = [orjson.dumps({**orjson.loads(row("u", n)), "event": {"id": same}}) for n in range(3)]
    path.write_bytes(b"\n".join(lines))
    _, (alert,), _ = run(path, path, rules=tmp_path / "rules.yml", raw=True)
    assert alert["leakline"]["alert"]["event_ids"] == [f"{path}:{line}" for line in (1, 2, 3)]
    path.write_bytes(b"\n".join(lines[:2]))
    assert run(path, path, rules=tmp_path / "rules.yml", raw=True)[1] == []
