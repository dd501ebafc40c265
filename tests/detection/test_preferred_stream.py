"""One happening, one alert: of what the stream has told, rows of log files do not tell again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import metrics
from agent.detection.covered_rows import CoveredRows
from agent.detection.detector import Detector
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.streamed_twins import StreamedTwins
from tests.detection.conftest import LoadText
from tests.detection.memory_store import MemoryStore

FILES, STREAM = LogSource("salesforce", "event_log_file"), LogSource("salesforce", "real_time_event_monitoring")
BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(hours=9)
SPELLINGS = {"ReportEvent": {"ReportEvent", "ReportEventStream"}, "LoginEvent": {"LoginEvent", "LoginEventStream"}}

RULES = """\
title: Shared
id: 6f0d3a43-6b2f-4d34-9f3c-000000000001
name: shared
level: high
logsource: {product: salesforce}
detection: {sel: {leakline.rows|gte: 2}, condition: sel}
---
title: Shared row
id: 6f0d3a43-6b2f-4d34-9f3c-000000000002
name: shared_row
logsource: {product: salesforce, service: event_monitoring}
detection: {sel: {leakline.rows|gte: 1}, condition: sel}
leakline: {feeder: true}
---
title: Shared and often
id: 6f0d3a43-6b2f-4d34-9f3c-000000000003
name: shared_often
level: high
correlation: {type: event_count, rules: [shared_row], group-by: [user.id], timespan: 2h, condition: {gte: 3}}
---
title: For both, of a column that only log files have
id: 6f0d3a43-6b2f-4d34-9f3c-000000000004
name: unshared
level: low
logsource: {product: salesforce}
detection: {sel: {EVENT_TYPE: Report, leakline.rows|gte: 2}, condition: sel}
---
title: Logged row
id: 6f0d3a43-6b2f-4d34-9f3c-000000000005
name: logged_row
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a}, condition: sel}
leakline: {feeder: true}
---
title: Logged often
id: 6f0d3a43-6b2f-4d34-9f3c-000000000006
name: logged_often
level: high
related: [{id: 6f0d3a43-6b2f-4d34-9f3c-000000000009, type: similar}]
correlation: {type: event_count, rules: [logged_row], group-by: [user.id], timespan: 2h, condition: {gte: 3}}
---
title: Logged often, which nothing streamed is like
id: 6f0d3a43-6b2f-4d34-9f3c-000000000007
name: logged_alone
level: high
correlation: {type: event_count, rules: [logged_row], group-by: [user.id], timespan: 2h, condition: {gte: 4}}
---
title: Streamed row
id: 6f0d3a43-6b2f-4d34-9f3c-000000000008
name: streamed_row
logsource: {product: salesforce, service: real_time_event_monitoring}
detection: {sel: {EventType: [ReportEvent, ReportEventStream], Kind: a}, condition: sel}
leakline: {feeder: true}
---
title: Streamed often
id: 6f0d3a43-6b2f-4d34-9f3c-000000000009
name: streamed_often
level: high
correlation: {type: event_count, rules: [streamed_row], group-by: [user.id], timespan: 2h, condition: {gte: 3}}
---
title: Logged once
id: 6f0d3a43-6b2f-4d34-9f3c-00000000000a
name: logged_once
level: low
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: b}, condition: sel}
---
title: Streamed once
id: 6f0d3a43-6b2f-4d34-9f3c-00000000000b
name: streamed_once
level: low
related: [{id: 6f0d3a43-6b2f-4d34-9f3c-00000000000a, type: similar}]
logsource: {product: salesforce, service: real_time_event_monitoring}
detection: {sel: {EventType: [ReportEvent, ReportEventStream], Kind: b}, condition: sel}
---
title: A twin of another event
id: 6f0d3a43-6b2f-4d34-9f3c-00000000000c
name: streamed_login
level: low
related: [{id: 6f0d3a43-6b2f-4d34-9f3c-000000000007, type: similar}]
logsource: {product: salesforce, service: real_time_event_monitoring}
detection: {sel: {EventType: LoginEventStream, Kind: a}, condition: sel}
"""

STEP_BACK = {"shared", "shared_often", "logged_often", "logged_once"}
"""Alerting rules that do not see covered rows of log files."""


class Row(NamedTuple):
    streamed: bool
    minute: int
    user: str
    kind: str
    rows: int


ROWS = st.builds(
    Row, st.booleans(), st.integers(0, 8 * 60 - 1), st.sampled_from("xyz"), st.sampled_from("abc"), st.integers(0, 2)
)


@pytest.fixture
def rules(loaded: LoadText) -> RuleSet:
    found = loaded(RULES)
    assert not found.errors
    return found


def frame(rows: Sequence[tuple[int, Row]], *, streamed: bool) -> pl.DataFrame:
    """Numbered rows of one feed, prepared."""
    names = ("EventType", "Kind") if streamed else ("EVENT_TYPE", "KIND")
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, _ in rows],
            "@timestamp": pl.Series(
                [BEGIN + timedelta(minutes=row.minute) for _, row in rows], dtype=pl.Datetime("ms", "UTC")
            ),
            names[0]: ["ReportEventStream" if streamed else "Report"] * len(rows),
            names[1]: [row.kind for _, row in rows],
            "leakline.rows": [row.rows for _, row in rows],
            "user.id": [row.user for _, row in rows],
        }
    )


def covering(prepared: pl.DataFrame, hours: set[int]) -> CoveredRows:
    return CoveredRows("Report", {"ReportEvent": prepared["@timestamp"].dt.hour().cast(pl.Int64).is_in(sorted(hours))})


Sees = Callable[[Row], bool]
Batches = list[list[Row]]


def alerts(
    rules: RuleSet, batches: Batches, hours: set[int], sees: Sees = lambda _: True
) -> dict[str, list[dict[str, Any]]]:
    """Alerts by the name of their rule. `hours`: what the stream covered; `sees`: rows that are there at all."""
    detector = Detector(rules, twins=StreamedTwins(rules, SPELLINGS))
    found: dict[str, list[dict[str, Any]]] = {rule.name: [] for rule in rules.alerting}
    numbered = [
        [(number * 1000 + place, row) for place, row in enumerate(batch)] for number, batch in enumerate(batches)
    ]
    for batch in numbered:
        for streamed in (True, False):
            prepared = frame(
                [(n, row) for n, row in batch if row.streamed == streamed and sees(row)], streamed=streamed
            )
            covered = None if streamed else covering(prepared, hours)
            source = STREAM if streamed else FILES
            if prepared.height:
                detection = detector.detect(prepared, source, NOW, org="00D", covered=covered)
                for alert in detection.alerts.to_dicts():
                    found[_name(rules, alert["rule.id"])].append(alert)
                detection.commit()
    return found


def _name(rules: RuleSet, rule: str) -> str:
    return next(known.name for known in rules.alerting if known.id == rule)


def said(alert: dict[str, Any]) -> dict[str, Any]:
    """What of an alert says something."""
    return {name: value for name, value in alert.items() if value is not None}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(ROWS, min_size=1, max_size=12), max_size=3), hours=st.sets(st.integers(0, 7)))
def test_each_rule_alerts_as_if_covered_rows_were_not_there_for_it(
    rules: RuleSet, batches: Batches, hours: set[int]
) -> None:
    """Those that saw the stream, or whose twin did, tell of log files for the other hours alone; all others of everything."""
    both = alerts(rules, batches, hours)
    everything = alerts(rules, batches, set())
    uncovered = alerts(rules, batches, set(), lambda row: row.streamed or row.minute // 60 not in hours)
    for name, found in both.items():
        expected = uncovered[name] if name in STEP_BACK else everything[name]
        assert list(map(said, found)) == list(map(said, expected)), name


def test_a_happening_that_both_feeds_tell_of_is_one_alert(rules: RuleSet) -> None:
    """Whether one rule sees both, or two rules are twins; where the stream had a gap the log file alerts."""
    happening = [Row(streamed, 30, "x", "b", 2) for streamed in (True, False)]
    counts = {name: len(found) for name, found in alerts(rules, [happening], {0}).items() if found}
    assert counts == {"shared": 1, "streamed_once": 1, "unshared": 1}
    counts = {name: len(found) for name, found in alerts(rules, [happening[1:]], {1}).items() if found}
    assert counts == {"shared": 1, "logged_once": 1, "unshared": 1}


def test_a_twin_that_raises_errors_hides_nothing(rules: RuleSet) -> None:
    """What it does not see is told by the rule for log files."""
    twins = StreamedTwins(rules, SPELLINGS)
    assert twins.events_of(rules["logged_once"].id, ()) == {"ReportEvent"}
    assert twins.events_of(rules["logged_once"].id, {rules["streamed_once"].id}) == frozenset()
    assert twins.events_of("6f0d3a43-6b2f-4d34-9f3c-000000000006", {rules["streamed_row"].id}) == frozenset()


def test_rows_that_are_left_out_are_counted_once_they_are_stored(rules: RuleSet) -> None:
    """Each row once, however many rules step back; a batch that is not stored counts nothing."""
    store = MemoryStore()
    detector = Detector(rules, recall=store.get, twins=StreamedTwins(rules, SPELLINGS))
    prepared = frame([(0, Row(False, 5, "x", "b", 2)), (1, Row(False, 6, "x", "c", 0))], streamed=False)
    before = metrics.ROWS_COVERED.labels("Report")._value.get()
    lost = detector.detect(prepared, FILES, NOW, org="00D", covered=covering(prepared, {0}))
    lost.advance()
    lost.take_back()
    for _ in range(2):
        kept = detector.detect(prepared, FILES, NOW, org="00D", covered=covering(prepared, {0}))
        store.apply(kept.remember)
        kept.commit()
    assert orjson.loads(store["covered"]) == {"Report": 2}
    assert metrics.ROWS_COVERED.labels("Report")._value.get() - before == 2
    again = Detector(rules, recall=store.get, twins=StreamedTwins(rules, SPELLINGS))
    counted = again.detect(prepared, FILES, NOW, org="00D", covered=covering(prepared, {0}))
    assert orjson.loads(counted.remember["covered"] or b"") == {"Report": 3}
