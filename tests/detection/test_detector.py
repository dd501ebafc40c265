"""From matched rows to alerts: what they say, when they are told, what is remembered."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.alert.fold import KEPT, OPEN_ALERTS
from agent.detection.condition.tree import Match, Regex
from agent.detection.detector import Detector
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from tests.detection.conftest import rule_of

FILES = LogSource("salesforce", "event_log_file")
TEN = datetime(2026, 7, 1, 10, tzinfo=UTC)
NOW = TEN + timedelta(hours=5)

EXPORT: dict[str, Any] = {
    "title": "Large export",
    "id": "6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c12",
    "name": "large_export",
    "description": "Somebody takes a lot.",
    "level": "high",
    "tags": ["attack.t1213.004", "attack.collection"],
    "references": ["https://example.com/a", "https://example.com/b"],
    "falsepositives": ["Month end"],
    "fields": ["REPORT_ID"],
    "date": "2026-01-02",
    "detection": {"sel": {"EVENT_TYPE": "Report", "ROW_COUNT|gte": 10000}, "condition": "sel"},
    "leakline": {"family": "exfiltration", "feed": "event_monitoring", "triage": "Ask."},
}


def exports(*rows: tuple[str, float], number: int = 0, **columns: Any) -> pl.DataFrame:
    """Reports by (user, minutes after ten)."""
    return pl.DataFrame(
        {
            "event.id": [f"{number + place:032x}" for place in range(len(rows))],
            "EVENT_TYPE": ["Report"] * len(rows),
            "ROW_COUNT": ["25000"] * len(rows),
            "REPORT_ID": ["00O1"] * len(rows),
            "user.id": [user for user, _ in rows],
            "@timestamp": [TEN + timedelta(minutes=minutes) for _, minutes in rows],
            **{name: [value] * len(rows) for name, value in columns.items()},
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")},
    )


@pytest.fixture
def detector() -> Detector:
    return Detector(RuleSet((rule_of(EXPORT),)))


def test_an_alert_says_who_from_where_what_and_how_much(detector: Detector) -> None:
    """In ECS, with the rule, the threat, the evidence and the first fields an analyst wants."""
    columns: dict[str, Any] = {
        "user.name": "a@example.com",
        "source.ip": "203.0.113.9",
        "source.geo.country_iso_code": "NL",
    }
    alert = detector.detect(exports(("005A", 0), **columns), FILES, NOW).alerts.to_dicts()[0]
    assert alert["message"] == "Large export: by a@example.com, from 203.0.113.9 (NL), row count 25,000"
    expected = {
        "@timestamp": NOW,
        "event.kind": "alert",
        "event.category": ["intrusion_detection"],
        "event.type": ["info"],
        "event.dataset": "leakline.alert",
        "event.module": "leakline",
        "event.action": "alert-raised",
        "event.severity": 75,
        "event.start": TEN,
        "event.end": TEN,
        "rule.id": EXPORT["id"],
        "rule.name": "Large export",
        "rule.description": "Somebody takes a lot.",
        "rule.reference": "https://example.com/a",
        "rule.category": "exfiltration",
        "rule.version": "2026-01-02",
        "threat.framework": "MITRE ATT&CK",
        "threat.tactic.id": ["TA0009"],
        "threat.tactic.name": ["Collection"],
        "threat.technique.id": ["T1213"],
        "threat.technique.subtechnique.id": ["T1213.004"],
        "threat.technique.subtechnique.name": ["Customer Relationship Management Software"],
        "user.id": "005A",
        "source.ip": "203.0.113.9",
        "salesforce.report_id": "00O1",
        "leakline.alert.count": 1,
        "leakline.alert.event_ids": ["0" * 32],
        "leakline.measure.field": "ROW_COUNT",
        "leakline.measure.value": 25000.0,
        "leakline.measure.threshold": 10000.0,
        "leakline.rule.triage": "Ask.",
        "leakline.rule.references": ["https://example.com/a", "https://example.com/b"],
    }
    assert {name: alert[name] for name in expected} == expected
    assert len(alert["event.id"]) == 32


def test_every_ecs_field_of_an_alert_exists_in_ecs_and_has_its_type(detector: Detector) -> None:
    """Against the table made from the published fields: lists where ECS has lists, allowed values where it names them."""
    table = json.loads((Path(__file__).parents[2] / "mappings" / "ecs" / "fields.json").read_text(encoding="utf-8"))
    columns: dict[str, Any] = {"user.name": "a@example.com", "source.ip": "203.0.113.9"}
    alerts = detector.detect(exports(("005A", 0), **columns), FILES, NOW).alerts
    assert alerts["ecs.version"][0] == table["version"]
    for name, dtype in alerts.schema.items():
        if name.startswith(("leakline.", "salesforce.")):
            continue
        field = table["fields"][name]
        assert isinstance(dtype, pl.List) == field.get("array", False), name
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        kinds = {"date": pl.Datetime("ms", "UTC"), "long": pl.Int64}
        assert inner == kinds.get(field["type"], pl.String), name
        value = alerts[name][0]
        allowed = field.get("values")
        assert not allowed or set(value if isinstance(dtype, pl.List) else [value]) <= set(allowed), name


def test_the_same_match_has_the_same_alert_id(detector: Detector) -> None:
    """A replay is told apart from a second leak."""
    first = detector.detect(exports(("u", 0)), FILES, NOW).alerts["event.id"]
    again = detector.detect(exports(("u", 0)), FILES, NOW + timedelta(hours=3)).alerts["event.id"]
    assert first.to_list() == again.to_list()
    assert detector.detect(exports(("u", 0), number=7), FILES, NOW).alerts["event.id"].to_list() != first.to_list()


def test_the_shape_of_the_evidence_is_that_of_the_rest_of_the_program(detector: Detector) -> None:
    """With a shape handed in, numbers are numbers in alerts too."""

    def shape(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select("event.id", pl.col("ROW_COUNT").cast(pl.Int64).alias("salesforce.row_count"))

    alerts = detector.detect(exports(("u", 0)), FILES, NOW, shape=shape).alerts
    assert alerts["salesforce.row_count"].to_list() == [25000]


def test_rules_are_tried_on_rows_of_their_log_source_alone(detector: Detector) -> None:
    """A rule for log files is none for the audit trail."""
    assert detector.detect(exports(("u", 0)), LogSource("salesforce", "setup_audit_trail"), NOW).matched == {}
    assert detector.detect(exports(("u", 0)), FILES, NOW).matched == {EXPORT["id"]: 1}


@pytest.mark.parametrize("service", ["event_monitoring", None])
def test_a_rule_may_name_its_log_source_loosely(service: str | None) -> None:
    """The name others use, or the product alone."""
    source = {"product": "salesforce", **({"service": service} if service else {})}
    detector = Detector(RuleSet((rule_of({**EXPORT, "logsource": source}),)))
    assert detector.detect(exports(("u", 0)), FILES, NOW).matched


def test_a_batch_of_several_kinds_of_rows_is_judged_row_by_row(detector: Detector) -> None:
    """One kind a batch is the habit, not a condition."""
    mixed = pl.concat([exports(("u", 0)), exports(("v", 0), number=5).with_columns(EVENT_TYPE=pl.lit("Dashboard"))])
    assert detector.detect(mixed, FILES, NOW).matched == {EXPORT["id"]: 1}


def test_repeats_by_one_actor_within_the_span_are_one_alert_that_counts_them(detector: Detector) -> None:
    """Others have their own alert, and so has what comes after the span."""
    rows = [("u", 0), ("v", 1), ("u", 30), ("u", 59.9), ("u", 60)]
    alerts = detector.detect(exports(*rows), FILES, NOW).alerts.sort("event.start", "leakline.alert.actor")
    assert alerts.select("leakline.alert.actor", "leakline.alert.count").rows() == [("u", 3), ("v", 1), ("u", 1)]
    assert alerts["leakline.alert.event_ids"][0].to_list() == [f"{place:032x}" for place in (0, 2, 3)]


def test_what_is_folded_later_is_told_when_the_span_is_over(detector: Detector) -> None:
    """At once it is only counted; then an alert says how many there were, with a reference to the first."""
    columns: dict[str, Any] = {"user.name": "a@example.com"}
    first = detector.detect(exports(("u", 0), **columns), FILES, NOW)
    first.commit()
    folded = detector.detect(exports(("u", 5), ("u", 9), number=9), FILES, NOW + timedelta(minutes=1))
    assert (folded.alerts.height, folded.matched) == (0, {EXPORT["id"]: 2})
    folded.commit()
    late = detector.detect(pl.DataFrame(), FILES, NOW + timedelta(hours=1))
    assert late.alerts["event.action"].to_list() == ["alert-folded"]
    assert late.alerts["leakline.alert.folded"].to_list() == [2]
    assert late.alerts["leakline.alert.id"].to_list() == first.alerts["event.id"].to_list()
    assert late.alerts["message"].to_list() == ["Large export: by a@example.com, 2 more events since the alert"]
    late.commit()
    assert detector.detect(pl.DataFrame(), FILES, NOW + timedelta(hours=9)).alerts.height == 0


def test_what_is_folded_is_told_with_the_next_alert_if_that_comes_first(detector: Detector) -> None:
    """And then not again."""
    for number, minutes in enumerate((0, 10, 20)):
        detector.detect(exports(("u", minutes), number=number), FILES, NOW).commit()
    following = detector.detect(exports(("u", 90), number=9), FILES, NOW)
    assert following.alerts["leakline.alert.folded"].to_list() == [2]
    following.commit()
    assert detector.detect(pl.DataFrame(), FILES, NOW + timedelta(hours=5)).alerts.height == 0


def test_rows_that_come_late_belong_to_the_window_of_their_own_time(detector: Detector) -> None:
    """An hour's late increment raises no second alert."""
    detector.detect(exports(("u", 0), ("u", 80)), FILES, NOW).commit()
    late = detector.detect(exports(("u", 5), ("u", 75), number=9), FILES, NOW)
    assert (late.alerts.height, late.matched) == (0, {EXPORT["id"]: 2})


def test_nothing_counts_before_the_commit(detector: Detector) -> None:
    """A batch whose transaction failed is detected again, as if for the first time."""
    first = detector.detect(exports(("u", 0), ("u", 5)), FILES, NOW)
    again = detector.detect(exports(("u", 0), ("u", 5)), FILES, NOW)
    assert again.alerts.equals(first.alerts)
    assert again.remember == first.remember


def test_a_restart_remembers_what_was_told() -> None:
    """From what the detection asked to be stored."""
    rules = RuleSet((rule_of(EXPORT),))
    before = Detector(rules)
    stored = before.detect(exports(("u", 0)), FILES, NOW).remember
    after = Detector(rules, recall=stored.get)
    assert after.detect(exports(("u", 5), number=5), FILES, NOW).alerts.height == 0


def test_a_row_without_time_or_actor_still_alerts(detector: Detector) -> None:
    """It is folded by now, with the others that nobody is known for."""
    rows = (
        exports(("u", 0), ("v", 1))
        .drop("user.id")
        .with_columns(pl.lit(None, pl.Datetime("ms", "UTC")).alias("@timestamp"))
    )
    alerts = detector.detect(rows, FILES, NOW).alerts
    assert alerts.select("leakline.alert.count", "event.start").rows() == [(2, NOW)]
    assert alerts["message"].to_list() == ["Large export: row count 25,000, 2 events"]


def test_the_windows_kept_are_bounded_and_what_leaves_is_told(detector: Detector) -> None:
    """Somebody with many names cannot fill the memory, nor make folded events vanish."""
    detector.detect(exports(("first", 0)), FILES, NOW).commit()
    detector.detect(exports(("first", 1), number=1), FILES, NOW).commit()
    crowd = exports(*((f"u{n}", 2) for n in range(OPEN_ALERTS + 10)), number=2)
    found = detector.detect(crowd, FILES, NOW + timedelta(minutes=1))
    told = found.alerts.filter(pl.col("event.action") == "alert-folded")
    assert told.select("leakline.alert.actor", "leakline.alert.folded").rows() == [("first", 1)]
    assert (found.remember[f"folding//{EXPORT['id']}"] or b"").count(b'"start"') == OPEN_ALERTS


def test_windows_are_forgotten_in_time(detector: Detector) -> None:
    """Days later the same person is news again."""
    detector.detect(exports(("u", 0)), FILES, NOW).commit()
    later = detector.detect(exports(("v", 0), number=3), FILES, NOW + KEPT + timedelta(hours=1))
    kept = later.remember[f"folding//{EXPORT['id']}"]
    assert kept
    assert b'"u"' not in kept


def test_a_rule_that_breaks_costs_the_others_nothing() -> None:
    """It is passed over, named and counted as broken; rows do not pay for it."""
    good = rule_of(EXPORT)
    bad = rule_of({**EXPORT, "id": "6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c99", "name": "bad"})
    bad = replace(bad, condition=Match("ROW_COUNT", Regex(frozenset({"(unbalanced"}))))
    detector = Detector(RuleSet((bad, good)))
    assert detector.detect(exports(("u", 0)), FILES, NOW).matched == {good.id: 1}
    assert list(detector.broken) == [bad.id]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("uv"), st.integers(0, 300)), min_size=1, max_size=20),
    st.lists(st.integers(0, 20), max_size=4),
)
def test_every_match_is_told_exactly_once(rows: list[tuple[str, int]], cuts: list[int]) -> None:
    """However the rows are cut into batches: counts, folded ones and late counts add up."""
    detector = Detector(RuleSet((rule_of(EXPORT),)))
    frame = exports(*rows)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    told = 0
    batches = [frame[a:b] for a, b in itertools.pairwise(edges)]
    for number, batch in enumerate([*batches, pl.DataFrame(), pl.DataFrame()]):
        detection = detector.detect(
            batch, FILES, NOW + timedelta(minutes=25 * number + (120 if not batch.height else 0))
        )
        detection.commit()
        if detection.alerts.height:
            counts = detection.alerts.select("leakline.alert.count", "leakline.alert.folded")
            told += sum(map(sum, counts.fill_null(0).rows()))
    assert told == len(rows)


def test_a_rule_names_what_its_repeats_are_folded_by() -> None:
    """The first of its fields that has a value, a list as a whole, in place of the user."""
    rule = rule_of({**EXPORT, "leakline": {**EXPORT["leakline"], "fold_by": ["leakline.indicator.value", "source.ip"]}})
    rows = exports(("005A", 0), ("005B", 1), ("005C", 2), ("005D", 3)).with_columns(
        pl.Series("leakline.indicator.value", [["a", "b"], ["a", "b"], None, ["a"]]),
        pl.Series("source.ip", ["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.1"]),
    )
    found = Detector(RuleSet((rule,))).detect(rows, FILES, NOW).alerts
    assert found["leakline.alert.count"].to_list() == [2, 1, 1]
