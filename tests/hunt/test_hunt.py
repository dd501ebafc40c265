"""`leakline hunt`: rules over files at rest."""

from __future__ import annotations

import gzip
import io
import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from agent.cli.hunt import hunt
from agent.config import settings as config
from agent.detection.load import load
from agent.errors import LeaklineError
from agent.formats import ecs
from agent.hunt.hunt import Hunt
from agent.hunt.log_files import batches
from agent.hunt.ndjson import NdjsonReader
from agent.hunt.raw import pieces, read_raw
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

RULE = """
title: {title}
logsource:
  product: salesforce
  service: event_log_file
detection:
  sel:
    {test}
  condition: {condition}
level: high
"""

LOG = (
    '"EVENT_TYPE","TIMESTAMP_DERIVED","ORGANIZATION_ID","USER_ID","ROWS_PROCESSED","QUERY"\n'
    '"RestApi","2026-07-01T08:00:00.000Z","00D5f000005XrT2","0055f000008aaaa","5","one"\n'
    '"RestApi","2026-07-01T08:00:01.000Z","00D5f000005XrT2","0055f000008aaaa","20000","two\nlines"\n'
    '"RestApi","2026-07-01T08:00:02.000Z","00D5f000005XrT2"\n'
    '"RestApi","2026-07-01T08:00:03.000Z","00D5f000005XrT2","0055f000008bbbb","30000","three"\n'
)

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


def write_rules(folder: Path, tests: dict[str, tuple[str, str]]) -> Path:
    folder.mkdir()
    for title, (test, condition) in tests.items():
        (folder / f"{title}.yml").write_text(RULE.format(title=title, test=test, condition=condition))
    return folder


def run(*files: Path, rules: Path, raw: bool = False) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, alerts, what was told."""
    out, told = io.BytesIO(), io.StringIO()
    status = hunt(files, [rules], raw=raw, out=out, err=Console(file=told, width=10_000))
    return status, [orjson.loads(line) for line in out.getvalue().splitlines()], told.getvalue()


def where(alerts: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(alert["rule"]["name"], alert["leakline"]["input"]["line"]) for alert in alerts]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "rules", {"much": ("ROWS_PROCESSED|gte: 10000", "sel")})


def test_log_file_lines_are_those_of_the_file(tmp_path: Path, rules: Path) -> None:
    """Line feeds in cells and malformed records count, gzipped or not; a malformed record is told."""
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    for name in ("log.csv", "log.csv.gz"):
        status, alerts, told = run(tmp_path / name, rules=rules)
        assert (status, where(alerts)) == (1, [("much", 3), ("much", 6)])
        assert f"{name}:5: " in told
        assert "2 alerts; 3 events in 1 files; 1 rules; 1 lines could not be tried" in told
    assert alerts[0]["@timestamp"] == "2026-07-01T08:00:01.000Z"
    assert alerts[0]["rule"]["level"] == "high"
    assert len(alerts[0]["event"]["id"]) == 32


@pytest.mark.parametrize("old", [False, True])
def test_archived_output_alerts_as_the_log_file_does(tmp_path: Path, rules: Path, old: bool) -> None:
    """Events that were shaped and written give the alerts, with the ids, that the log file gives; old ones as well."""
    log, archive = tmp_path / "log.csv", tmp_path / "events.ndjson"
    log.write_text(LOG)
    normalizer = Normalizer(load_mappings([shipped("mappings")])[0])
    lines = [
        line
        for batch in batches(log)
        for line in ecs.encode(normalizer.shape(normalizer.prepare(batch), batch, datetime(2026, 7, 2, tzinfo=UTC)))
    ]
    if old:  # before `event.dataset` named a family of events, it named the service
        lines = [re.sub(r"\bsalesforce\.[a-z]+\b", "salesforce.event_log_file", line) for line in lines]
        lines = [line.replace('"service":"event_log_file"', '"x":"y"') for line in lines]
    archive.write_text("\n".join(lines) + "\nbad\n")
    _, expected, _ = run(log, rules=rules)
    status, alerts, told = run(archive, rules=rules)
    assert [alert["event"]["id"] for alert in alerts] == [alert["event"]["id"] for alert in expected]
    assert (status, where(alerts)) == (1, [("much", 2), ("much", 3)])
    assert f"{archive}:4: is no JSON object" in told


def test_vendor_rows_as_ndjson_are_log_file_rows(tmp_path: Path, rules: Path) -> None:
    """A row with EVENT_TYPE is tried as a row of a log file; one of no known source is told."""
    path = tmp_path / "rows.ndjson"
    path.write_text('{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":10000}\n{"ROWS_PROCESSED":10000}\n')
    status, alerts, told = run(path, rules=rules)
    assert (status, where(alerts)) == (1, [("much", 1)])
    assert f"{path}:2: belongs to no log source known here" in told


def test_lines_that_are_no_objects_are_told(tmp_path: Path, rules: Path) -> None:
    """Lists, texts and numbers are JSON, and no events."""
    path = tmp_path / "rows.ndjson"
    path.write_text('{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":1}\n[1]\n"x"\n5\n')
    _, _, told = run(path, rules=rules)
    assert [f"{path}:{line}: is no JSON object (the line holds no object)" in told for line in (2, 3, 4)] == [True] * 3


def test_a_wrong_rule_is_named_and_the_others_run(tmp_path: Path, rules: Path) -> None:
    """One line with file and line for a rule that does not load."""
    (rules / "wrong.yml").write_text(RULE.format(title="wrong", test="a|nosuch: 1", condition="sel"))
    (tmp_path / "log.csv").write_text(LOG)
    status, alerts, told = run(tmp_path / "log.csv", rules=rules)
    assert (status, len(alerts)) == (1, 2)
    assert "wrong.yml:" in told.splitlines()[0]
    assert "1 rules, 1 left out" in told


def test_status_says_nothing_found_or_failed(tmp_path: Path, rules: Path) -> None:
    """0 where no rule matched, 3 where a file broke off, an error where there is no rule at all."""
    quiet, damaged, empty = tmp_path / "quiet.ndjson", tmp_path / "damaged.gz", tmp_path / "empty"
    quiet.write_text('{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":"1"}\n')
    damaged.write_bytes(gzip.compress(b'{"ROWS_PROCESSED": 20000}\n' * 50)[:-12])
    empty.mkdir()
    assert run(quiet, rules=rules)[0] == 0
    status, _, told = run(damaged, quiet, rules=rules, raw=True)
    assert status == 3
    assert "damaged.gz cannot be read" in told
    with pytest.raises(LeaklineError, match="no rule"):
        run(quiet, rules=empty)


def test_raw_reaches_into_objects_and_compares_no_log_source(tmp_path: Path) -> None:
    """Dots reach into objects and lists; keywords look at every value; bad lines are told and the rest goes on."""
    folder = write_rules(tmp_path / "rules", {"inside": ("a.b: x", "sel")})
    path = tmp_path / "any.ndjson"
    path.write_text('{"a":{"b":"x"}}\n\nbad\n{"a.b":"X","@timestamp":"then"}\n{"a":[{"b":"y"},{"b":"x"}]}\n{"a":"x"}\n')
    status, alerts, told = run(path, rules=folder, raw=True)
    assert (status, where(alerts)) == (1, [("inside", 1), ("inside", 4), ("inside", 5)])
    assert alerts[1]["@timestamp"] == "then"
    assert f"{path}:3: is no JSON object" in told
    (folder / "word.yml").write_text(
        "title: word\nlogsource: {category: none}\ndetection: {words: ['*y*'], condition: words}\n"
    )
    _, alerts, _ = run(path, rules=folder, raw=True)
    assert where(alerts) == [("inside", 1), ("inside", 4), ("inside", 5), ("word", 5)]


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


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Hunt:
    return Hunt(load([write_rules(tmp_path_factory.mktemp("rules") / "of", TESTS)]), raw=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events") / "events.ndjson"


def found(search: Hunt, path: Path, lines: list[bytes]) -> set[tuple[str, int]]:
    path.write_bytes(b"\n".join(lines))
    return {pair for tried in search.read(path) for pair in where(search.alerts(tried, path))}


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


CORRELATED = """
title: base
name: base
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {ROWS_PROCESSED|gte: 10}, condition: sel}
---
title: many
id: 5f5b7ba1-54b7-4f86-a4a5-3cb3f1d1f1aa
level: high
correlation: {type: event_count, rules: [base], group-by: [USER_ID], timespan: 1m, condition: {gte: 3}}
"""


def row(user: str, second: int, name: str = "TIMESTAMP_DERIVED") -> bytes:
    when = f"2026-07-01T08:{second // 60:02}:{second % 60:02}.000Z"
    return orjson.dumps({"EVENT_TYPE": "RestApi", name: when, "USER_ID": user, "ROWS_PROCESSED": 20, "QUERY": second})


@pytest.mark.parametrize("raw", [False, True])
def test_correlations_see_all_files_in_any_order(tmp_path: Path, raw: bool) -> None:
    """One alert for each group, at its last event's file and line, whatever the order; the base stays silent."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    eve, bob = "0055f000008aaaaAAA", "0055f000008bbbbAAA"
    early, late = tmp_path / "early.ndjson", tmp_path / "late.ndjson"
    early.write_bytes(b"\n".join([row(bob, 5), row(eve, 10), row(eve, 0)]))
    late.write_bytes(b"\n".join([row(eve, 3600), row(eve, 60), row(bob, 300)]))
    told = []
    for files in ((early, late), (late, early)):
        status, (alert,), _ = run(*files, rules=tmp_path / "rules.yml", raw=raw)
        told.append(alert)
        assert status == 1
    assert told[0] == told[1]
    assert told[0]["rule"]["name"] == "many"
    assert told[0]["leakline"]["input"] == {"file": str(late), "line": 2}
    assert told[0]["leakline"]["correlation"]["group"] == f"USER_ID={eve}"
    assert told[0]["leakline"]["correlation"]["count"] == 3
    assert len(told[0]["leakline"]["alert"]["event_ids"]) == 3
    assert (told[0]["event"]["start"], told[0]["event"]["end"]) == (
        "2026-07-01T08:00:00.000Z",
        "2026-07-01T08:01:00.000Z",
    )


CONDITIONS = {
    "type: event_count, condition: {eq: 3}": (3, 3),
    "type: event_count, condition: {gte: 2, lte: 3}": (3, 3),
    "type: value_avg, condition: {field: QUERY, gte: 20}": (3, 70 / 3),
    "type: value_median, condition: {field: QUERY, lt: 15}": (3, 0),
    "type: value_percentile, condition: {field: QUERY, percentile: 75, gt: 30}": (3, 35),
    "type: value_count, condition: {field: QUERY, gte: 3}": (3, 3),
    "type: temporal, condition: base and not other": (3, 1),
}


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_correlations_of_every_type_are_judged_to_the_end(tmp_path: Path, raw: bool, condition: str) -> None:
    """Nothing follows files at rest, so nothing waits for what may follow; chains see what is below them."""
    other = CORRELATED.split("---")[0].replace("base", "other").replace("ROWS_PROCESSED|gte: 10", "EVENT_TYPE: Other")
    named = "[base, other]" if "other" in condition else "[base]"
    one = f"correlation: {{rules: {named}, group-by: [USER_ID], timespan: 1m, {condition}}}"
    chain = "correlation: {rules: [one], type: event_count, timespan: 1h, condition: {gte: 1}, generate: true}"
    rules = [CORRELATED.split("---")[0], other, f"title: One\nname: one\n{one}\n", f"title: Two\nname: two\n{chain}\n"]
    (tmp_path / "rules.yml").write_text("---\n".join(rules))
    log = tmp_path / "rows.ndjson"
    eve = "0055f000008aaaaAAA"
    log.write_bytes(b"\n".join([row(eve, 10), row(eve, 0), row(eve, 60)]))
    _, told, _ = run(log, rules=tmp_path / "rules.yml", raw=raw)
    alert, above = sorted(told, key=lambda one: one["rule"]["name"])
    count, measured = CONDITIONS[condition]
    assert (alert["leakline"]["correlation"]["count"], above["rule"]["name"]) == (count, "Two")
    assert alert["leakline"]["measure"]["value"] == pytest.approx(measured, abs=1e-5)
    assert alert["leakline"]["input"] == {"file": str(log), "line": 3}


def test_correlations_take_a_row_once(tmp_path: Path) -> None:
    """The same log file twice counts once; of two that hold different rows both count."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    log = tmp_path / "rows.ndjson"
    log.write_bytes(b"\n".join(row("0055f000008aaaaAAA", second) for second in (1, 2)))
    assert run(log, log, rules=tmp_path / "rules.yml")[:2] == (0, [])


def test_what_correlations_leave_out_is_told(tmp_path: Path) -> None:
    """Matches without a time, and those without a value to group by, are counted."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    log = tmp_path / "rows.ndjson"
    log.write_bytes(b"\n".join([row("u", 1), row("u", 2), row("", 3), row("u", 4, "NOWHERE")]))
    status, alerts, told = run(log, rules=tmp_path / "rules.yml", raw=True)
    assert (status, alerts) == (0, [])
    assert "1 matches without a time were left out of correlations" in told
    assert "1 matches without a value to group by were left out of correlations" in told


def test_an_event_that_two_files_hold_is_told_once(tmp_path: Path) -> None:
    """Late and daily files repeat rows; the same row has the same id in each of them."""
    rules = write_rules(tmp_path / "rules", {"many": ("ROWS_PROCESSED|gte: 20000", "sel")})
    first, second = tmp_path / "hour.csv", tmp_path / "day.csv"
    first.write_text(LOG)
    second.write_text(LOG.replace('"three"', '"another"'))
    status, alerts, told = run(first, second, rules=rules)
    assert status == 1
    assert [
        (alert["leakline"]["input"]["file"][-8:], line) for alert, (_, line) in zip(alerts, where(alerts), strict=True)
    ] == [
        ("hour.csv", 3),
        ("hour.csv", 6),
        ("/day.csv", 6),
    ]
    assert "1 matches of events that were there before were left out" in told


def installation(**more: Any) -> config.Settings:
    client = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return config.parse(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
            "destinations": [{"type": "file", "directory": "out"}],
            **more,
        }
    )


def test_an_alert_says_no_time_that_is_none(tmp_path: Path, rules: Path) -> None:
    """Of a log file's time that cannot be read nothing stands in the alert: a SIEM would refuse it."""
    log = tmp_path / "log.csv"
    log.write_text(LOG.replace("2026-07-01T08:00:01.000Z", "yesterday"))
    _, alerts, _ = run(log, rules=rules)
    assert [alert.get("@timestamp") for alert in alerts] == [None, "2026-07-01T08:00:03.000Z"]


def test_lines_of_a_list_that_cannot_be_used_are_told(tmp_path: Path, rules: Path) -> None:
    """They are left out, and who reads the alerts must know."""
    leavers, log, err = tmp_path / "leavers.csv", tmp_path / "log.csv", io.StringIO()
    leavers.write_text("username,last day\na@example.org,someday\nb@example.org,2026-12-31\n")
    log.write_text(LOG)
    settings = installation(enrich={"leavers": str(leavers)})
    hunt([log], [rules], raw=False, out=io.BytesIO(), err=Console(file=err), settings=settings)
    assert f"{leavers}:2: 'someday' is no date" in err.getvalue()


def test_settings_bring_their_rules_and_values(tmp_path: Path) -> None:
    """With -c a hunt sees what the daemon of that installation sees."""
    folder = write_rules(tmp_path / "rules", {"values": ("USER_ID|expand: '%BadAddresses%'", "sel")})
    settings = installation(
        rules={"folders": [str(folder)], "shipped": False, "placeholders": {"BadAddresses": ["*aaaa*"]}}
    )
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    out = io.BytesIO()
    status = hunt([log], None, raw=False, out=out, err=Console(file=io.StringIO()), settings=settings)
    assert (status, where([orjson.loads(line) for line in out.getvalue().splitlines()])) == (
        1,
        [("values", 2), ("values", 3)],
    )


def test_progress_is_for_terminals_only(tmp_path: Path) -> None:
    """Whoever redirects standard error finds nothing of it there."""
    rules = write_rules(tmp_path / "rules", {"many": ("ROWS_PROCESSED|gte: 20000", "sel")})
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    told = io.StringIO()
    for terminal in (False, True):
        console = Console(file=told, force_terminal=terminal, width=100)
        hunt([log], [rules], raw=False, out=io.BytesIO(), err=console)
        assert ("\x1b[" in told.getvalue()) is terminal


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """Every byte of it, packed or not; without `--raw`, where files are read twice, it is refused."""
    folder = write_rules(tmp_path / "rules", {"word": ("a: x", "sel")})
    lines = b'{"a":"x"}\n{"a":"y"}\n{"a":"x"}\n'
    for data in (lines, gzip.compress(lines)):
        status, alerts, _ = run(piped(tmp_path / "pipe", data), rules=folder, raw=True)
        assert (status, where(alerts)) == (1, [("word", 1), ("word", 3)])
    os.mkfifo(tmp_path / "another pipe")
    status, alerts, told = run(tmp_path / "another pipe", rules=folder)
    assert (status, alerts) == (3, [])
    assert "pipe is no file that can be read twice: write what comes out of it to a file first" in told


def test_an_array_is_told_what_it_is(tmp_path: Path) -> None:
    """And how it becomes lines."""
    (tmp_path / "all.json").write_text('[{"EVENT_TYPE":"API"},\n{"EVENT_TYPE":"API"}]')
    status, _, told = run(tmp_path / "all.json", rules=write_rules(tmp_path / "rules", {"word": ("a: x", "sel")}))
    assert status == 3
    assert "all.json is one JSON array: write one object a line" in told


def piped(path: Path, data: bytes) -> Path:
    """A named pipe that gives this to who opens it, once."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=[data], daemon=True).start()
    return path


def test_a_name_that_is_no_text_is_told_as_well_as_can_be(tmp_path: Path) -> None:
    """Names of files are bytes."""
    folder = write_rules(tmp_path / "rules", {"word": ("a: x", "sel")})
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ndjson"))
    path.write_bytes(b'{"a":"x"}\n')
    _, (alert,), _ = run(path, rules=folder, raw=True)
    assert alert["leakline"]["input"]["file"] == f"{tmp_path}/\ufffd.ndjson"


def test_a_document_of_many_levels_costs_itself_alone(tmp_path: Path, rules: Path) -> None:
    """Without `--raw` too."""
    path = tmp_path / "rows.ndjson"
    path.write_bytes(
        b'{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":10000}\n' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"\n"
    )
    status, alerts, told = run(path, rules=rules)
    assert (status, where(alerts)) == (1, [("much", 1)])
    assert f"{path}:2: has too many objects" in told


def test_ids_of_both_kinds_go_into_one_alert(tmp_path: Path) -> None:
    """Events with an id of ours and events that have none."""
    (tmp_path / "rules.yml").write_text(CORRELATED)
    path = tmp_path / "rows.ndjson"
    ids = [f"{2**127 + n:032x}" for n in range(2)]
    rows = [orjson.loads(row("u", second)) for second in range(3)]
    events = [{**one, "event.id": own} for one, own in zip(rows, [*ids, None], strict=True)]
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
