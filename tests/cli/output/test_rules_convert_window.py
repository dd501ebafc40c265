"""Converted queries look at what arrived since their last run: rows come hours late."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from agent.assembly.event_schema import event_schema
from agent.cli.app import app
from agent.detection.authoring.convert import BACKENDS, ConvertedRule, Language, convert
from agent.detection.authoring.ingest_window import IngestWindow
from agent.detection.load import PLACEHOLDERS, load
from agent.normalize.mapping.load import load_mappings
from agent.shipped import shipped

NAMES = event_schema(load_mappings([shipped("mappings")])[0])
HOUR = IngestWindow()

RULE = """
title: one
name: one
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000001
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {EVENT_TYPE: API}
  condition: sel
"""
MANY = """---
title: many
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000002
correlation: {type: event_count, rules: [one], group-by: [USER_ID], timespan: 3d, condition: {gte: 3}}
"""
BOTH = """---
title: two
name: two
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000003
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {EVENT_TYPE: RestApi}
  condition: sel
---
title: both
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000004
correlation: {type: temporal, rules: [one, two], group-by: [USER_ID], timespan: 1h}
"""


def query(folder: Path, text: str, language: Language, window: IngestWindow | None = HOUR) -> str:
    (folder / "rule.yml").write_text(text)
    rules = load([folder / "rule.yml"])
    assert rules.errors == ()
    *_, result = convert(rules, [folder / "rule.yml"], language, NAMES, PLACEHOLDERS, window)
    assert result.problem == ""
    return result.queries[0]


def test_a_query_over_single_events_names_a_span_of_arrival(tmp_path: Path) -> None:
    """It begins and ends at full hours, so that two runs leave no gap and find nothing twice; event times are open."""
    splunk = query(tmp_path, RULE, "splunk")
    assert splunk.startswith("earliest=-8d@d latest=+1d _index_earliest=-5m@h-1h _index_latest=-5m@h leakline.service=")
    esql = query(tmp_path, RULE, "esql")
    assert (
        "| where event.ingested >= date_trunc(1 hour, now() - 5 minutes) - 1 hours "
        "and event.ingested < date_trunc(1 hour, now() - 5 minutes) | where leakline.service" in esql
    )
    assert "@timestamp" not in esql
    lucene = query(tmp_path, RULE, "lucene")
    assert lucene.startswith("event.ingested:[now-5m/h-1h TO now-5m/h} AND (leakline.service:")
    assert lucene.endswith(")")


@pytest.mark.parametrize("text", [RULE + MANY, RULE + BOTH])
def test_a_correlation_counts_by_event_time_where_something_arrived(tmp_path: Path, text: str) -> None:
    """Its events may have come before the span, but the newest of a group came in it; days reach back far enough."""
    days = 11 if text.endswith(MANY) else 8
    splunk = query(tmp_path, text, "splunk")
    searches = splunk.count("leakline.service=")
    assert splunk.count(f"earliest=-{days}d@d latest=+1d _index_latest=-5m@h leakline.service=") == searches
    assert "_index_earliest" not in splunk
    assert "stats max(_indextime) as last_indexed " in splunk
    assert splunk.endswith('| where last_indexed>=relative_time(now(), "-5m@h-1h")')
    if text.endswith(BOTH):
        assert searches == 2
        return
    esql = query(tmp_path, text, "esql")
    assert f"| where @timestamp >= date_trunc(1 day, now() - {days} days) and event.ingested < " in esql
    assert "stats last_ingested=max(event.ingested), event_count=count()" in esql
    assert esql.endswith("| where last_ingested >= date_trunc(1 hour, now() - 5 minutes) - 1 hours")


@pytest.mark.parametrize(
    ("every", "lookback", "days"),
    [(timedelta(hours=1), 7, 8), (timedelta(days=30), 1, 32), (timedelta(days=1), 1, 3), (timedelta(minutes=15), 2, 3)],
)
def test_times_reach_back_as_far_as_the_oldest_row_of_a_run(every: timedelta, lookback: int, days: int) -> None:
    """A row that was as old as may be when it arrived, right after the run before, is looked at."""
    assert IngestWindow(every, timedelta(days=lookback)).days() == days


@pytest.mark.parametrize("language", BACKENDS)
def test_every_query_of_the_pack_has_the_window(language: Language) -> None:
    """None is left to a window of event times; the window changes nothing else about what is converted."""
    rules = load([shipped("rules")])
    places = [shipped("rules")]
    found = list(convert(rules, places, language, NAMES, PLACEHOLDERS, HOUR))
    plain = list(convert(rules, places, language, NAMES, PLACEHOLDERS))
    for result, without in zip(found, plain, strict=True):
        assert (result.rule.id, len(result.queries), result.problem) == (
            without.rule.id,
            len(without.queries),
            without.problem,
        )
        for text in result.queries:
            assert re.search({"splunk": "_index_latest=", "esql": "event.ingested <"}.get(language, "ingested:"), text)
    assert not any("ingested" in text or "_index" in text for result in plain for text in asked(result, language))


def asked(result: ConvertedRule, language: Language) -> list[str]:
    """The queries, without the columns that ES|QL names in each."""
    return [text.replace("metadata _id, _index, _version", "") for text in result.queries] if language == "esql" else [*result.queries]  # fmt: skip


@pytest.mark.parametrize(
    "every, splunk, lucene",
    [
        (timedelta(minutes=15), "_index_earliest=-5m@m-15m _index_latest=-5m@m", "[now-5m/m-15m TO now-5m/m}"),
        (timedelta(hours=6), "_index_earliest=-5m@h-6h _index_latest=-5m@h", "[now-5m/h-6h TO now-5m/h}"),
        (timedelta(minutes=90), "_index_earliest=-5m@m-90m _index_latest=-5m@m", "[now-5m/m-90m TO now-5m/m}"),
        (timedelta(days=1), "_index_earliest=-5m@h-24h _index_latest=-5m@h", "[now-5m/h-24h TO now-5m/h}"),
    ],
)
def test_the_span_is_as_long_as_the_runs_are_apart(tmp_path: Path, every: timedelta, splunk: str, lucene: str) -> None:
    """In hours where that is possible, else in minutes."""
    window = IngestWindow(every, timedelta(days=2))
    assert query(tmp_path, RULE, "splunk", window).startswith(f"earliest=-{window.days()}d@d latest=+1d {splunk} ")
    assert lucene in query(tmp_path, RULE, "lucene", window)


@pytest.mark.parametrize("options", [["--every", "90s"], ["--every", "0m"], ["--every", "x"], ["--lookback", "36h"]])
def test_spans_that_no_query_can_say_are_refused(options: list[str]) -> None:
    """With the exit status of a wrong usage."""
    assert CliRunner().invoke(app, ["rules", "convert", *options]).exit_code == 2


def test_the_output_says_how_to_schedule_it(tmp_path: Path) -> None:
    """In comments before the queries, or with each for programs; and that queries without a window need one."""
    (tmp_path / "rule.yml").write_text(RULE)
    run = CliRunner()

    def output(*options: str) -> bytes:
        done = run.invoke(app, ["rules", "convert", str(tmp_path), *options])
        assert done.exit_code == 0
        return done.stdout_bytes

    for language, arrival in (("splunk", b"_indextime"), ("esql", b"event.ingested"), ("lucene", b"event.ingested")):
        text = output("--to", language)
        assert text.startswith(b"# Run each query every 1h. It finds what arrived (" + arrival)
        said = orjson.loads(output("--to", language, "--json", "--every", "2h"))
        assert said["every"] == "2h"
        assert "every 2h" in said["window"]
        text = output("--to", language, "--no-window")
        assert text.startswith(b"# These queries name no times.")
        assert b"ingested" not in text.replace(b"event.ingested,", b"")
        assert orjson.loads(output("--to", language, "--json", "--no-window"))["every"] is None
