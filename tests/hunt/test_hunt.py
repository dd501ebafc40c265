"""`leakline hunt`: rules over files at rest, what it tells and how it ends."""

from __future__ import annotations

import gzip
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli.output.hunt import write_alerts
from agent.errors import LeaklineError
from agent.formats import ecs
from agent.hunt.log_files import batches
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from tests.hunt.hunting import LOG, RULE, run, where, write_rules


def test_log_file_lines_are_those_of_the_file(tmp_path: Path, rules: Path) -> None:
    """Line feeds in cells and malformed records count, gzipped or not; a malformed record is told."""
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    for name in ("log.csv", "log.csv.gz"):
        status, alerts, told = run(tmp_path / name, rules=rules)
        assert (status, where(alerts)) == (1, [("much", 3), ("much", 6)])
        assert f"{name}:5: " in told
        assert "2 alerts; 3 events in 1 file; 1 rule; 1 line could not be read" in told
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
    assert f"{archive}:4: is not a JSON object" in told


def test_vendor_rows_as_ndjson_are_log_file_rows(tmp_path: Path, rules: Path) -> None:
    """A row with EVENT_TYPE is tried as a row of a log file; one of no known source is told."""
    path = tmp_path / "rows.ndjson"
    path.write_text('{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":10000}\n{"ROWS_PROCESSED":10000}\n')
    status, alerts, told = run(path, rules=rules)
    assert (status, where(alerts)) == (1, [("much", 1)])
    assert f"{path}:2: does not belong to a known log source" in told


def test_lines_that_are_no_objects_are_told(tmp_path: Path, rules: Path) -> None:
    """Lists, texts and numbers are JSON, and no events."""
    path = tmp_path / "rows.ndjson"
    path.write_text('{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":1}\n[1]\n"x"\n5\n')
    _, _, told = run(path, rules=rules)
    assert [f"{path}:{line}: is not a JSON object (the line has no object)" in told for line in (2, 3, 4)] == [True] * 3


def test_a_wrong_rule_is_named_and_the_others_run(tmp_path: Path, rules: Path) -> None:
    """One line with file and line for a rule that does not load."""
    (rules / "wrong.yml").write_text(RULE.format(title="wrong", test="a|nosuch: 1", condition="sel"))
    (tmp_path / "log.csv").write_text(LOG)
    status, alerts, told = run(tmp_path / "log.csv", rules=rules)
    assert (status, len(alerts)) == (1, 2)
    assert "wrong.yml:" in told.splitlines()[0]
    assert "1 rule, 1 left out" in told


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
    assert "1 repeated match of the same event left out" in told


def test_an_alert_says_no_time_that_is_none(tmp_path: Path, rules: Path) -> None:
    """Of a log file's time that cannot be read nothing stands in the alert: a SIEM would refuse it."""
    log = tmp_path / "log.csv"
    log.write_text(LOG.replace("2026-07-01T08:00:01.000Z", "yesterday"))
    _, alerts, _ = run(log, rules=rules)
    assert [alert.get("@timestamp") for alert in alerts] == [None, "2026-07-01T08:00:03.000Z"]


def test_a_document_of_many_levels_costs_itself_alone(tmp_path: Path, rules: Path) -> None:
    """Without `--raw` too."""
    path = tmp_path / "rows.ndjson"
    path.write_bytes(
        b'{"EVENT_TYPE":"RestApi","ROWS_PROCESSED":10000}\n' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"\n"
    )
    status, alerts, told = run(path, rules=rules)
    assert (status, where(alerts)) == (1, [("much", 1)])
    assert f"{path}:2: has objects nested too deeply" in told


def test_progress_is_for_terminals_only(tmp_path: Path) -> None:
    """Whoever redirects standard error finds nothing of it there."""
    rules = write_rules(tmp_path / "rules", {"many": ("ROWS_PROCESSED|gte: 20000", "sel")})
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    told = io.StringIO()
    for terminal in (False, True):
        console = Console(file=told, force_terminal=terminal, width=100)
        write_alerts([log], [rules], raw=False, out=io.BytesIO(), err=console)
        assert ("\x1b[" in told.getvalue()) is terminal
